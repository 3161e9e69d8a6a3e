// Package fields gives the values of Falco's fields for an event of this sensor.
package fields

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
)

// Source is an event with the names of its container, which are asked for when a field needs them.
type Source struct {
	Event     event.Event
	Container func() containers.Container
}

// Of takes a container that is known already.
func Of(e event.Event, container containers.Container) Source {
	return Source{e, func() containers.Container { return container }}
}

// Lazy asks for the container once.
func Lazy(e event.Event, container func() containers.Container) Source {
	return Source{e, sync.OnceValue(container)}
}

type getter func(s Source, arg string) any

// Field gives the value, or nil for a field that this sensor does not know of the event.
func (s Source) Field(name, arg string) any {
	for _, table := range []map[string]getter{process, about, connection, container} {
		if get, known := table[name]; known {
			return get(s, arg)
		}
	}
	return nil
}

// given turns an empty text into no value.
func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}

var process = map[string]getter{
	"proc.name":     func(s Source, _ string) any { return given(s.Event.Name) },
	"proc.exepath":  func(s Source, _ string) any { return given(s.Event.Exe) },
	"proc.exe":      func(s Source, _ string) any { return argument(s, 0) },
	"proc.args":     arguments,
	"proc.cmdline":  func(s Source, _ string) any { return commandLine(s.Event.Name, s) },
	"proc.exeline":  func(s Source, _ string) any { return given(strings.Join(s.Event.Args, " ")) },
	"proc.cmdnargs": func(s Source, _ string) any { return int64(max(len(s.Event.Args)-1, 0)) },
	"proc.pname":    func(s Source, _ string) any { return ancestor(s, 1) },
	"proc.aname":    ancestors,
	"proc.pid":      func(s Source, _ string) any { return int64(int32(s.Event.PID)) },
	"proc.ppid":     func(s Source, _ string) any { return int64(int32(s.Event.PPID)) },
	"proc.tty":      func(s Source, _ string) any { return int64(s.Event.TTY) },
	"user.uid":      func(s Source, _ string) any { return int64(s.Event.UID) },
	"user.loginuid": func(s Source, _ string) any { return int64(s.Event.LoginUID) },
	"user.name": func(s Source, _ string) any {
		if s.Event.UID == 0 {
			return "root"
		}
		return nil
	},
}

func argument(s Source, i int) any {
	if i >= len(s.Event.Args) {
		return nil
	}
	return s.Event.Args[i]
}

func arguments(s Source, arg string) any {
	if i, err := strconv.Atoi(arg); err == nil {
		return argument(s, i+1)
	}
	return strings.Join(s.Event.Args[min(1, len(s.Event.Args)):], " ")
}

func commandLine(name string, s Source) any {
	return given(strings.TrimSuffix(name+" "+arguments(s, "").(string), " "))
}

// ancestor is the process itself for 0, and its parent for 1.
func ancestor(s Source, generation int) any {
	if generation == 0 {
		return given(s.Event.Name)
	}
	if generation > len(s.Event.Ancestors) {
		return nil
	}
	return s.Event.Ancestors[generation-1]
}

// ancestors without a generation is all of them.
func ancestors(s Source, arg string) any {
	if i, err := strconv.Atoi(arg); err == nil {
		return ancestor(s, i)
	}
	return given(strings.Join(s.Event.Ancestors, ","))
}

var about = map[string]getter{
	"evt.num":           func(Source, string) any { return int64(1) },
	"evt.type":          func(s Source, _ string) any { return given(s.Event.Type) },
	"evt.dir":           func(Source, string) any { return "<" },
	"evt.source":        func(Source, string) any { return "syscall" },
	"evt.time":          func(s Source, _ string) any { return s.Event.Time.UnixNano() },
	"evt.rawtime":       func(s Source, _ string) any { return s.Event.Time.UnixNano() },
	"evt.rawres":        func(s Source, _ string) any { return s.Event.Result },
	"evt.res":           func(s Source, _ string) any { return result(s) },
	"evt.failed":        func(s Source, _ string) any { return s.Event.Result < 0 },
	"evt.is_open_read":  func(s Source, _ string) any { return s.Event.Reads() },
	"evt.is_open_write": func(s Source, _ string) any { return s.Event.Writes() },
	"evt.is_open_create": func(s Source, _ string) any {
		return s.Event.Kind == event.Open && s.Event.OpenFlags&unix.O_CREAT != 0
	},
	"evt.arg": eventArgument,
}

func result(s Source) string {
	if s.Event.Result >= 0 {
		return "SUCCESS"
	}
	return unix.ErrnoName(unix.Errno(-s.Event.Result))
}

func eventArgument(s Source, arg string) any {
	switch {
	case arg == "res":
		return result(s)
	case arg == "fd" && s.Event.FD >= 0:
		return strconv.Itoa(int(s.Event.FD))
	case s.Event.Kind == event.Open && arg == "name":
		return s.Event.File
	case s.Event.Kind == event.Open && arg == "flags":
		return openFlags(s.Event.OpenFlags)
	case s.Event.Kind == event.Exec && (arg == "exe" || arg == "filename"):
		return given(s.Event.File)
	}
	return nil
}

