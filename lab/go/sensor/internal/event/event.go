// Package event describes what the eBPF programs report.
package event

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
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
	Exec    Kind = 1
	Open    Kind = 2
	Connect Kind = 3
)

// Event is one exec, one successful open below /etc, or one connect to an IP address.
type Event struct {
	Time      time.Time
	Kind      Kind
	Type      string // name of the system call
	Result    int64  // what the system call returned
	PID       uint32
	PPID      uint32
	UID       uint32
	LoginUID  int32    // -1 for none
	TTY       uint32   // device number of the controlling terminal, 0 for none
	Name      string   // command name of the process
	Ancestors []string // command names, the parent's first
	Exe       string   // path of the process's program
	Args      []string
	FD        int32
	File      string // the program (Exec) or the opened file (Open)
	OpenFlags uint64
	Local     netip.AddrPort // Connect
	Remote    netip.AddrPort
	Stream    bool // Connect: TCP, not UDP
	// ContainerID is the full id found in the cgroup's name, empty for a process of the host.
	ContainerID string
}

// Writes tells whether a file was opened for writing.
func (e Event) Writes() bool { return e.Kind == Open && e.OpenFlags&unix.O_ACCMODE != unix.O_RDONLY }

// Reads tells whether a file was opened for reading.
func (e Event) Reads() bool { return e.Kind == Open && e.OpenFlags&unix.O_ACCMODE != unix.O_WRONLY }

// record has the layout of struct event in bpf/event.h.
type record struct {
	BootNS        uint64
	OpenFlags     uint64
	Result        int64
	Kind          Kind
	PID           uint32
	PPID          uint32
	UID           uint32
	LoginUID      uint32
	FD            int32
	Syscall       uint32
	TTYMajor      uint32
	TTYMinor      uint32
	ArgsLen       uint32
	PathLen       uint32
	ExeLen        uint32
	Family        uint32
	SocketType    uint32
	RemotePort    uint32
	LocalPort     uint32
	RemoteAddress [16]byte
	LocalAddress  [16]byte
	Comm          [16]byte
	Ancestors     [4][16]byte
	MemoryCgroup  [128]byte
	UnifiedCgroup [128]byte
	Args          [1024]byte
	File          [256]byte
	Path          [8][64]byte
	Exe           [8][64]byte
}

var syscallNames = map[uint32]string{
	unix.SYS_EXECVE:  "execve",
	unix.SYS_CONNECT: "connect",
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
		Result:      raw.Result,
		PID:         raw.PID,
		PPID:        raw.PPID,
		UID:         raw.UID,
		LoginUID:    int32(raw.LoginUID),
		FD:          raw.FD,
		TTY:         deviceNumber(raw.TTYMajor, raw.TTYMinor),
		Name:        text(raw.Comm[:]),
		Exe:         joined(raw.Exe, raw.ExeLen),
		OpenFlags:   raw.OpenFlags,
		Args:        arguments(raw.Args[:min(raw.ArgsLen, uint32(len(raw.Args)))]),
		File:        text(raw.File[:]),
		ContainerID: containerID(text(raw.MemoryCgroup[:]), text(raw.UnifiedCgroup[:])),
	}
	for _, name := range raw.Ancestors {
		if text(name[:]) != "" {
			event.Ancestors = append(event.Ancestors, text(name[:]))
		}
	}
	switch raw.Kind {
	case Open:
		event.File = joined(raw.Path, raw.PathLen)
	case Connect:
		event.Remote = netip.AddrPortFrom(address(raw.RemoteAddress, raw.Family), uint16(raw.RemotePort))
		event.Local = netip.AddrPortFrom(address(raw.LocalAddress, raw.Family), uint16(raw.LocalPort))
		event.Stream = raw.SocketType == unix.SOCK_STREAM
	}
	return event, nil
}

// address takes an IPv4 address in IPv6 clothes for what it is.
func address(bytes [16]byte, family uint32) netip.Addr {
	if family == unix.AF_INET {
		return netip.AddrFrom4([4]byte(bytes[:4]))
	}
	return netip.AddrFrom16(bytes).Unmap()
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

// joined makes a path of its components, of which the last comes first.
func joined(components [8][64]byte, count uint32) string {
	var names []string
	for _, component := range components[:min(count, uint32(len(components)))] {
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
