package rules

import (
	"fmt"
	"testing"
)

type fields map[string]any

func (f fields) Field(name, _ string) any { return f[name] }

// What each shipped rule reports, and the macros by which public rules files allow it (falcosecurity/rules).
var allowances = []struct {
	rule   string
	event  fields
	macros []string
}{
	{"Terminal shell in container", fields{"evt.type": "execve", "proc.tty": int64(34816), "proc.name": "sh", "proc.pname": "runc"},
		[]string{"user_expected_terminal_shell_in_container_conditions"}},
	{"Launch Package Management Process in Container", fields{"evt.type": "execve", "proc.name": "apk", "proc.pname": "sh"},
		[]string{"user_known_package_manager_in_container"}},
	{"Launch Ingress Remote File Copy Tools in Container", fields{"evt.type": "execve", "proc.name": "curl", "proc.pname": "sh"},
		[]string{"user_known_ingress_remote_file_copy_activities"}},
	{"Read sensitive file untrusted", fields{"evt.type": "openat", "fd.typechar": "f", "fd.num": int64(3), "fd.name": "/etc/shadow",
		"evt.is_open_read": true, "evt.is_open_write": false, "proc.name": "cat"},
		[]string{"user_known_read_sensitive_files_activities", "user_read_sensitive_file_conditions", "user_read_sensitive_file_containers"}},
	{"Write below etc", fields{"evt.type": "openat", "fd.typechar": "f", "fd.num": int64(3), "fd.name": "/etc/x",
		"evt.is_open_write": true, "proc.name": "sh"},
		[]string{"user_known_write_below_etc_activities", "user_known_write_etc_conditions"}},
}

// A macro of a user's file is asked by the shipped rule of the name of Falco's, whether it is defined again or added to.
func TestAllowanceMacros(t *testing.T) {
	const ours = "../../../../../roles/falco_ebpf/files/rules/runtime_security_rules.yaml"
	content, err := ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	for _, falco := range versions {
		for _, each := range allowances {
			each.event["evt.num"], each.event["container.id"], each.event["k8s.ns.name"] = int64(7), "0123456789ab", "debug"
			if !fires(t, falco, content, "", each.rule, each.event) {
				t.Errorf("Falco %s: %s does not fire", falco, each.rule)
			}
			for _, macro := range each.macros {
				for _, text := range []string{
					"- macro: %s\n  condition: (k8s.ns.name = debug)\n",
					"- macro: %s\n  condition: or (k8s.ns.name = debug)\n  override: {condition: append}\n",
				} {
					if fires(t, falco, content, fmt.Sprintf(text, macro), each.rule, each.event) {
						t.Errorf("Falco %s: %s fires in spite of %s", falco, each.rule, macro)
					}
				}
			}
		}
	}
}

func fires(t *testing.T, falco, shipped, theirs, name string, event fields) bool {
	t.Helper()
	engine := New(falco)
	for _, text := range []string{shipped, theirs} {
		if result := engine.Load("a.yaml", text); !result.OK() {
			t.Fatalf("%s", result)
		}
	}
	for _, rule := range engine.Rules() {
		if rule.Name == name {
			return rule.Match(event)
		}
	}
	t.Fatalf("no rule %s", name)
	return false
}
