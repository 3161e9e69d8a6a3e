package rules

import (
	"strings"
	"testing"
)

// said is all that is reported of a file in short: codes and texts of errors and warnings, and the first warning of the schema.
func said(falco, content string) string {
	result := New(falco).Load("a.yaml", content)
	var all []string
	for _, each := range append(result.errors, result.warnings...) {
		all = append(all, each.code+": "+each.text)
	}
	if schema := result.Schema(); schema != "ok" {
		all = append(all, "schema: "+schema)
	}
	return strings.Join(all, "\n")
}

// rule is a file with one rule of this condition and this output.
func ruleOf(condition, output string) string {
	return "- rule: A\n  desc: d\n  condition: " + condition + "\n  output: " + output + "\n  priority: NOTICE\n"
}

const (
	noSemver = `LOAD_ERR_YAML_VALIDATE: Unable to parse engine version '%' as a semver string. Expected "x.y.z" semver format.`
	tooNew   = "LOAD_ERR_VALIDATE: Rules require engine version %, but engine version is "
	infoGone = "LOAD_DEPRECATED_ITEM: %container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. " +
		"The container plugin will automatically add required fields to the output message."
	badProperty = "Object contains a property that could not be validated using 'properties' or 'additionalProperties' constraints: "
	noTypes     = "LOAD_NO_EVTTYPE: Rule matches too many evt.type values. This has a significant performance penalty."
)

