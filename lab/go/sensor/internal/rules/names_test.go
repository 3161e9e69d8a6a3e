package rules

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	imageRules   = "../../etc/falco_rules.yaml"
	shippedRules = "../../../../../roles/falco_ebpf/files/rules/runtime_security_rules.yaml"
)

// The image's rules have the names that users' files ask for, and no others: one that Falco's own image has not is refused here too.
// Compared with falcosecurity/rules, falco-rules-5.1.0.
func TestNamesOfTheImage(t *testing.T) {
	wanted, err := os.ReadFile("testdata/names-5.1.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, words, _ := strings.Cut(string(wanted), "macros:")
	macros, lists, _ := strings.Cut(words, "lists:")
	engine := New("0.44.1")
	content, err := ReadFile(imageRules)
	if err != nil {
		t.Fatal(err)
	}
	engine.Load(imageRules, content)
	for kind, pair := range map[string][2][]string{
		"macros": {engine.set.macros.names, strings.Fields(macros)}, "lists": {engine.set.lists.names, strings.Fields(lists)},
	} {
		got, want := slices.Sorted(slices.Values(pair[0])), slices.Sorted(slices.Values(pair[1]))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

// Falco reports nothing of its own rules, so that a warning in its log is one of a user's file.
func TestTheImagesRulesGiveNoWarning(t *testing.T) {
	for _, falco := range versions {
		engine := New(falco)
		for _, file := range []string{imageRules, shippedRules} {
			content, err := ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if result := engine.Load(file, content); !result.OK() || result.HasWarnings() || result.Schema() != "ok" {
				t.Errorf("Falco %s: %s", falco, result)
			}
		}
		if unmet := engine.Unmet([]string{"container"}); unmet != "" {
			t.Errorf("Falco %s: %s", falco, unmet)
		}
	}
}

// What users' files do with those names, and what is refused as by Falco: a macro of the incubating or the sandbox rules is not there.
func TestUsersRulesOnTheImages(t *testing.T) {
	content, err := ReadFile(imageRules)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ rules, want string }{
		{ruleOf("spawned_process and container and shell_procs and not proc.pname in (docker_binaries, package_mgmt_binaries)", "x"), ""},
		{ruleOf("open_write and sensitive_files and not run_by_chef", "x"), ""},
		{ruleOf("(open_read or open_write) and fd.name in (sensitive_file_names)", "x"), ""},
		{ruleOf("outbound and container and not fd.sport in (80, 443)", "x"), ""},
		{"- macro: user_known_contact_k8s_api_server_activities\n  condition: (k8s.ns.name = x)\n", ""},
		{"- list: trusted_images\n  items: [a]\n  override: {items: append}\n", ""},
		{ruleOf("evt.type = rename and modify", "x"), "Undefined macro 'modify' used in filter."},
		{ruleOf("evt.type = open and always_true", "x"), "Undefined macro 'always_true' used in filter."},
	} {
		engine := New("0.44.1")
		engine.Load(imageRules, content)
		result, got := engine.Load("user.yaml", c.rules), ""
		if !result.OK() {
			got = result.errors[0].text
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.rules, got, c.want)
		}
	}
}
