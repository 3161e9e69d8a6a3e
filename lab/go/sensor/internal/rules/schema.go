package rules

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

var schemaTypes = map[string]func(*yaml.Node) bool{
	"required_engine_version": isText, "macro": isText, "condition": isText, "list": isText, "rule": isText, "desc": isText,
	"output": isText, "source": isText,
	"enabled": isBool, "append": isBool, "capture": isBool, "warn_evttypes": isBool, "skip-if-unknown-filter": isBool,
	"capture_duration": isNumber,
	"items":            isSequence, "tags": isSequence, "exceptions": isSequence, "required_plugin_versions": isSequence,
	"priority": isText, "override": isMapping,
}

var schemaWords = map[string][]string{
	"priority": {"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "INFORMATIONAL", "DEBUG"},
	"override": {"append", "replace"},
}

func isText(node *yaml.Node) bool     { return node.Kind == yaml.ScalarNode && node.Tag != "!!null" }
func isSequence(node *yaml.Node) bool { return node.Kind == yaml.SequenceNode }
func isMapping(node *yaml.Node) bool  { return node.Kind == yaml.MappingNode }
func isBool(node *yaml.Node) bool     { return node.Value == "true" || node.Value == "false" }
func isNumber(node *yaml.Node) bool   { _, err := strconv.Atoi(node.Value); return err == nil }

const (
	wrongType = "Value type not permitted by 'type' constraint."
	wrongWord = "Failed to match against any enum values."
)

// schemaWarnings compares a document with the schema of rules files. The innermost warning comes first.
func schemaWarnings(root *yaml.Node) []string {
	if !isSequence(root) {
		return []string{failed("", wrongType)}
	}
	var warnings []string
	for i, item := range root.Content {
		path := fmt.Sprintf("[%d]", i)
		if inner := itemWarnings(item, path); inner != nil {
			warnings = append(append(warnings, inner...), failed("", fmt.Sprintf("Failed to validate item #%d in array.", i)))
		}
	}
	return warnings
}

func failed(path, text string) string { return "failed for <root>" + path + ": " + text }

func itemWarnings(item *yaml.Node, path string) []string {
	if !isMapping(item) {
		return []string{failed(path, wrongType)}
	}
	var warnings []string
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i].Value, item.Content[i+1]
		isType, known := schemaTypes[key]
		if !known {
			warnings = append(warnings, failed(path,
				"Object contains a property that could not be validated using 'properties' or 'additionalProperties' constraints: '"+key+"'."))
			continue
		}
		inner := path + "[" + key + "]"
		var found []string
		switch {
		case !isType(value):
			found = []string{failed(inner, wrongType)}
		case key == "priority" && !slices.Contains(schemaWords[key], value.Value):
			found = []string{failed(inner, wrongWord)}
		case key == "override":
			found = overrideWarnings(value, inner)
		case key == "exceptions":
			found = exceptionWarnings(value, inner)
		}
		if found != nil {
			warnings = append(append(warnings, found...), failedProperty(path, key))
		}
	}
	return warnings
}

func failedProperty(path, key string) string {
	return failed(path, "Failed to validate against schema associated with property name '"+key+"'.")
}

func overrideWarnings(value *yaml.Node, path string) []string {
	var warnings []string
	for i := 0; i+1 < len(value.Content); i += 2 {
		key := value.Content[i].Value
		if !slices.Contains(schemaWords["override"], value.Content[i+1].Value) {
			warnings = append(warnings, failed(path+"["+key+"]", wrongWord), failedProperty(path, key))
		}
	}
	return warnings
}

func exceptionWarnings(value *yaml.Node, path string) []string {
	var warnings []string
	for i, exception := range value.Content {
		if isMapping(exception) && find(exception, "name") == nil {
			warnings = append(warnings, failed(fmt.Sprintf("%s[%d]", path, i), "Missing required property 'name'."),
				failed(path, fmt.Sprintf("Failed to validate item #%d in array.", i)))
		}
	}
	return warnings
}
