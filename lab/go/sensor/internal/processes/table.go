// Package processes knows which process caused an event, the way Falco does: from the /proc that it was given, read once at the
// start, and from the events since then. What is in neither has no name and no container.
package processes

import (
	"lab.invalid/sensor/internal/event"
)

// Ancestors that are looked for at most.
const maxAncestors = 16

// unknown is what Falco says of a thread that it cannot find.
var unknown = event.Process{PID: none, PPID: none, UID: none, LoginUID: -1, Name: "<NA>", Args: []string{"<NA>"}}

const none = ^uint32(0)

// thread is an entry of the table.
type thread struct {
	event.Process
	// cgroup is the container in the thread's cgroup. Process.ContainerID takes it over at the moments at which Falco's container
	// plugin looks at it: when the capture begins, at an exec, and at a clone.
	cgroup string
	// orphan: its parent has ended, and the kernel's next event has the number of the new one.
	orphan bool
}

// Table holds all threads by their number in the kernel's root PID namespace, or what is taken for it.
type Table struct {
	source  source
	threads map[uint32]*thread
}

// Len is the number of threads.
func (t *Table) Len() int { return len(t.threads) }

// Follow takes an event into account, and completes it by what is known of its process.
func (t *Table) Follow(e *event.Event) {
	switch e.Kind {
	case event.Exit:
		delete(t.threads, e.TID)
		for _, child := range t.threads {
			if child.PPID == e.TID {
				child.orphan = true
			}
		}
		return
	case event.Exec, event.Clone:
		t.threads[e.TID] = &thread{Process: e.Process, cgroup: e.ContainerID}
	case event.Cloned:
		known := t.get(e.TID)
		known.ContainerID = known.cgroup
		if known.PID == none {
			// Its numbers are in the event; the name stays unknown.
			known.PID, known.PPID = e.PID, e.PPID
		}
	default:
		known := t.get(e.TID)
		if known.orphan {
			known.PPID, known.orphan = e.PPID, false
		}
		e.Process = known.Process
	}
	e.Ancestors = t.ancestors(e.Process)
}

// get looks a thread that is missing up in /proc. One that is not there either is remembered as unknown, not to be asked for again.
func (t *Table) get(tid uint32) *thread {
	found, ok := t.threads[tid]
	if ok {
		return found
	}
	found, err := t.source.thread(t.source.folder(tid))
	if err != nil {
		found = &thread{Process: unknown}
	}
	t.threads[tid] = found
	return found
}

func (t *Table) ancestors(process event.Process) []string {
	var names []string
	for range maxAncestors {
		parent, ok := t.threads[process.PPID]
		if !ok || parent.PID == none {
			break
		}
		names, process = append(names, parent.Name), parent.Process
	}
	return names
}
