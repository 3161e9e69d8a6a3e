package main

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

const volumeRule = `
- rule: volume
  desc: d
  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and (fd.name = /etc/hostname or fd.name contains marker-)
  output: "%fd.name"
  priority: NOTICE
`

// A file has the path of its mount namespace, as in a container with volumes: not that of the file system which the mount is of.
func TestFilesOfVolumes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	for _, c := range []struct {
		title, script string
		path          any
	}{
		{"a folder", "mount -t tmpfs t /etc/ssl; : > /etc/ssl/marker-a", "/etc/ssl/marker-a"},
		{"a file", "mount -t tmpfs t /mnt; : > /mnt/a; mount --bind /mnt/a /etc/hostname; : > /etc/hostname", "/etc/hostname"},
		{"an etc elsewhere", "mount -t tmpfs t /mnt; mkdir /mnt/etc; : > /mnt/etc/marker-a", nil},
	} {
		t.Run(c.title, func(t *testing.T) {
			all := &alerts{seen: map[string]string{}, last: map[string]map[string]any{}}
			var readers sync.WaitGroup
			sensor := before{rules: volumeRule}.run(t, "", "", false, all, &readers)
			if output, err := exec.Command("unshare", "--mount", "sh", "-ec", c.script).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			time.Sleep(time.Second)
			_ = sensor.Process.Signal(syscall.SIGTERM)
			readers.Wait()
			if got := all.last["volume"]["fd.name"]; got != c.path {
				t.Errorf("got %v, want %v", got, c.path)
			}
		})
	}
}
