package fields

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
)

var (
	opened = Of(event.Event{
		Kind: event.Open, Type: "openat", Ancestors: []string{"runc", "shim"}, FD: 3,
		Process: event.Process{Name: "sh", Args: []string{"/bin/sh", "-c", "a b"}, ContainerID: "0123456789abcdef", Exe: "/bin/sh", PID: 9},
		Result:  3, File: "/etc/x/y", OpenFlags: unix.O_WRONLY | unix.O_CREAT,
	}, containers.Container{Repository: "busybox", Tag: "1", Pod: "p", Namespace: "n"})
	connected = Of(event.Event{
		Kind: event.Connect, Type: "connect", Result: -int64(unix.EINPROGRESS), Stream: true,
		Local: netip.MustParseAddrPort("10.244.0.2:4000"), Remote: netip.MustParseAddrPort("10.96.0.1:443"),
	}, containers.Container{})
)

func TestField(t *testing.T) {
	for _, c := range []struct {
		source    Source
		name, arg string
		want      string
	}{
		{opened, "proc.cmdline", "", "sh -c a b"},
		{opened, "proc.args", "", "-c a b"},
		{opened, "proc.args", "1", "a b"},
		{opened, "proc.exe", "", "/bin/sh"},
		{opened, "proc.pname", "", "runc"},
		{opened, "proc.aname", "2", "shim"},
		{opened, "proc.aname", "3", "<nil>"},
		{opened, "fd.name", "", "/etc/x/y"},
		{opened, "fd.directory", "", "/etc/x"},
		{opened, "fd.filename", "", "y"},
		{opened, "fd.typechar", "", "f"},
		{opened, "fd.sip", "", "<nil>"},
		{opened, "evt.is_open_write", "", "true"},
		{opened, "evt.is_open_read", "", "false"},
		{opened, "evt.arg", "flags", "O_WRONLY|O_CREAT"},
		{opened, "evt.res", "", "SUCCESS"},
		{opened, "container.id", "", "0123456789ab"},
		{opened, "container.image", "", "busybox:1"},
		{opened, "k8s.ns.name", "", "n"},
		{opened, "user.name", "", "root"},
		{opened, "proc.vpid", "", "<nil>"},
		{connected, "fd.name", "", "10.244.0.2:4000->10.96.0.1:443"},
		{connected, "fd.sip", "", "10.96.0.1"},
		{connected, "fd.sport", "", "443"},
		{connected, "fd.lport", "", "4000"},
		{connected, "fd.typechar", "", "4"},
		{connected, "fd.l4proto", "", "tcp"},
		{connected, "evt.res", "", "EINPROGRESS"},
		{connected, "container.id", "", "host"},
		{connected, "evt.is_open_read", "", "false"},
	} {
		if got := fmt.Sprint(c.source.Field(c.name, c.arg)); got != c.want {
			t.Errorf("%s[%s] is %q, want %q", c.name, c.arg, got, c.want)
		}
	}
}
