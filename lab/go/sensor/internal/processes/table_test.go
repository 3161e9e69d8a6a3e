package processes

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"lab.invalid/sensor/internal/event"
)

var (
	id    = strings.Repeat("0123456789abcdef", 4)
	other = strings.Repeat("fedcba9876543210", 4)
)

// host is a folder with a made-up /proc.
type host struct {
	t    *testing.T
	root string
}

func newHost(t *testing.T) host {
	h := host{t, t.TempDir()}
	h.process(1, 0, "systemd", "/init.scope")
	h.write("proc/1/mounts", "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
	h.write("machine/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
	h.link("proc/1/root", filepath.Join(h.root, "machine"))
	return h
}

func (h host) write(path, content string) {
	h.t.Helper()
	path = filepath.Join(h.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h host) link(path, target string) {
	h.t.Helper()
	path = filepath.Join(h.root, path)
	_ = os.Remove(path)
	if err := os.Symlink(target, path); err != nil {
		h.t.Fatal(err)
	}
}

func (h host) process(pid, ppid int, name, cgroup string) {
	h.thread("proc", pid, pid, ppid, name, cgroup)
	h.thread(filepath.Join("proc", strconv.Itoa(pid), "task"), pid, pid, ppid, name, cgroup)
}

func (h host) thread(folder string, tid, pid, ppid int, name, cgroup string) {
	in := filepath.Join(folder, strconv.Itoa(tid)) + "/"
	h.write(in+"cmdline", "/bin/"+name+"\x00-x\x00")
	h.write(in+"comm", name+"\n")
	h.write(in+"environ", "")
	h.write(in+"status", "Name:\t"+name+"\nTgid:\t"+strconv.Itoa(pid)+"\nPPid:\t"+strconv.Itoa(ppid)+"\nUid:\t1\t2\t3\t4\n")
	h.write(in+"stat", strconv.Itoa(tid)+" (a) b) S 1 1 1 34819 -1\n")
	h.write(in+"loginuid", "4294967295")
	h.write(in+"cgroup", "0::"+cgroup+"\n")
	for _, link := range []string{"exe", "cwd", "root"} {
		h.link(in+link, "/bin/"+name)
	}
}

func (h host) scan() *Table {
	h.t.Helper()
	table, err := Scan(h.root, false, h.t.Logf)
	if err != nil {
		h.t.Fatal(err)
	}
	return table
}

// opened is what is known of a thread that opens a file.
func opened(table *Table, tid uint32) event.Event {
	e := event.Event{Kind: event.Open, TID: tid, Process: event.Process{PID: tid, PPID: 1}}
	table.Follow(&e)
	return e
}

func TestOneThatRanBeforeIsFoundByItsNumber(t *testing.T) {
	h := newHost(t)
	h.process(20, 1, "shim", "/x.service")
	h.process(30, 20, "writer", "/kubepods/cri-containerd-"+id+".scope")
	h.thread("proc/30/task", 31, 30, 20, "writer", "/kubepods/cri-containerd-"+id+".scope")
	table := h.scan()
	want := event.Process{
		PID: 30, PPID: 20, UID: 2, LoginUID: -1, TTY: 34819, Name: "writer", Exe: "/bin/writer", Args: []string{"/bin/writer", "-x"}, ContainerID: id,
	}
	for _, tid := range []uint32{30, 31} {
		e := event.Event{Kind: event.Open, TID: tid, Process: event.Process{PID: 30, PPID: 20}}
		table.Follow(&e)
		if !reflect.DeepEqual(e.Process, want) || !reflect.DeepEqual(e.Ancestors, []string{"shim", "systemd"}) {
			t.Errorf("thread %d: got %+v, %v", tid, e.Process, e.Ancestors)
		}
	}
}

func TestOneOfAnotherNamespaceIsUnknownOrTakenForAnother(t *testing.T) {
	h := newHost(t)
	h.process(20, 1, "shim", "/x.service")
	h.process(30, 20, "coredns", "/kubepods/cri-containerd-"+other+".scope")
	table := h.scan()
	if e := opened(table, 4711); e.Name != "<NA>" || e.ContainerID != "" || len(e.Ancestors) > 0 {
		t.Errorf("a number that is nobody's: %+v", e.Process)
	}
	if e := opened(table, 30); e.Name != "coredns" || e.ContainerID != other ||
		!reflect.DeepEqual(e.Ancestors, []string{"shim", "systemd"}) {
		t.Errorf("a number that is somebody else's, with its parents: %+v, %v", e.Process, e.Ancestors)
	}
}

func TestAParentThatEndsLeavesItsChildrenToAnotherOne(t *testing.T) {
	h := newHost(t)
	h.process(20, 1, "shim", "/x.service")
	h.process(30, 20, "writer", "/x.service")
	table := h.scan()
	table.Follow(&event.Event{Kind: event.Exit, TID: 20})
	if e := opened(table, 30); e.PPID != 1 || !reflect.DeepEqual(e.Ancestors, []string{"systemd"}) {
		t.Errorf("got %+v, %v", e.Process, e.Ancestors)
	}
}

func TestAnUnknownOneHealsWithAnExecAndNotWithAClone(t *testing.T) {
	table := newHost(t).scan()
	opened(table, 40)
	early := event.Event{Kind: event.Exec, TID: 41, Process: event.Process{PID: 41, PPID: 40, Name: "early"}}
	table.Follow(&early)
	if len(early.Ancestors) > 0 {
		t.Errorf("an unknown parent: %v", early.Ancestors)
	}
	table.Follow(&event.Event{Kind: event.Cloned, TID: 40, Process: event.Process{PID: 40, PPID: 1}})
	if e := opened(table, 40); e.ContainerID != "" {
		t.Errorf("after a clone: %+v", e.Process)
	}
	started := event.Event{Kind: event.Clone, TID: 41, Process: event.Process{PID: 41, PPID: 40, Name: "child", ContainerID: id}}
	table.Follow(&started)
	if e := opened(table, 41); e.Name != "child" || e.ContainerID != id || !reflect.DeepEqual(started.Ancestors, []string{"<NA>", "systemd"}) {
		t.Errorf("its child: %+v, %v", e.Process, started.Ancestors)
	}
	table.Follow(&event.Event{Kind: event.Exec, TID: 40, Process: event.Process{PID: 40, Name: "cat", ContainerID: id}})
	if e := opened(table, 40); e.Name != "cat" || e.ContainerID != id {
		t.Errorf("after an exec: %+v", e.Process)
	}
	table.Follow(&event.Event{Kind: event.Exit, TID: 40})
	if e := opened(table, 40); e.Name != "<NA>" {
		t.Errorf("after its end: %+v", e.Process)
	}
}

func TestOneThatIsFoundLaterHasNoContainerUntilItClones(t *testing.T) {
	h := newHost(t)
	table := h.scan()
	h.process(50, 1, "late", "/kubepods/cri-containerd-"+id+".scope")
	if e := opened(table, 50); e.Name != "late" || e.ContainerID != "" {
		t.Errorf("found by its first event: %+v", e.Process)
	}
	table.Follow(&event.Event{Kind: event.Cloned, TID: 50})
	if e := opened(table, 50); e.ContainerID != id {
		t.Errorf("after a clone: %+v", e.Process)
	}
}

func TestWithoutTheRootOfProcessOneAllAreDropped(t *testing.T) {
	h := newHost(t)
	h.process(30, 1, "writer", "/kubepods/cri-containerd-"+id+".scope")
	h.link("proc/1/root", filepath.Join(h.root, "nowhere"))
	var said []string
	table, err := Scan(h.root, false, func(format string, args ...any) { said = append(said, format) })
	if err != nil || table.Len() != 0 || len(said) != 1 || !strings.HasPrefix(said[0], "Cannot read host init process proc root") {
		t.Errorf("%d threads, %v, %q", table.Len(), err, said)
	}
	// Where no unified hierarchy is mounted nothing has to be read there.
	h.write("proc/1/mounts", "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n")
	h.thread("proc", 30, 30, 1, "writer", "")
	h.write("proc/30/cgroup", "4:memory:/kubepods/"+id+"\n0::/\n")
	if e := opened(h.scan(), 30); e.ContainerID != id {
		t.Errorf("cgroup v1 alone: %+v", e.Process)
	}
}

func TestAFolderThatIsNoProcStopsTheStart(t *testing.T) {
	if _, err := Scan(t.TempDir(), false, t.Logf); err == nil || !strings.Contains(err.Error(), "/proc/1/mounts") {
		t.Errorf("got %v", err)
	}
}

func TestErrno(t *testing.T) {
	_, err := os.Stat("/nonexistent")
	if got := errno(err); got != int(syscall.ENOENT) {
		t.Errorf("got %d", got)
	}
}