var flagNames = []struct {
	bit  uint64
	name string
}{
	{unix.O_CREAT, "O_CREAT"}, {unix.O_EXCL, "O_EXCL"}, {unix.O_TRUNC, "O_TRUNC"}, {unix.O_APPEND, "O_APPEND"},
	{unix.O_NONBLOCK, "O_NONBLOCK"}, {unix.O_DIRECTORY, "O_DIRECTORY"}, {unix.O_CLOEXEC, "O_CLOEXEC"},
}

func openFlags(flags uint64) string {
	names := []string{[]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"}[flags&unix.O_ACCMODE]}
	for _, flag := range flagNames {
		if flags&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	return strings.Join(names, "|")
}

// connection is a file or a socket; what opened the connection is the client.
var connection = map[string]getter{
	"fd.num":       func(s Source, _ string) any { return orNil(s.Event.FD >= 0, int64(s.Event.FD)) },
	"fd.type":      func(s Source, _ string) any { return fileType(s, "file", "ipv4", "ipv6") },
	"fd.typechar":  func(s Source, _ string) any { return fileType(s, "f", "4", "6") },
	"fd.name":      fileName,
	"fd.nameraw":   fileName,
	"fd.directory": func(s Source, _ string) any { return orNil(s.Event.Kind == event.Open, path.Dir(s.Event.File)) },
	"fd.filename":  func(s Source, _ string) any { return orNil(s.Event.Kind == event.Open, path.Base(s.Event.File)) },
	"fd.sip":       remote,
	"fd.rip":       remote,
	"fd.snet":      remote,
	"fd.rnet":      remote,
	"fd.net":       remote,
	"fd.ip":        remote,
	"fd.sip.name":  remote,
	"fd.rip.name":  remote,
	"fd.cip":       local,
	"fd.lip":       local,
	"fd.cnet":      local,
	"fd.lnet":      local,
	"fd.cip.name":  local,
	"fd.lip.name":  local,
	"fd.sport":     func(s Source, _ string) any { return port(s, s.Event.Remote) },
	"fd.rport":     func(s Source, _ string) any { return port(s, s.Event.Remote) },
	"fd.port":      func(s Source, _ string) any { return port(s, s.Event.Remote) },
	"fd.cport":     func(s Source, _ string) any { return port(s, s.Event.Local) },
	"fd.lport":     func(s Source, _ string) any { return port(s, s.Event.Local) },
	"fd.is_server": func(s Source, _ string) any { return orNil(s.Event.Kind == event.Connect, false) },
	"fd.l4proto":   protocol,
}

func orNil(ok bool, value any) any {
	if !ok {
		return nil
	}
	return value
}

func fileType(s Source, file, ipv4, ipv6 string) any {
	switch {
	case s.Event.Kind == event.Open:
		return file
	case s.Event.Kind != event.Connect:
		return nil
	case s.Event.Remote.Addr().Is4():
		return ipv4
	}
	return ipv6
}

func fileName(s Source, _ string) any {
	switch s.Event.Kind {
	case event.Open:
		return s.Event.File
	case event.Connect:
		return s.Event.Local.String() + "->" + s.Event.Remote.String()
	}
	return nil
}

func remote(s Source, _ string) any {
	return orNil(s.Event.Kind == event.Connect, s.Event.Remote.Addr())
}
func local(s Source, _ string) any { return orNil(s.Event.Kind == event.Connect, s.Event.Local.Addr()) }

func port(s Source, address netip.AddrPort) any {
	return orNil(s.Event.Kind == event.Connect, int64(address.Port()))
}

func protocol(s Source, _ string) any {
	switch {
	case s.Event.Kind != event.Connect:
		return nil
	case s.Event.Stream:
		return "tcp"
	}
	return "udp"
}

var container = map[string]getter{
	"container.id": func(s Source, _ string) any {
		// Whether it is a container is known without asking the runtime, and most rules ask no more.
		if s.Event.ContainerID == "" {
			return "host"
		}
		return s.Event.ContainerID[:min(12, len(s.Event.ContainerID))]
	},
	"container.full_id":          func(s Source, _ string) any { return given(s.Event.ContainerID) },
	"container.name":             func(s Source, _ string) any { return given(s.Container().Name) },
	"container.image":            func(s Source, _ string) any { return image(s.Container()) },
	"container.image.repository": func(s Source, _ string) any { return given(s.Container().Repository) },
	"container.image.tag":        func(s Source, _ string) any { return given(s.Container().Tag) },
	"k8s.pod.name":               func(s Source, _ string) any { return given(s.Container().Pod) },
	"k8s.ns.name":                func(s Source, _ string) any { return given(s.Container().Namespace) },
}

func image(c containers.Container) any {
	parts := slices.DeleteFunc([]string{c.Repository, c.Tag}, func(part string) bool { return part == "" })
	return given(strings.Join(parts, ":"))
}
