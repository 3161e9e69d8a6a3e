package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	entryStart = regexp.MustCompile(`(?m)^### `)
	// Our YAML reader names other columns than Falco's, and no more than a line for some mistakes.
	yamlPlace = regexp.MustCompile(`(line \d+, column )\d+|(value for: .*:\d+:)\d+`)
)

type verdict struct{ name, rules, text, json string }

func verdicts(t *testing.T, falco string) []verdict {
	t.Helper()
	content, err := os.ReadFile("testdata/verdicts-" + falco + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	parts := entryStart.Split(string(content), -1)[1:]
	var all []verdict
	for entry := range slices.Chunk(parts, 3) {
		name, rules, _ := strings.Cut(strings.TrimPrefix(entry[0], "rules "), "\n")
		all = append(all, verdict{name, rules, strings.TrimPrefix(entry[1], "text\n"), strings.TrimPrefix(entry[2], "json\n")})
	}
	return all
}

// versions are those that the stand-in plays; the roles install 0.43.1 and 0.44.1.
var versions = []string{"0.43.1", "0.44.0", "0.44.1", "0.45.1"}

// Falco itself validated each entry; the stand-in has to report the same.
func TestVerdicts(t *testing.T) {
	for _, falco := range []string{"0.43.1", "0.44.1"} {
		t.Run(falco, func(t *testing.T) { testVerdicts(t, falco) })
	}
}

func testVerdicts(t *testing.T, falco string) {
	for _, v := range verdicts(t, falco) {
		t.Run(v.name, func(t *testing.T) {
			result := New(falco).Load(v.name+".yaml", v.rules)
			got := result.Name + ": Ok, with warnings"
			if !result.OK() || !result.HasWarnings() {
				got = result.String()
			}
			if strings.HasPrefix(v.name, "yaml_") {
				if sameYAML(got) != sameYAML(strings.TrimSuffix(v.text, "\n")) {
					t.Errorf("got\n%s\nFalco says\n%s", got, v.text)
				}
				return
			}
			if got != strings.TrimSuffix(v.text, "\n") {
				t.Errorf("got\n%s\nFalco says\n%s", got, v.text)
			}
			sameJSON(t, result.JSON(), v.json)
		})
	}
}

// sameYAML leaves out what is below the place: a snippet of another column.
func sameYAML(text string) string {
	text = yamlPlace.ReplaceAllString(text, "$1$2")
	before, rest, _ := strings.Cut(text, "------\n")
	_, behind, _ := strings.Cut(rest, "------\n")
	return before + behind
}

func sameJSON(t *testing.T, got map[string]any, falcos string) {
	t.Helper()
	var wanted struct {
		Results []any `json:"falco_load_results"`
	}
	if err := json.Unmarshal([]byte(falcos), &wanted); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(plain, wanted.Results[0]) {
		again, _ := json.Marshal(wanted.Results[0])
		t.Errorf("got\n%s\nFalco says\n%s", text, again)
	}
}

func TestSelect(t *testing.T) {
	const text = `
- rule: Shell in a pod
  desc: d
  condition: evt.type = execve
  output: x
  priority: INFO
  tags: [a]
- rule: Write
  desc: d
  condition: evt.type = open
  output: x
  priority: INFO
  tags: [b]
  enabled: false
`
	for want, selections := range map[string][]Selection{
		"Shell in a pod":       nil,
		"":                     {{false, "Shell*", ""}},
		"Shell in a pod Write": {{true, "", "b"}},
		"Write":                {{false, "*", ""}, {true, "Write", ""}},
	} {
		engine := New("0.44.1")
		if result := engine.Load("a.yaml", text); !result.OK() {
			t.Fatal(result)
		}
		for _, s := range selections {
			engine.Select(s)
		}
		var enabled []string
		for _, rule := range engine.Rules() {
			if rule.Enabled {
				enabled = append(enabled, rule.Name)
			}
		}
		if got := strings.Join(enabled, " "); got != want {
			t.Errorf("%v: got %q, want %q", selections, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	var want []string
	for _, name := range []string{"b.yaml", "a.yml", "c.txt"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "c.txt" {
			want = append([]string{path}, want...)
		}
	}
	got, err := Files([]string{folder, folder + "/absent.yaml"})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestShippedRulesAreValid(t *testing.T) {
	for _, falco := range versions {
		engine := New(falco)
		for _, file := range []string{"../../etc/falco_rules.yaml", "../../../../../roles/falco_ebpf/files/rules/runtime_security_rules.yaml"} {
			content, err := ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if result := engine.Load(file, content); !result.OK() || result.Schema() != "ok" {
				t.Errorf("Falco %s: %s", falco, result)
			}
		}
	}
}

// The words are Falco's: userspace/engine/rule_loader_reader.cpp and rule_loader_compiler.cpp of 0.43.1 and 0.44.1.
func TestWarningsOfExceptionsAndOutputs(t *testing.T) {
	const twice = "- rule: A\n  desc: d\n  condition: evt.type = open\n  output: x %evt.dir\n  priority: NOTICE\n  exceptions:\n" +
		"  - {name: e, fields: [proc.name], values: [[a]]}\n  - {name: e, fields: [proc.name], values: [[b]]}\n"
	const empty = "- rule: A\n  exceptions:\n  - name: e\n  override: {exceptions: append}\n"
	for _, falco := range versions {
		engine := New(falco)
		var got []string
		for _, text := range []string{twice, empty} {
			result := engine.Load("a.yaml", text)
			if !result.OK() {
				t.Fatalf("%s: %s", falco, result)
			}
			for _, each := range result.warnings {
				got = append(got, each.code+": "+each.text)
			}
		}
		dir := "LOAD_DEPRECATED_ITEM: usage of deprecated field 'evt.dir' has been detected in the rule output"
		want := []string{
			"LOAD_EXCEPTION_NAME_NOT_UNIQUE: Multiple definitions of exception 'e' in the same rule", dir,
			"LOAD_APPEND_NO_VALUES: Overriding/appending exception with no values", dir,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", falco, got, want)
		}
	}
}
