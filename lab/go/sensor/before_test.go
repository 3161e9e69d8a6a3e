package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests load the programs and watch a process that ran before. They need root.

const asSensor = "SENSOR_TEST_RUNS_AS_SENSOR"

func TestMain(m *testing.M) {
	if os.Getenv(asSensor) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

var (
	writerID = strings.Repeat("0123456789abcdef", 4)
	decoyID  = strings.Repeat("fedcba9876543210", 4)
)

// A process of a PID namespace of its own, as in a node that is a container. It opens a file for each line that it reads, without
// starting a program unless the line asks for a new process. The file lies in a volume, which is mounted at /etc.
const writer = `
mount --make-rprivate / && mount -t proc proc /proc && mount -t tmpfs tmpfs /etc || exit
if [ "$1" ]; then
  echo "$(($1 - 1))" > /proc/sys/kernel/ns_last_pid
  sleep 1000 &
  echo "$1" > "$2"
fi
echo ready
while read -r name; do
  case $name in
    end) echo end ;;
    marker-new-*) sh -c ': > "$0"' "/etc/$name" ;;
    *) : > "/etc/$name" ;;
  esac
done
`

const ruleset = `
- rule: in a container
  desc: d
  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name startswith /etc/marker- and container.id != host
  output: "%proc.name %fd.name"
  priority: NOTICE
- rule: anywhere
  desc: d
  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name startswith /etc/marker-
  output: "%proc.name %fd.name"
  priority: NOTICE
`

// cgroup makes one named as a container's, and returns its list of processes.
func cgroup(t *testing.T, id string) string {
	t.Helper()
	top := "/sys/fs/cgroup/memory"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		top = "/sys/fs/cgroup"
	}
	folder := filepath.Join(top, id)
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		t.Skipf("no cgroup can be made: %v", err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.Remove(folder) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("%s cannot be removed", folder)
	})
	return filepath.Join(folder, "cgroup.procs")
}

type before struct {
	pid    int
	lines  io.Writer
	said   *bufio.Reader
	config string // more of falco.yaml
	rules  string // more of the rules
	falco  string // the version to play; empty for the program's own choice
}

// start makes the process, and with decoy another one that has its number in the inner namespace.
func start(t *testing.T, decoy bool) before {
	t.Helper()
	ours, theirs := cgroup(t, writerID), cgroup(t, decoyID)
	// The shell becomes the writer when its number is known, which the decoy is to have.
	command := exec.Command("sh", "-c", `read -r number && exec sh -c "$0" writer "$number" "$1"`, writer, theirs)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	command.Stderr = os.Stderr
	lines, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	if err := os.WriteFile(ours, []byte(strconv.Itoa(command.Process.Pid)), 0); err != nil {
		t.Fatal(err)
	}
	number := ""
	if decoy {
		number = strconv.Itoa(command.Process.Pid)
	}
	fmt.Fprintln(lines, number)
	process := before{pid: command.Process.Pid, lines: lines, said: bufio.NewReader(said)}
	process.wait(t, "ready")
	return process
}

// running is a sensor that has started.
type running struct{ *exec.Cmd }

// run starts a sensor and waits until it reads events. mounts runs before it, in a mount namespace of its own.
func (b before) run(t *testing.T, hostRoot, mounts string, iterators bool, to *alerts, readers *sync.WaitGroup) *running {
	t.Helper()
	folder := t.TempDir()
	config := fmt.Sprintf("rules_files: ['%s/rules.yaml']\nrule_matching: all\njson_output: true\nwebserver: {enabled: false}\n"+
		"engine: {kind: modern_ebpf, modern_ebpf: {disable_iterators: %t}}\n%s", folder, !iterators, b.config)
	for name, content := range map[string]string{"falco.yaml": config, "rules.yaml": ruleset + b.rules} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("unshare", "--mount", "sh", "-ec", mounts+"\nexec \"$0\" -c \"$1\"", os.Args[0], folder+"/falco.yaml")
	command.Env = append(os.Environ(), asSensor+"=yes", "HOST_ROOT="+hostRoot, "SENSOR_FALCO_VERSION="+b.falco)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	words := bufio.NewScanner(log)
	begun := false
	for !begun && words.Scan() {
		begun = strings.Contains(words.Text(), "events are read")
	}
	if !begun {
		t.Fatal("the sensor did not start")
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	readers.Add(1)
	go to.read(bufio.NewScanner(out), readers.Done)
	return &running{command}
}

// watched runs the sensor while the process opens one file, and returns what it says of that.
func (b before) watched(t *testing.T, hostRoot, mounts string, iterators bool) map[string]map[string]any {
	t.Helper()
	all := &alerts{seen: map[string]string{}, last: map[string]map[string]any{}}
	var readers sync.WaitGroup
	sensor := b.run(t, hostRoot, mounts, iterators, all, &readers)
	fmt.Fprintf(b.lines, "marker-%d\n", time.Now().UnixNano())
	time.Sleep(time.Second)
	_ = sensor.Process.Signal(syscall.SIGTERM)
	readers.Wait()
	return all.last
}

// The machine's /proc below another folder, with a kernel thread's folder in the place of process 1's.
const standIn = "mount -t tmpfs tmpfs /mnt; mkdir /mnt/proc; mount --bind /proc /mnt/proc; mount --bind /proc/2 /mnt/proc/1"

func TestAProcessThatRanBefore(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	type outcome struct{ name, container string }
	unknown, right := outcome{"<NA>", "host"}, outcome{"sh", writerID[:12]}
	asItIs := right
	if _, err := os.Stat("/proc/1/root/."); err != nil {
		asItIs = unknown
	}
	for _, c := range []struct {
		title     string
		decoy     bool
		root      func(before) string
		mounts    string
		iterators bool
		want      outcome
	}{
		{"the node's own /proc", false, inside, "", false, unknown},
		{"the node's own /proc, where its number is another one's", true, inside, "", false, outcome{"sleep", decoyID[:12]}},
		{"the machine's /proc", true, machine, "", false, asItIs},
		{"the machine's /proc, a kernel thread in the place of process 1", true, func(before) string { return "/mnt" }, standIn, false, right},
		{"iterators", true, inside, "", true, right},
	} {
		t.Run(c.title, func(t *testing.T) {
			process := start(t, c.decoy)
			found := process.watched(t, c.root(process), c.mounts, c.iterators)
			fields := found["anywhere"]
			if got := (outcome{fmt.Sprint(fields["proc.name"]), fmt.Sprint(fields["container.id"])}); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if _, told := found["in a container"]; told != (c.want.container != "host") {
				t.Errorf("the rule for containers: %v", told)
			}
		})
	}
}

// A node that is a container shows its own /proc to its pods.
func inside(b before) string { return fmt.Sprintf("/proc/%d/root", b.pid) }

func machine(before) string { return "" }
