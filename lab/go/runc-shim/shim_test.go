package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// poor lacks CAP_SYS_RESOURCE, 20000 open files at most, no score below 0.
var poor = host{
	hardLimit: func(name string) (uint64, bool) {
		return 20000, name == "RLIMIT_NOFILE"
	},
	oomScoreAdj: func(value int) bool { return value >= 0 },
}

func TestSpecFile(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args     []string
		file     string
		isBundle bool
	}{
		"containerd create": {[]string{"--root", "/run/runc/k8s.io", "--log", "/l", "--log-format", "json", "--systemd-cgroup", "create", "--bundle", "/b", "--pid-file", "/p", "id"}, "/b/config.json", true},
		"equals signs":      {[]string{"--root=/r", "create", "--bundle=/b", "id"}, "/b/config.json", true},
		"short option":      {[]string{"run", "-b", "/b", "id"}, "/b/config.json", true},
		"working directory": {[]string{"run", "id"}, filepath.Join(here, "config.json"), true},
		"exec with a file":  {[]string{"--log", "/l", "exec", "--process", "/tmp/p", "--detach", "id"}, "/tmp/p", false},
		"exec, short":       {[]string{"exec", "-p", "/tmp/p", "id"}, "/tmp/p", false},
		"exec of arguments": {[]string{"exec", "id", "sh"}, "", false},
		"a root named run":  {[]string{"--root", "run", "state", "id"}, "", false},
		"nothing":           {nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			file, isBundle, err := specFile(test.args)
			if err != nil || file != test.file || isBundle != test.isBundle {
				t.Errorf("got %q, %v, %v; want %q, %v", file, isBundle, err, test.file, test.isBundle)
			}
		})
	}
}

func TestFitBundle(t *testing.T) {
	const before = `{
		"ociVersion": "1.0.2",
		"linux": {"resources": {"memory": {"limit": 9223372036854771712}}},
		"process": {
			"args": ["sleep"],
			"capabilities": {"bounding": ["CAP_KILL", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]},
			"oomScoreAdj": -998,
			"rlimits": [
				{"type": "RLIMIT_NOFILE", "hard": 1048576, "soft": 1024},
				{"type": "RLIMIT_NPROC", "hard": 18446744073709551615, "soft": 18446744073709551615}
			]
		}
	}`
	const after = `{
		"ociVersion": "1.0.2",
		"linux": {"resources": {"memory": {"limit": 9223372036854771712}}},
		"process": {
			"args": ["sleep"],
			"capabilities": {"bounding": ["CAP_KILL"], "effective": []},
			"rlimits": [
				{"type": "RLIMIT_NOFILE", "hard": 20000, "soft": 1024},
				{"type": "RLIMIT_NPROC", "hard": 18446744073709551615, "soft": 18446744073709551615}
			]
		}
	}`
	got, err := fitBundle([]byte(before), poor)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, []byte(after))
}

func TestFitProcessKeepsASettableScore(t *testing.T) {
	got, err := fitProcess([]byte(`{"oomScoreAdj": 1000}`), poor)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, []byte(`{"oomScoreAdj": 1000}`))
}

func TestFitFile(t *testing.T) {
	const before = `{"process": {"capabilities": {"bounding": ["CAP_SYS_RESOURCE"]}}}`
	rich := host{sysResource: true}
	for name, test := range map[string]struct {
		h    host
		want string
	}{
		"capability missing": {poor, `{"process":{"capabilities":{"bounding":[]}}}`},
		"nothing missing":    {rich, before},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := fitFile(file, true, test.h); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode: %v, %v; want 0640", info.Mode(), err)
			}
		})
	}
}

func TestFindRunc(t *testing.T) {
	folder := t.TempDir()
	program := func(name string) string {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	self, other := program("a/runc"), program("b/runc")
	if err := os.Mkdir(filepath.Join(folder, "link"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(folder, "link/runc")); err != nil {
		t.Fatal(err)
	}
	path := []string{filepath.Join(folder, "link"), filepath.Join(folder, "a"), filepath.Join(folder, "b")}

	if got, err := findRunc(self, path); err != nil || got != other {
		t.Errorf("in PATH: got %q, %v; want %q", got, err, other)
	}
	sibling := program("a/runc.real")
	if got, err := findRunc(self, path); err != nil || got != sibling {
		t.Errorf("beside: got %q, %v; want %q", got, err, sibling)
	}
}

func sameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var gotValue, wantValue any
	if err := json.Unmarshal(got, &gotValue); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &wantValue); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotValue, wantValue) {
		t.Errorf("got %s, want %s", got, want)
	}
}
