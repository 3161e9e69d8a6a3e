package processes

import (
	"fmt"
	"os"
	"strings"
)

// hierarchy is the unified cgroup hierarchy (v2), as far as it can be read.
type hierarchy struct {
	mounted bool
	// err is why its controllers cannot be read. Falco then finds no cgroup of any thread, and drops them all.
	err error
}

// unifiedHierarchy looks for it among the mounts of process 1, and at it through that process's root: so Falco gets out of its own
// cgroup namespace. The search ends at the first mount that has controllers.
func unifiedHierarchy(hostRoot string) (found hierarchy, err error) {
	mounts, err := os.ReadFile(hostRoot + "/proc/1/mounts")
	if err != nil {
		return found, fmt.Errorf("failed to open %s/proc/1/mounts: %w", hostRoot, err) // Falco's words
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "cgroup2" {
			continue
		}
		controllers, err := os.ReadFile(hostRoot + "/proc/1/root" + fields[1] + "/cgroup.controllers")
		found = hierarchy{mounted: true, err: err}
		if err == nil && strings.TrimSpace(string(controllers)) != "" {
			break
		}
	}
	return found, nil
}
