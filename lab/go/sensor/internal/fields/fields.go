// Package fields gives the values of Falco's fields for an event of this sensor.
package fields

import (
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
