package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const base = `
- required_engine_version: 0.50.0
- list: shells
  items: [sh, bash]
- macro: container
  condition: container.id != host
- rule: Shell
  desc: A shell
  condition: container and proc.name in (shells)
  output: A shell
  priority: NOTICE
  tags: [container]
`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	const change = `
- rule: Shell
  output: more
  priority: info
  tags: [x]
  override: {output: append, priority: replace, tags: replace}
- rule: Shell
  enabled: false
`
	set, err := Load([]string{write(t, "base.yaml", base), write(t, "change.yaml", change), write(t, "empty.yaml", "")})
	if err != nil {
		t.Fatal(err)
	}
	rule := set["Shell"]
	if rule.Output != "A shell more" || rule.Priority.String() != "Informational" || !slices.Equal(rule.Tags, []string{"x"}) || rule.Enabled {
		t.Errorf("got %+v", rule)
	}
}

func TestLoadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"rule: Shell": "not an array",
		"- rule: [":   "did not find",
		"- {rule: A, desc: d, condition: c, output: o}":                 `"priority"`,
		"- {rule: A, desc: d, condition: c, output: o, priority: high}": `invalid priority "high"`,
		"- {rule: A, output: o, append: true}":                          "not defined before",
		"- {macro: m}":                                                  "'condition'",
		"- {list: l}":                                                   "'items'",
		"- {rulez: l}":                                                  "unknown top level item",
	} {
		_, err := Load([]string{write(t, "rules.yaml", content)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", content, err, want)
		}
	}
}

func TestShippedRulesAreValid(t *testing.T) {
	if _, err := Load([]string{"../../etc/falco_rules.yaml"}); err != nil {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	file := write(t, "a.yaml", base)
	got, err := Files([]string{file, filepath.Dir(file), "/nonexistent"})
	if err != nil || !slices.Equal(got, []string{file, file}) {
		t.Errorf("got %q, %v", got, err)
	}
}
