package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// globalWithValue are runc's options before the command that take a value.
var globalWithValue = map[string]bool{
	"root": true, "log": true, "log-format": true, "criu": true, "rootless": true,
}

// specFile names the file that describes the process of a runc command line:
// the bundle's config.json for create and run, the process file for exec, and
// "" for every other command.
func specFile(args []string) (file string, isBundle bool, err error) {
	command, rest := splitCommand(args)
	switch command {
	case "create", "run":
		bundle, found := option(rest, "bundle", "b")
		if !found {
			if bundle, err = os.Getwd(); err != nil {
				return "", false, err
			}
		}
		return filepath.Join(bundle, "config.json"), true, nil
	case "exec":
		file, _ = option(rest, "process", "p")
		return file, false, nil
	}
	return "", false, nil
}

func splitCommand(args []string) (command string, rest []string) {
	for i := 0; i < len(args); i++ {
		name, isOption := strings.CutPrefix(args[i], "-")
		if !isOption {
			return args[i], args[i+1:]
		}
		if globalWithValue[strings.TrimPrefix(name, "-")] {
			i++
		}
	}
	return "", nil
}

// option reads the value of an option given in any of runc's spellings:
// "--name value", "--name=value", and the same with one dash or the short name.
func option(args []string, names ...string) (string, bool) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		key, isOption := strings.CutPrefix(arg, "-")
		if !isOption {
			continue
		}
		key, value, hasValue := strings.Cut(strings.TrimPrefix(key, "-"), "=")
		for _, name := range names {
			if key != name {
				continue
			}
			if hasValue {
				return value, true
			}
			if i+1 < len(args) {
				return args[i+1], true
			}
		}
	}
	return "", false
}

// realRunc finds runc.real beside this program, else the first runc in PATH
// that is not this program.
func realRunc() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return findRunc(self, filepath.SplitList(os.Getenv("PATH")))
}

// systemFolders are searched after PATH, which a daemon's environment may lack.
var systemFolders = []string{"/usr/local/sbin", "/usr/sbin", "/usr/bin"}

func findRunc(self string, path []string) (string, error) {
	selfInfo, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	candidates := []string{filepath.Join(filepath.Dir(self), "runc.real")}
	for _, folder := range append(path, systemFolders...) {
		candidates = append(candidates, filepath.Join(folder, "runc"))
	}
	for _, candidate := range candidates {
		info, err := os.Stat(candidate)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !os.SameFile(info, selfInfo) {
			return candidate, nil
		}
	}
	return "", errors.New("no real runc found: neither runc.real beside this program nor another runc in PATH")
}
