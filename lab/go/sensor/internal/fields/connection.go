package fields

import (
	"net/netip"
	"path"

	"lab.invalid/sensor/internal/event"
)

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
