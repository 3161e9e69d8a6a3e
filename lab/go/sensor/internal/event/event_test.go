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
		if got := ContainerID("", cgroup); got != want {
			t.Errorf("ContainerID(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

func sample(t *testing.T, record any) []byte {
	t.Helper()
	var sample bytes.Buffer
	if err := binary.Write(&sample, binary.NativeEndian, record); err != nil {
		t.Fatal(err)
	}
	return sample.Bytes()
}

func TestDecodeStart(t *testing.T) {
	raw := started{head: head{BootNS: 5, Kind: Exec, TID: 7, PID: 7, PPID: 3}, UID: 1000, TTYMajor: 136, TTYMinor: 3, ArgsLen: 10, ExeLen: 2}
	copy(raw.Comm[:], "cat")
	copy(raw.Exe[0][:], "cat")
	copy(raw.Exe[1][:], "bin")
	copy(raw.File[:], "/bin/cat")
	copy(raw.UnifiedCgroup[:], id)
	copy(raw.Args[:], "cat\x00shadow\x00")
	boot := time.Unix(1000, 0)
	want := Event{
		Time: boot.Add(5), Kind: Exec, TID: 7, Type: "execve", FD: -1, File: "/bin/cat",
		Process: Process{
			PID: 7, PPID: 3, UID: 1000, TTY: 136<<8 | 3, Name: "cat", Exe: "/bin/cat", Args: []string{"cat", "shadow"}, ContainerID: id,
		},
	}
	if got, err := Decode(sample(t, raw), boot); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestDecodeOpen(t *testing.T) {
	raw := done{head: head{BootNS: 5, Kind: Open, TID: 8, PID: 7, PPID: 3}, Syscall: 257, OpenFlags: 1, PathLen: 2, FD: 4, Result: 4}
	copy(raw.Path[0][:], "shadow")
	copy(raw.Path[1][:], "etc")
	boot := time.Unix(1000, 0)
	want := Event{
		Time: boot.Add(5), Kind: Open, TID: 8, Process: Process{PID: 7, PPID: 3}, Type: "openat", Result: 4, FD: 4, File: "/etc/shadow", OpenFlags: 1,
	}
	if got, err := Decode(sample(t, raw), boot); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestDecodeConnection(t *testing.T) {
	raw := done{head: head{Kind: Connect}, Syscall: 42, Family: 10, RemotePort: 443, SocketType: 1, LocalPort: 5}
	copy(raw.RemoteAddress[10:], []byte{0xff, 0xff, 10, 96, 0, 1})
	got, err := Decode(sample(t, raw), time.Now())
	if err != nil || got.Remote.String() != "10.96.0.1:443" || !got.Stream || got.Type != "connect" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeExit(t *testing.T) {
	got, err := Decode(sample(t, head{Kind: Exit, TID: 9, PID: 7}), time.Now())
	if err != nil || got.Kind != Exit || got.TID != 9 || got.Evaluated() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeShortRecord(t *testing.T) {
	if _, err := Decode([]byte{1, 2, 3}, time.Now()); err == nil {
		t.Error("a record cut short was accepted")
	}
}
