// Package event describes what the eBPF programs report.
package event

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Kind tells what a process did.
type Kind uint32

// The kinds of event, numbered as in bpf/event.h.
const (
	Exec Kind = 1
	Open Kind = 2
)

// Event is one exec, or one successful open below /etc.
type Event struct {
	Time    time.Time
	Kind    Kind
	Type    string // name of the system call
	PID     uint32
	UID     uint32
	TTY     uint32 // device number of the controlling terminal, 0 for none
	Name    string // command name of the process
	Parent  string // command name of its parent
	Args    []string
	File    string // the program (Exec) or the opened file (Open)
	Written bool   // Open: the file was opened for writing
	// ContainerID is the full id found in the cgroup's name, empty for a process of the host.
	ContainerID string
}

// record has the layout of struct event in bpf/event.h.
type record struct {
	BootNS        uint64
	OpenFlags     uint64
	Kind          Kind
	PID           uint32
	UID           uint32
	Syscall       uint32
	TTYMajor      uint32
	TTYMinor      uint32
	ArgsLen       uint32
	PathLen       uint32
	Comm          [16]byte
	Parent        [16]byte
	MemoryCgroup  [128]byte
	UnifiedCgroup [128]byte
	Args          [1024]byte
	File          [256]byte
	Path          [8][64]byte
}

var syscallNames = map[uint32]string{
	unix.SYS_EXECVE:  "execve",
	unix.SYS_OPEN:    "open",
	unix.SYS_CREAT:   "creat",
	unix.SYS_OPENAT:  "openat",
	unix.SYS_OPENAT2: "openat2",
}

// cgroupID matches the last component of a container's cgroup path, as written by the cgroupfs and systemd drivers.
var cgroupID = regexp.MustCompile(`^(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?$`)

// Decode reads a record of the ring buffer. Its time counts from the given wall clock time of the boot.
func Decode(sample []byte, boot time.Time) (Event, error) {
	var raw record
	if _, err := binary.Decode(sample, binary.NativeEndian, &raw); err != nil {
		return Event{}, fmt.Errorf("record of %d bytes: %w", len(sample), err)
	}
	event := Event{
		Time:        boot.Add(time.Duration(raw.BootNS)),
		Kind:        raw.Kind,
		Type:        syscallNames[raw.Syscall],
		PID:         raw.PID,
		UID:         raw.UID,
		TTY:         deviceNumber(raw.TTYMajor, raw.TTYMinor),
		Name:        text(raw.Comm[:]),
		Parent:      text(raw.Parent[:]),
		Args:        arguments(raw.Args[:min(raw.ArgsLen, uint32(len(raw.Args)))]),
		File:        text(raw.File[:]),
		ContainerID: containerID(text(raw.MemoryCgroup[:]), text(raw.UnifiedCgroup[:])),
	}
	if raw.Kind == Open {
		event.File = openedPath(raw.Path[:min(raw.PathLen, uint32(len(raw.Path)))])
		event.Written = raw.OpenFlags&unix.O_ACCMODE != unix.O_RDONLY
	}
	return event, nil
}

func text(field []byte) string {
	if end := bytes.IndexByte(field, 0); end >= 0 {
		field = field[:end]
	}
	return strings.ToValidUTF8(string(field), "?")
}

func arguments(block []byte) []string {
	joined := strings.TrimSuffix(strings.ToValidUTF8(string(block), "?"), "\x00")
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "\x00")
}

func openedPath(components [][64]byte) string {
	names := make([]string, 0, len(components))
	for _, component := range components {
		names = append(names, text(component[:]))
	}
	slices.Reverse(names)
	return "/" + path.Join(names...)
}

func containerID(cgroups ...string) string {
	for _, name := range cgroups {
		if match := cgroupID.FindStringSubmatch(name); match != nil {
			return match[1]
		}
	}
	return ""
}

// deviceNumber packs a device as the kernel does for tty_nr in /proc/PID/stat.
func deviceNumber(major, minor uint32) uint32 {
	return minor&0xff | major<<8 | (minor&^uint32(0xff))<<12
}