// Compared with falcosecurity/falco 0.43.1, 0.44.1 and the master of 31 July 2026 for 0.45 (their unit_tests/engine/test_rule_loader.cpp
// gives the same verdicts here): userspace/engine/falco_engine_version.h,
// rule_loader_reader.cpp (read_item), rule_loader_collector.cpp (define, validate_exception_info), rule_loader_compiler.cpp
// (compile_rule_infos), rule_json_schema.h; with falcosecurity/libs 0.23.2, 0.25.4 and the master of 22 July 2026:
// userspace/libsinsp/version.h, filter/parser.cpp, filter/escaping.cpp, filter/ppm_codes.cpp, filter.cpp, value_parser.cpp, eventformatter.cpp.
func TestWhatEachVersionSays(t *testing.T) {
	same := func(text string) [3]string { return [3]string{text, text, text} }
	with := func(words, value string) string { return strings.Replace(words, "%", value, 1) }
	newer := func(asked string) [3]string {
		return [3]string{with(tooNew, asked) + "0.58.0", with(tooNew, asked) + "0.62.0", with(tooNew, asked) + "0.63.0"}
	}
	engine := func(version string) string { return "- required_engine_version: " + version + "\n" }
	comps := func(operator string) string {
		return ruleOf("evt.type = open", "x") + "  exceptions:\n  - {name: e, fields: proc.name, comps: " + operator + ", values: [a]}\n"
	}
	for _, c := range []struct {
		title, content string
		want           [3]string // 0.43, 0.44, 0.45
	}{
		{"its own engine of 0.43", engine("0.58.0"), same("")},
		{"its own engine of 0.44", engine("0.62.0"), [3]string{with(tooNew, "0.62.0") + "0.58.0", "", ""}},
		{"its own engine of 0.45", engine("0.63.0"), [3]string{with(tooNew, "0.63.0") + "0.58.0", with(tooNew, "0.63.0") + "0.62.0", ""}},
		{"the middle number alone", engine("62"), [3]string{with(tooNew, "0.62.0") + "0.58.0", "", ""}},
		{"a number in hexadecimal", engine(`"0x40"`), newer("0.64.0")},
		{"a patch too new", engine("0.63.1"), newer("0.63.1")},
		{"another major number", engine("1.0.0"), newer("1.0.0")},
		{"zeros in front, and something behind", engine("0.099.01-rc1"), newer("0.99.1")},
		{"two numbers", engine("0.57"), same(with(noSemver, "0.57"))},
		{"a word", engine("latest"), same(with(noSemver, "latest"))},
		{"a range", engine(`">=0.57.0"`), same(with(noSemver, ">=0.57.0"))},

		{"%container.info", ruleOf("evt.type = open", `"%proc.name %container.info"`), same(infoGone)},
		{"another field of that kind", ruleOf("evt.type = open", `"%container.inf"`), [3]string{
			"LOAD_ERR_COMPILE_OUTPUT: invalid formatting token container.inf",
			"LOAD_ERR_COMPILE_OUTPUT: unknown filter: unexpected token after '",
			"LOAD_ERR_COMPILE_OUTPUT: unknown filter: unexpected token after '",
		}},
		{"a field for conditions alone", ruleOf("evt.type = connect", `"a %fd.net b"`), [3]string{
			"LOAD_ERR_COMPILE_OUTPUT: fd.net b is filter only and cannot be used as a display field", "", "",
		}},
		{"a field that no list of Falco's shows", ruleOf("evt.type = open and evt.buflen.in > 0", "x"), same("")},
		{"join in an output", ruleOf("evt.type = open", `"a %join(\"-\", (proc.name, proc.pid)) b"`), [3]string{
			`LOAD_ERR_COMPILE_OUTPUT: invalid formatting token join("-", (proc.name, proc.pid)) b`, "", "",
		}},
		{"join in a condition", ruleOf(`evt.type = open and join("-", (proc.name, proc.exe)) = a-b`, "x"), [3]string{
			"LOAD_ERR_COMPILE_CONDITION: unexpected token after 'join', expecting 'or', 'and'", "", "",
		}},

		{"a modifier in an exception", comps("endswith oneof"), [3]string{
			"LOAD_ERR_VALIDATE: When fields is a single value, comps must be one of (in, pmatch, intersects)", "", "",
		}},
		{"an operator between blanks", comps(`" in "`), [3]string{
			"LOAD_ERR_VALIDATE: When fields is a single value, comps must be one of (in, pmatch, intersects)", "", "",
		}},
		{"warn_evttypes", ruleOf("evt.type = open", "x") + "  warn_evttypes: false\n",
			[3]string{"schema: failed for <root>[0]: " + badProperty + "'warn_evttypes'.", "", ""}},
		{"tags that replace others", ruleOf("evt.type = open", "x") + "- rule: A\n  tags: [a]\n  override: {tags: replace}\n",
			[3]string{"schema: failed for <root>[1][override]: " + badProperty + "'tags'.", "", ""}},
		{"a key that nobody knows", ruleOf("evt.type = open", "x") + "  colour: red\n", [3]string{
			"schema: failed for <root>[0]: " + badProperty + "'colour'.",
			"LOAD_UNKNOWN_KEY: Unknown key 'colour'. The key will be ignored.\nschema: failed for <root>[0]: " + badProperty + "'colour'.",
			"LOAD_UNKNOWN_KEY: Unknown key 'colour'. The key will be ignored.\nschema: failed for <root>[0]: " + badProperty + "'colour'.",
		}},

		{"a function in an exception", ruleOf("evt.type = open", "x") +
			"  exceptions:\n  - {name: e, fields: ['tolower(proc.name)'], comps: ['='], values: [[a]]}\n", same("")},
		{"a function of two in an exception", ruleOf("evt.type = open", "x") +
			"  exceptions:\n  - {name: e, fields: ['concat(proc.name, proc.exe)'], comps: ['='], values: [[a]]}\n",
			[3]string{"LOAD_ERR_VALIDATE: 'concat(proc.name, proc.exe)' is not a supported filter field", "", ""}},
		{"capture that replaces another", ruleOf("evt.type = open", "x") + "- rule: A\n  capture: true\n  override: {capture: replace}\n",
			[3]string{"schema: failed for <root>[1][override]: " + badProperty + "'capture'.", "", ""}},
		{"no number of milliseconds", ruleOf("evt.type = open", "x") + "  capture_duration: soon\n",
			same("LOAD_ERR_YAML_VALIDATE: Can't decode YAML scalar value\n" +
				"schema: failed for <root>[0][capture_duration]: Value type not permitted by 'type' constraint.")},
		{"more for another source", ruleOf("evt.type = open", "x") +
			"- rule: A\n  source: k8s_audit\n  condition: and ka.verb = get\n  override: {condition: append}\n",
			same("LOAD_ERR_VALIDATE: Rule has been re-defined with a different source")},

		{"a byte in a text", ruleOf(`evt.type = open and fd.name = "/etc/\x66oo"`, "x"), [3]string{
			`LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`, `LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`, "",
		}},
		{"half a byte", ruleOf(`evt.type = open and fd.name = "/etc/\x6"`, "x"), [3]string{
			`LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`, `LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`,
			`LOAD_ERR_COMPILE_CONDITION: invalid hex char escape sequence: 6"`,
		}},
		{"a NUL in a text", ruleOf(`evt.type = open and fd.name contains "a\x00"`, "x"), [3]string{
			`LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`, `LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`,
			`LOAD_ERR_COMPILE_CONDITION: filter error: filter value cannot contain a NUL byte (\x00)`,
		}},
		{"half a letter in a pattern", ruleOf(`evt.type = open and fd.name regex "a\xe9"`, "x"), [3]string{
			`LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`, `LOAD_ERR_COMPILE_CONDITION: unsupported string escape sequence: \x`,
			`LOAD_ERR_COMPILE_CONDITION: invalid regex pattern: invalid UTF-8`,
		}},
		{"what is never true", ruleOf("evt.num = 0", "x"), [3]string{noTypes, noTypes, ""}},
		{"what is always true", ruleOf("evt.num != 0", "x"), same(noTypes)},
		{"two types at once", ruleOf("evt.type = open and evt.type = close", "x"), [3]string{noTypes, noTypes, ""}},

		{"a pattern without signs", ruleOf("evt.type = open and fd.name regex '.*foo'", "x"),
			same("LOAD_COMPILE_CONDITION: regex check with '.*foo' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'")},
		{"a pattern with signs", ruleOf("evt.type = open and fd.name regex '/a[0-9]/x'", "x"), same("")},
		{"a field as a constant", ruleOf("evt.type = open and proc.name = proc.pname", "x"),
			same("LOAD_COMPILE_CONDITION: 'proc.pname' may be a valid field misused as a const string value")},
		{"a function as a constant", ruleOf("evt.type = open and proc.name in ('tolower(proc.exe)')", "x"),
			same("LOAD_COMPILE_CONDITION: 'tolower(proc.exe)' may be a valid field transformer misused as a const string value")},
		{"the name of a macro", "- macro: a-b\n  condition: evt.type = open\n",
			same("LOAD_INVALID_MACRO_NAME: Macro has an invalid name. Macro names should match a regular expression: ([a-zA-Z]+[a-zA-Z0-9_]*)\n" +
				"LOAD_UNUSED_MACRO: Macro not referred to by any other rule/macro")},
		{"the name of a list", "- list: a b\n  items: [x]\n",
			same("LOAD_INVALID_LIST_NAME: List has an invalid name. List names should match a regular expression: ([^()\"'[:space:]=,]+)\n" +
				"LOAD_UNUSED_LIST: List not referred to by any other rule/macro")},
	} {
		for i, falco := range []string{"0.43.1", "0.44.1", "0.45.1"} {
			if got := said(falco, c.content); got != c.want[i] {
				t.Errorf("Falco %s, %s: got\n%s\nwant\n%s", falco, c.title, got, c.want[i])
			}
		}
	}
}

