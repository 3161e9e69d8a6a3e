package processes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"lab.invalid/sensor/internal/event"
)

// source is the /proc that is read.
type source struct {
	proc    string
	unified hierarchy
}

func (s source) folder(tid uint32) string {
	return filepath.Join(s.proc, strconv.FormatUint(uint64(tid), 10))
}

var errNoProgram = errors.New("a kernel thread or a zombie")

// thread reads a thread's folder. What Falco cannot do without is an error: it drops the thread then.
func (s source) thread(folder string) (*thread, error) {
	arguments, err := os.ReadFile(filepath.Join(folder, "cmdline"))
	if err != nil {
		return nil, err
	}
	program, err := os.Readlink(filepath.Join(folder, "exe"))
	if err != nil && len(arguments) == 0 {
		return nil, errNoProgram
	}
	found := &thread{Process: event.Process{Exe: program, Args: event.Arguments(arguments), LoginUID: -1}}
	name, err := os.ReadFile(filepath.Join(folder, "comm"))
	if err != nil {
		return nil, err
	}
	found.Name = strings.TrimSuffix(string(name), "\n")
	if _, err := os.ReadFile(filepath.Join(folder, "environ")); err != nil {
		return nil, err
	}
	for _, link := range []string{"cwd", "root"} {
		if _, err := os.Readlink(filepath.Join(folder, link)); err != nil {
			return nil, err
		}
	}
	if err := found.readStatus(folder); err != nil {
		return nil, err
	}
	if text, err := os.ReadFile(filepath.Join(folder, "loginuid")); err == nil {
		login, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		found.LoginUID = int32(login)
	}
	found.cgroup, err = s.container(folder)
	return found, err
}

func (t *thread) readStatus(folder string) error {
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 1 && fields[0] == "Tgid:":
			t.PID = number(fields[1])
		case len(fields) > 1 && fields[0] == "PPid:":
			t.PPID = number(fields[1])
		case len(fields) > 2 && fields[0] == "Uid:":
			t.UID = number(fields[2])
		}
	}
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return err
	}
	// The command's name is in parentheses and may hold some; the terminal is the fifth field behind it.
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
	if len(fields) > 4 {
		t.TTY = number(fields[4])
	}
	return nil
}

func number(text string) uint32 {
	value, _ := strconv.ParseInt(text, 10, 64)
	return uint32(value)
}

// container is the id in the thread's cgroups.
func (s source) container(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "cgroup"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var last []string
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			return "", fmt.Errorf("%s/cgroup: %q", folder, line)
		}
		if parts[1] == "" {
			if !s.unified.mounted {
				continue
			}
			if s.unified.err != nil {
				return "", fmt.Errorf("Cannot resolve v2 cgroups: %w", s.unified.err) // Falco's words
			}
		}
		last = append(last, path.Base(parts[2]))
	}
	return event.ContainerID(last...), nil
}
