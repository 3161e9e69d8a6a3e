package event

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// head, started and done have the layout of the structs in bpf/event.h.
type head struct {
	BootNS uint64
	Kind   Kind
	TID    uint32
	PID    uint32
	PPID   uint32
}

type started struct {
	head
	UID           uint32
	LoginUID      uint32
	TTYMajor      uint32
	TTYMinor      uint32
	ArgsLen       uint32
	ExeLen        uint32
	Comm          [16]byte
	MemoryCgroup  [128]byte
	UnifiedCgroup [128]byte
	Args          [1024]byte
	File          [256]byte
	Exe           [8][64]byte
}

type done struct {
	head
	OpenFlags     uint64
	Result        int64
	FD            int32
	Syscall       uint32
	PathLen       uint32
	Family        uint32
	SocketType    uint32
	RemotePort    uint32
	LocalPort     uint32
	Unused        uint32
	RemoteAddress [16]byte
	LocalAddress  [16]byte
	Path          [8][64]byte
}

var syscallNames = map[uint32]string{
	unix.SYS_CONNECT: "connect",
	unix.SYS_OPEN:    "open",
	unix.SYS_CREAT:   "creat",
	unix.SYS_OPENAT:  "openat",
	unix.SYS_OPENAT2: "openat2",
}

// Decode reads a record of the ring buffer. Its time counts from the given wall clock time of the boot.
func Decode(sample []byte, boot time.Time) (Event, error) {
	var top head
	if err := decode(sample, &top); err != nil {
		return Event{}, err
	}
	event := Event{
		Time:    boot.Add(time.Duration(top.BootNS)),
		Kind:    top.Kind,
		TID:     top.TID,
		Process: Process{PID: top.PID, PPID: top.PPID},
		FD:      -1,
	}
	switch top.Kind {
	case Exec, Clone:
		return event, event.start(sample)
	case Open, Connect:
		return event, event.do(sample)
	}
	return event, nil
}

func decode(sample []byte, record any) error {
	if _, err := binary.Decode(sample, binary.NativeEndian, record); err != nil {
		return fmt.Errorf("record of %d bytes: %w", len(sample), err)
	}
	return nil
}

func (e *Event) start(sample []byte) error {
	var raw started
	if err := decode(sample, &raw); err != nil {
		return err
	}
	e.UID, e.LoginUID, e.TTY = raw.UID, int32(raw.LoginUID), deviceNumber(raw.TTYMajor, raw.TTYMinor)
	e.Name, e.Exe = text(raw.Comm[:]), joined(raw.Exe, raw.ExeLen)
	e.Args = Arguments(raw.Args[:min(raw.ArgsLen, uint32(len(raw.Args)))])
	e.ContainerID = ContainerID(text(raw.MemoryCgroup[:]), text(raw.UnifiedCgroup[:]))
	if e.Kind == Exec {
		e.Type, e.File = "execve", text(raw.File[:])
	}
	return nil
}

func (e *Event) do(sample []byte) error {
	var raw done
	if err := decode(sample, &raw); err != nil {
		return err
	}
	e.Type, e.Result, e.FD = syscallNames[raw.Syscall], raw.Result, raw.FD
	if e.Kind == Open {
		e.File, e.OpenFlags = joined(raw.Path, raw.PathLen), raw.OpenFlags
		return nil
	}
	e.Remote = netip.AddrPortFrom(address(raw.RemoteAddress, raw.Family), uint16(raw.RemotePort))
	e.Local = netip.AddrPortFrom(address(raw.LocalAddress, raw.Family), uint16(raw.LocalPort))
	e.Stream = raw.SocketType == unix.SOCK_STREAM
	return nil
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
	return string(field)
}

// Arguments splits what a process's arguments are in memory and in /proc: each with a zero byte behind it.
func Arguments(block []byte) []string {
	joined := strings.TrimSuffix(string(block), "\x00")
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

// deviceNumber packs a device as the kernel does for tty_nr in /proc/PID/stat.
func deviceNumber(major, minor uint32) uint32 {
	return minor&0xff | major<<8 | (minor&^uint32(0xff))<<12
}
