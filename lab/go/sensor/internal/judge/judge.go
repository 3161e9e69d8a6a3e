// Package judge decides which rules an event breaks. The conditions are fixed and bound to rules by name; the condition text of a
// rules file is not evaluated.
package judge

import (
	"slices"
	"strings"

	"lab.invalid/sensor/internal/event"
)

type condition struct {
	rule  string
	holds func(event.Event) bool
}

var conditions = []condition{
	{"Terminal shell in container", terminalShell},
	{"Read sensitive file untrusted", readSensitive},
	{"Write below etc", writeBelowEtc},
	{"Launch Package Management Process in Container", inContainer(packageManagers)},
	{"Launch Suspicious Network Tool in Container", inContainer(networkTools)},
	{"Launch Ingress Remote File Copy Tools in Container", inContainer(downloaders)},
}

var (
	shells          = []string{"ash", "bash", "csh", "dash", "ksh", "sh", "tcsh", "zsh"}
	packageManagers = []string{"apk", "apt", "apt-get", "aptitude", "dnf", "dpkg", "gem", "npm", "pip", "pip3", "rpm", "yum", "zypper"}
	networkTools    = []string{"dig", "nc", "ncat", "netcat", "ngrep", "nmap", "socat", "tcpdump", "telnet", "tshark"}
	downloaders     = []string{"curl", "wget"}
	// Prefixes: a runtime started through a wrapper may be called runc.real.
	runtimes = []string{"containerd-shim", "conmon", "docker-runc", "runc", "crun", "exe"}
	// Programs whose work is to read accounts and permissions.
	accountReaders = []string{
		"chage", "chpasswd", "cron", "crond", "dpkg", "groupadd", "login", "passwd", "sshd", "su", "sudo", "systemd", "systemd-logind",
		"unix_chkpwd", "useradd", "userdel", "usermod",
	}
	sensitiveFiles = []string{"/etc/gshadow", "/etc/pam.conf", "/etc/security/pwquality.conf", "/etc/shadow", "/etc/sudoers"}
	sensitiveDirs  = []string{"/etc/pam.d/", "/etc/sudoers.d/"}
)

// Rules returns the names of the rules which the event breaks.
func Rules(e event.Event) []string {
	var names []string
	for _, c := range conditions {
		if c.holds(e) {
			names = append(names, c.rule)
		}
	}
	return names
}

// Judged tells whether a rule of this name has a condition here.
func Judged(rule string) bool {
	return slices.ContainsFunc(conditions, func(c condition) bool { return c.rule == rule })
}

// terminalShell holds for the first process of a session with a terminal (kubectl exec -it), not for the shells it starts itself.
func terminalShell(e event.Event) bool {
	return e.Kind == event.Exec && e.ContainerID != "" && e.TTY != 0 && slices.Contains(shells, e.Name) &&
		slices.ContainsFunc(runtimes, func(name string) bool { return strings.HasPrefix(e.Parent, name) })
}

// readSensitive also holds on the host, as the rule of that name does.
func readSensitive(e event.Event) bool {
	return e.Kind == event.Open && !e.Written && !slices.Contains(accountReaders, e.Name) &&
		(slices.Contains(sensitiveFiles, e.File) ||
			slices.ContainsFunc(sensitiveDirs, func(dir string) bool { return strings.HasPrefix(e.File, dir) }))
}

func writeBelowEtc(e event.Event) bool {
	return e.Kind == event.Open && e.ContainerID != "" && e.Written && strings.HasPrefix(e.File, "/etc/")
}

func inContainer(programs []string) func(event.Event) bool {
	return func(e event.Event) bool {
		return e.Kind == event.Exec && e.ContainerID != "" && slices.Contains(programs, e.Name)
	}
}
