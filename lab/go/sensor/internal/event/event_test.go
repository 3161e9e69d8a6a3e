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
	copy(raw.Parent[:], "sh")
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
		Time: boot.Add(5), Kind: Open, Type: "openat", PID: 7, UID: 1000, TTY: 136<<8 | 3, Name: "cat", Parent: "sh",
		Args: []string{"cat", "shadow"}, File: "/etc/shadow", Written: true, ContainerID: id,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeShortRecord(t *testing.T) {
	if _, err := Decode([]byte{1, 2, 3}, time.Now()); err == nil {
		t.Error("a record cut short was accepted")
	}
}
