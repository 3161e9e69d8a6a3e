package processes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// rootPIDNamespace is the number of the kernel's own, PROC_PID_INIT_INO in include/linux/proc_ns.h.
const rootPIDNamespace = 0xEFFFFFFC

// InRootPIDNamespace tells whether this process is in the kernel's root PID namespace, where Falco's BPF iterators work.
func InRootPIDNamespace() bool {
	info, err := os.Stat("/proc/self/ns/pid")
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Ino == rootPIDNamespace
}

// Scan reads the threads there are from the /proc below a folder. With iterators the kernel is asked for them, which here is this
// process's own /proc: in the root PID namespace it shows the same.
func Scan(hostRoot string, iterators bool, logf func(string, ...any)) (*Table, error) {
	if _, err := os.Stat(hostRoot + "/proc/1/root/."); err != nil {
		logf("Cannot read host init process proc root: %d", errno(err)) // Falco's words
	}
	source := source{proc: hostRoot + "/proc"}
	var err error
	if source.unified, err = unifiedHierarchy(hostRoot); err != nil {
		return nil, err
	}
	if iterators {
		source.proc, source.unified = "/proc", hierarchy{}
	}
	table := &Table{source: source, threads: map[uint32]*thread{}}
	if err := table.scan(source.proc, 0); err != nil {
		return nil, err
	}
	// The plugin's look at all of them.
	for _, each := range table.threads {
		each.ContainerID = each.cgroup
	}
	return table, nil
}

// scan leaves out what cannot be read, as Falco does. The folder is that of all processes, or of one process's threads.
func (t *Table) scan(folder string, process uint64) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("error opening the %s directory: %w", folder, err)
	}
	for _, entry := range entries {
		tid, err := strconv.ParseUint(entry.Name(), 10, 32)
		if err != nil || tid == process {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		found, err := t.source.thread(path)
		if err != nil {
			continue
		}
		t.threads[uint32(tid)] = found
		if process == 0 {
			// It may have ended meanwhile.
			_ = t.scan(filepath.Join(path, "task"), tid)
		}
	}
	return nil
}

func errno(err error) int {
	if path, ok := err.(*os.PathError); ok {
		if number, ok := path.Err.(syscall.Errno); ok {
			return int(number)
		}
	}
	return 0
}
