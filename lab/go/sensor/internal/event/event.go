// Package event describes what the eBPF programs report.
package event

import (
	"net/netip"
	"regexp"
	"time"

	"golang.org/x/sys/unix"
)

// Kind tells what a process did.
type Kind uint32

// The kinds of event, numbered as in bpf/event.h. Rules are evaluated for the first three.
const (
	Exec    Kind = 1
	Open    Kind = 2
	Connect Kind = 3
	// Clone is a new process or thread; Cloned is the same, seen from the one that made it.
	Clone  Kind = 4
	Cloned Kind = 5
	Exit   Kind = 6
)

// Process is what is known of the one that caused an event.
type Process struct {
	PID      uint32
	PPID     uint32
	UID      uint32
	LoginUID int32  // -1 for none
	TTY      uint32 // device number of the controlling terminal, 0 for none
	Name     string // command name
	Exe      string // path of its program
	Args     []string
	// ContainerID is the full id found in the cgroup's name, empty for a process of the host.
	ContainerID string
}

// Event is one exec, clone or exit, one successful open below /etc, or one connect to an IP address.
// The kernel tells of the process for Exec and Clone; for the others it gives the numbers alone, and processes.Table the rest.
type Event struct {
	Time time.Time
	Kind Kind
	TID  uint32
	Process
	Ancestors []string // command names, the parent's first
	Type      string   // name of the system call
	Result    int64    // what the system call returned
	FD        int32
	File      string // the program (Exec) or the opened file (Open)
	OpenFlags uint64
	Local     netip.AddrPort // Connect
	Remote    netip.AddrPort
	Stream    bool // Connect: TCP, not UDP
}

// Evaluated tells whether rules are evaluated for the event.
func (e Event) Evaluated() bool { return e.Kind == Exec || e.Kind == Open || e.Kind == Connect }

// Writes tells whether a file was opened for writing.
func (e Event) Writes() bool { return e.Kind == Open && e.OpenFlags&unix.O_ACCMODE != unix.O_RDONLY }

// Reads tells whether a file was opened for reading.
func (e Event) Reads() bool { return e.Kind == Open && e.OpenFlags&unix.O_ACCMODE != unix.O_WRONLY }

// cgroupID matches the last component of a container's cgroup path, as written by the cgroupfs and systemd drivers.
var cgroupID = regexp.MustCompile(`^(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?$`)

// ContainerID is the id in the first of some last components of cgroup paths that has one.
func ContainerID(cgroups ...string) string {
	for _, name := range cgroups {
		if match := cgroupID.FindStringSubmatch(name); match != nil {
			return match[1]
		}
	}
	return ""
}
