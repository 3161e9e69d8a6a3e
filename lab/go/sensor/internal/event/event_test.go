package event

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"
)

var id = strings.Repeat("0123456789abcdef", 4)

func TestContainerID(t *testing.T) {
	for cgroup, want := range map[string]string{
		id:                                id,
		"cri-containerd-" + id + ".scope": id,
		"docker-" + id + ".scope":         id,
		"kubelet.service":                 "",
		"/":                               "",
		id[:32]:                           "",
	} {
		if got := containerID("", cgroup); got != want {
			t.Errorf("containerID(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	raw := record{BootNS: 5, Kind: Open, PID: 7, UID: 1000, Syscall: 257, OpenFlags: 1, TTYMajor: 136, TTYMinor: 3, PathLen: 2, ArgsLen: 10}
	copy(raw.Comm[:], "cat")
	copy(raw.Ancestors[0][:], "sh")
	copy(raw.Ancestors[1][:], "runc")
	copy(raw.Exe[0][:], "cat")
	copy(raw.Exe[1][:], "bin")
	raw.ExeLen = 2
	copy(raw.UnifiedCgroup[:], id)
	copy(raw.Args[:], "cat\x00shadow\x00")
	copy(raw.Path[0][:], "shadow")
	copy(raw.Path[1][:], "etc")
	var sample bytes.Buffer
	if err := binary.Write(&sample, binary.NativeEndian, raw); err != nil {
		t.Fatal(err)
	}
	boot := time.Unix(1000, 0)
	got, err := Decode(sample.Bytes(), boot)
	if err != nil {
		t.Fatal(err)
	}
	want := Event{
		Time: boot.Add(5), Kind: Open, Type: "openat", PID: 7, UID: 1000, TTY: 136<<8 | 3, Name: "cat",
		Ancestors: []string{"sh", "runc"}, Exe: "/bin/cat", Args: []string{"cat", "shadow"}, File: "/etc/shadow", OpenFlags: 1,
		ContainerID: id,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeConnection(t *testing.T) {
	raw := record{Kind: Connect, Syscall: 42, Family: 10, RemotePort: 443, SocketType: 1, LocalPort: 5}
	copy(raw.RemoteAddress[10:], []byte{0xff, 0xff, 10, 96, 0, 1})
	var sample bytes.Buffer
	if err := binary.Write(&sample, binary.NativeEndian, raw); err != nil {
		t.Fatal(err)
	}
	got, err := Decode(sample.Bytes(), time.Now())
	if err != nil || got.Remote.String() != "10.96.0.1:443" || !got.Stream || got.Type != "connect" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeShortRecord(t *testing.T) {
	if _, err := Decode([]byte{1, 2, 3}, time.Now()); err == nil {
		t.Error("a record cut short was accepted")
	}
}