// Compared with falcosecurity/falco 0.43.1 and 0.44.1: read_item in rule_loader_reader.cpp, define(plugin_version_info) in
// rule_loader_collector.cpp, check_plugin_requirements in falco_engine.cpp, CONTAINER_VERSION in CMakeLists.txt.
func TestPluginsThatRulesRequire(t *testing.T) {
	const missing = "Plugin requirement not satisfied, must load one of: "
	for _, c := range []struct {
		title, entries string
		loaded         []string
		unmet          [2]string // 0.43.1, 0.44.1
		said           string
	}{
		{"older", "{name: container, version: 0.4.0}", []string{"container"}, [2]string{}, ""},
		{"that of 0.44.1", "{name: container, version: 0.7.1}", []string{"container"}, [2]string{
			"Plugin 'container' version '0.6.4' is not compatible with required plugin version '0.7.1'", "",
		}, ""},
		{"newer", "{name: container, version: 0.99.0}", []string{"container"}, [2]string{
			"Plugin 'container' version '0.6.4' is not compatible with required plugin version '0.99.0'",
			"Plugin 'container' version '0.7.1' is not compatible with required plugin version '0.99.0'",
		}, ""},
		{"another major number", "{name: container, version: 1.0.0}", []string{"container"}, [2]string{
			"Plugin 'container' version '0.6.4' is not compatible with required plugin version '1.0.0'",
			"Plugin 'container' version '0.7.1' is not compatible with required plugin version '1.0.0'",
		}, ""},
		{"not loaded", "{name: container, version: 0.4.0}", nil, [2]string{missing + "container (>= 0.4.0)", missing + "container (>= 0.4.0)"}, ""},
		{"another one", "{name: k8saudit, version: 0.7.0}", []string{"container"}, [2]string{
			missing + "k8saudit (>= 0.7.0)", missing + "k8saudit (>= 0.7.0)",
		}, ""},
		{"one of two", "{name: k8saudit, version: 0.7.0, alternatives: [{name: container, version: 0.4.0}]}", []string{"container"}, [2]string{}, ""},
		{"none of two", "{name: k8saudit, version: 0.7.0, alternatives: [{name: k8saudit-eks, version: 0.4.0}]}", []string{"container"}, [2]string{
			missing + "k8saudit (>= 0.7.0), k8saudit-eks (>= 0.4.0)", missing + "k8saudit (>= 0.7.0), k8saudit-eks (>= 0.4.0)",
		}, ""},
		{"no version", "{name: container, version: new}", nil, [2]string{},
			"LOAD_ERR_VALIDATE: Invalid required version 'new' for plugin 'container'"},
		{"the same twice", "{name: container, version: 0.4.0, alternatives: [{name: container, version: 0.5.0}]}", nil, [2]string{},
			"LOAD_ERR_VALIDATE: Defined multiple alternative version requirements for plugin 'container'"},
		{"alternatives that are no list", "{name: container, version: 0.4.0, alternatives: x}", nil, [2]string{},
			"LOAD_ERR_YAML_VALIDATE: Value of plugin version alternatives must be a sequence"},
		{"a key that nobody knows", "{name: container, version: 0.4.0, os: linux}", []string{"container"}, [2]string{},
			"schema: failed for <root>[0][required_plugin_versions][0]: " + badProperty + "'os'."},
	} {
		content := "- required_plugin_versions:\n  - " + c.entries + "\n"
		for i, falco := range []string{"0.43.1", "0.44.1"} {
			engine := New(falco)
			engine.Load("a.yaml", content)
			if got := engine.Unmet(c.loaded); got != c.unmet[i] {
				t.Errorf("Falco %s, %s: got %q, want %q", falco, c.title, got, c.unmet[i])
			}
			if got := said(falco, content); got != c.said {
				t.Errorf("Falco %s, %s: got %q, want %q", falco, c.title, got, c.said)
			}
		}
	}
}

// A warning on a condition shows the rule's file for 0.43.1, and the condition's own text since 0.44: compile_condition in
// rule_loader_compiler.cpp.
func TestPlaceOfAWarningOnACondition(t *testing.T) {
	for falco, want := range map[string]string{"0.43.1": "  condition: >-\n             ^\n", "0.44.1": "evt.type = open and evt.dir = <\n                              ^\n"} {
		result := New(falco).Load("a.yaml", ruleOf(">-\n    evt.type = open and evt.dir = <", "x"))
		if got := result.warnings[0].place.snippet(); got != want {
			t.Errorf("Falco %s: got %q, want %q", falco, got, want)
		}
	}
}
