package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// alerts is what all sensors of a test say of each file: the container, and the last one's word where they differ for the better.
type alerts struct {
	mu   sync.Mutex
	seen map[string]string
	last map[string]map[string]any // fields by rule, where a test asks for them
}

type seen struct {
	Rule   string
	Fields map[string]any `json:"output_fields"`
}

func (a *alerts) read(lines *bufio.Scanner, done func()) {
	defer done()
	for lines.Scan() {
		var one seen
		if json.Unmarshal(lines.Bytes(), &one) != nil {
			continue
		}
		if a.last != nil {
			a.last[one.Rule] = one.Fields
		}
		if one.Rule != "anywhere" {
			continue
		}
		name, container := path.Base(fmt.Sprint(one.Fields["fd.name"])), fmt.Sprint(one.Fields["container.id"])
		a.mu.Lock()
		if a.seen[name] != writerID[:12] {
			a.seen[name] = container
		}
		a.mu.Unlock()
	}
}

// counted is the events of one kind by what became of them.
type counted struct{ sent, right, unknown, another, lost int }

func (a *alerts) count(kind string, from, to int) counted {
	c := counted{sent: to - from}
	for number := from; number < to; number++ {
		switch a.seen[fmt.Sprintf("marker-%s-%d", kind, number)] {
		case writerID[:12]:
			c.right++
		case decoyID[:12]:
			c.another++
		case "":
			c.lost++
		default:
			c.unknown++
		}
	}
	return c
}

// TestASensorThatStartsAgain counts events of one process that runs all the time, and of a new process each, while the sensor is replaced.
// In a rollout, as for rules and both rotations, the new sensor starts before the old one ends; one that is killed leaves a gap.
func TestASensorThatStartsAgain(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	t.Logf("%-15s %-8s %-8s %6s %6s %8s %8s %6s", "/proc", "start", "process", "events", "right", "unknown", "another", "lost")
	for _, c := range []struct {
		proc, start  string
		root         func(before) string
		mounts       string
		events       int
		killed, want bool
	}{
		{"the machine's", "rollout", func(before) string { return "/mnt" }, standIn, 2000, false, true},
		{"the machine's", "SIGKILL", func(before) string { return "/mnt" }, standIn, 500, true, true},
		{"the node's own", "rollout", inside, "", 500, false, false},
		{"the node's own", "SIGKILL", inside, "", 500, true, false},
	} {
		t.Run(c.proc+", "+c.start, func(t *testing.T) {
			// Until the number is reached the first sensor alone is there.
			process, all, swap := start(t, true), &alerts{seen: map[string]string{}}, c.events/2
			var readers sync.WaitGroup
			var again *running
			sensor := process.run(t, c.root(process), c.mounts, false, all, &readers)
			after := c.events
			for number := range c.events {
				if number == swap {
					if c.killed {
						_ = sensor.Process.Kill()
						_ = sensor.Wait()
					}
					again = process.run(t, c.root(process), c.mounts, false, all, &readers)
					after = number
				}
				if number == swap+c.events/8 && !c.killed {
					_ = sensor.Process.Signal(syscall.SIGTERM)
				}
				fmt.Fprintf(process.lines, "marker-running-%d\nmarker-new-%d\n", number, number)
				time.Sleep(2 * time.Millisecond)
			}
			fmt.Fprintln(process.lines, "end")
			process.wait(t, "end")
			time.Sleep(500 * time.Millisecond)
			_ = again.Process.Signal(syscall.SIGTERM)
			readers.Wait()
			for _, kind := range []string{"running", "new"} {
				// The first of them is for the first sensor; what counts is what the one that started again makes of it.
				got := all.count(kind, after+c.events/8, c.events)
				whole := all.count(kind, 0, c.events)
				t.Logf("%-15s %-8s %-8s %6d %6d %8d %8d %6d", c.proc, c.start, kind, whole.sent, whole.right, whole.unknown, whole.another, whole.lost)
				if ok := got.right == got.sent; ok != (c.want || kind == "new") {
					t.Errorf("%s, %s, %s: after the start %+v", c.proc, c.start, kind, got)
				}
				if c.want && !c.killed && whole.right != whole.sent {
					t.Errorf("%s, %s, %s: in all %+v", c.proc, c.start, kind, whole)
				}
			}
		})
	}
}

// A sensor that ends reports all that happened before the signal. Falco 0.44.1 handles what it has read (process_events.cpp) and delivers
// what waits in its queue (stop_worker in falco_outputs.cpp); it leaves in the kernel's buffers what it has not read.
func TestTheLastEvents(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	const events = 10000
	process, all := start(t, true), &alerts{seen: map[string]string{}, last: map[string]map[string]any{}}
	process.config = runtimeConfig
	var readers sync.WaitGroup
	sensor := process.run(t, "/mnt", standIn+serveRuntime(t, acquaintance{}), false, all, &readers)
	// A machine that is busy elsewhere: the kernel's buffer fills, and the signal is the first thing that the sensor sees.
	_ = sensor.Process.Signal(syscall.SIGSTOP)
	for number := range events {
		fmt.Fprintf(process.lines, "marker-running-%d\n", number)
	}
	fmt.Fprintln(process.lines, "end")
	process.wait(t, "end")
	_ = sensor.Process.Signal(syscall.SIGTERM)
	_ = sensor.Process.Signal(syscall.SIGCONT)
	readers.Wait()
	if got := all.count("running", 0, events); got.right != events {
		t.Errorf("got %+v", got)
	}
	if pod := all.last["anywhere"]["k8s.pod.name"]; pod != "writer-0" {
		t.Errorf("the last event names the pod %v", pod)
	}
}

func (b before) wait(t *testing.T, word string) {
	t.Helper()
	if line, err := b.said.ReadString('\n'); strings.TrimSpace(line) != word {
		t.Fatalf("the process says %q, %v", line, err)
	}
}
