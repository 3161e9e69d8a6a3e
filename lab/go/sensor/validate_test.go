package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lab.invalid/sensor/internal/config"
)

// printed runs something and returns what it wrote on stdout.
func printed(t *testing.T, run func() error) (string, error) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = writer
	defer func() { os.Stdout = stdout }()
	failed := run()
	_ = writer.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), failed
}

const (
	needsAudit = "- required_plugin_versions: [{name: k8saudit, version: 0.7.0}]\n"
	badField   = "- rule: A\n  desc: d\n  condition: evt.type = open and ka.verb = get\n  output: x\n  priority: NOTICE\n"
	noPlugin   = "Plugin requirement not satisfied, must load one of: k8saudit (>= 0.7.0)"
)

// Compared with falcosecurity/falco 0.43.1 and 0.44.1, userspace/falco/app/actions: validate_rules_files.cpp ends at the first plugin
// that is missing, and prints no verdict; load_rules_files.cpp names it instead of the mistakes that it explains.
func TestAPluginThatIsMissing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	for _, c := range []struct{ rules, start string }{
		{needsAudit, noPlugin},
		{needsAudit + badField, noPlugin},
		{badField, file + ": Invalid\n1 Errors:\n"},
	} {
		if err := os.WriteFile(file, []byte(c.rules), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, falco := range []string{"0.43.1", "0.44.1"} {
			_, err := loadRules(falco, &config.Config{RulesFiles: []string{file}, LoadPlugins: []string{"container"}})
			if err == nil || !strings.HasPrefix(err.Error(), c.start) {
				t.Errorf("Falco %s starts with %q: %v", falco, c.rules, err)
			}
			text, err := printed(t, func() error { return validate(falco, []string{file}, []string{"container"}, true) })
			if err == nil || !strings.HasPrefix(err.Error(), c.start) || (text == "") != (c.start == noPlugin) {
				t.Errorf("Falco %s of %q: %v, %s", falco, c.rules, err, text)
			}
			if _, err := loadRules(falco, &config.Config{RulesFiles: []string{file}, LoadPlugins: []string{"k8saudit"}}); c.rules == needsAudit && err != nil {
				t.Errorf("Falco %s with the plugin: %v", falco, err)
			}
		}
	}
}
