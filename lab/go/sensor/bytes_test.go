package main

import (
	"fmt"
	"os"
	"path"
	"sync"
	"syscall"
	"testing"
	"time"
)

const bytesRule = `
- rule: bytes
  desc: d
  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name endswith %s
  output: "%%fd.name"
  priority: NOTICE
`

// A file's name that is no text: what conditions see of it, and what stands in the output. Compared with falcosecurity/libs 0.23.2, 0.25.4
// and the master of 22 July 2026 for 0.26 (copy_and_sanitize_path in userspace/libsinsp/utils.cpp), and with falcosecurity/falco#3942.
func TestBytesOfAPath(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	for _, c := range []struct{ falco, condition, output string }{
		{"0.43.1", "'caf.'", "marker-caf."},
		{"0.44.1", "'caf\uFFFD'", "marker-caf\uFFFD"},
		{"0.45.1", `'caf\xe9'`, "marker-caf\uFFFD"},
	} {
		t.Run(c.falco, func(t *testing.T) {
			process := start(t, true)
			process.falco, process.rules = c.falco, fmt.Sprintf(bytesRule, c.condition)
			all := &alerts{seen: map[string]string{}, last: map[string]map[string]any{}}
			var readers sync.WaitGroup
			sensor := process.run(t, "/mnt", standIn, false, all, &readers)
			fmt.Fprintln(process.lines, "marker-caf\xe9")
			time.Sleep(time.Second)
			_ = sensor.Process.Signal(syscall.SIGTERM)
			readers.Wait()
			for _, rule := range []string{"anywhere", "bytes"} {
				if got := path.Base(fmt.Sprint(all.last[rule]["fd.name"])); got != c.output {
					t.Errorf("%s: got %q", rule, got)
				}
			}
		})
	}
}
