package fields

import (
	"strconv"
	"strings"
)

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
