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

// overridable are the keys of override that the schema knows.
var overridable = []string{"items", "desc", "condition", "output", "priority", "enabled", "exceptions", "capture", "capture_duration", "tags",
	"warn_evttypes", "skip-if-unknown-filter"}

// lateOverrides came into the schema with 0.44, though the reader has long known them.
var lateOverrides = []string{"capture", "capture_duration", "tags"}

func isText(node *yaml.Node) bool     { return node.Kind == yaml.ScalarNode && node.Tag != "!!null" }
func isSequence(node *yaml.Node) bool { return node.Kind == yaml.SequenceNode }
func isMapping(node *yaml.Node) bool  { return node.Kind == yaml.MappingNode }
func isBool(node *yaml.Node) bool     { return node.Value == "true" || node.Value == "false" }
func isNumber(node *yaml.Node) bool   { _, err := strconv.Atoi(node.Value); return err == nil }

const (
	wrongType = "Value type not permitted by 'type' constraint."
	wrongWord = "Failed to match against any enum values."
)

func unknownProperty(path, key string) string {
	return failed(path, "Object contains a property that could not be validated using 'properties' or 'additionalProperties' constraints: '"+key+"'.")
}

// schemaWarnings compares a document with the schema of rules files. The innermost warning comes first.
func (l Language) schemaWarnings(root *yaml.Node) []string {
	if !isSequence(root) {
		return []string{failed("", wrongType)}
	}
	var warnings []string
	for i, item := range root.Content {
		path := fmt.Sprintf("[%d]", i)
		if inner := l.itemWarnings(item, path); inner != nil {
			warnings = append(append(warnings, inner...), failed("", fmt.Sprintf("Failed to validate item #%d in array.", i)))
		}
	}
	return warnings
}

func failed(path, text string) string { return "failed for <root>" + path + ": " + text }

func (l Language) itemWarnings(item *yaml.Node, path string) []string {
	if !isMapping(item) {
		return []string{failed(path, wrongType)}
	}
	var warnings []string
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i].Value, item.Content[i+1]
		isType, known := schemaTypes[key]
		if !known || slices.Contains(l.beyondSchema, key) {
			warnings = append(warnings, unknownProperty(path, key))
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
			found = l.overrideWarnings(value, inner)
		case key == "exceptions":
			found = objectWarnings(value, inner, []string{"name", "fields", "comps", "values"}, "name")
		case key == "required_plugin_versions":
			found = objectWarnings(value, inner, []string{"name", "version", "alternatives"}, "name", "version")
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

func (l Language) overrideWarnings(value *yaml.Node, path string) []string {
	var warnings []string
	for i := 0; i+1 < len(value.Content); i += 2 {
		key := value.Content[i].Value
		late := len(l.beyondSchema) > 0 && (slices.Contains(lateOverrides, key) || slices.Contains(l.beyondSchema, key))
		switch {
		case late || !slices.Contains(overridable, key):
			warnings = append(warnings, unknownProperty(path, key))
		case !slices.Contains(schemaWords["override"], value.Content[i+1].Value):
			warnings = append(warnings, failed(path+"["+key+"]", wrongWord), failedProperty(path, key))
		}
	}
	return warnings
}

// objectWarnings is for a list of objects with these keys, of which some are needed.
func objectWarnings(value *yaml.Node, path string, keys []string, needed ...string) []string {
	var warnings []string
	for i, object := range value.Content {
		if !isMapping(object) {
			continue
		}
		var found []string
		inner := fmt.Sprintf("%s[%d]", path, i)
		for k := 0; k+1 < len(object.Content); k += 2 {
			if key := object.Content[k].Value; !slices.Contains(keys, key) {
				found = append(found, unknownProperty(inner, key))
			}
		}
		for _, key := range needed {
			if find(object, key) == nil {
				found = append(found, failed(inner, "Missing required property '"+key+"'."))
			}
		}
		if found != nil {
			warnings = append(append(warnings, found...), failed(path, fmt.Sprintf("Failed to validate item #%d in array.", i)))
		}
	}
	return warnings
}
