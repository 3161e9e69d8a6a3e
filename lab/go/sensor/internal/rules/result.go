package rules

import (
	"fmt"
	"strings"
)

// Codes of errors and warnings, with the words that stand behind them.
const (
	errYAML      = "LOAD_ERR_YAML_PARSE"
	errStructure = "LOAD_ERR_YAML_VALIDATE"
	errCondition = "LOAD_ERR_COMPILE_CONDITION"
	errOutput    = "LOAD_ERR_COMPILE_OUTPUT"
	errValidate  = "LOAD_ERR_VALIDATE"

	warnSource     = "LOAD_UNKNOWN_SOURCE"
	warnNoType     = "LOAD_NO_EVTTYPE"
	warnFilter     = "LOAD_UNKNOWN_FILTER"
	warnMacro      = "LOAD_UNUSED_MACRO"
	warnList       = "LOAD_UNUSED_LIST"
	warnItem       = "LOAD_UNKNOWN_ITEM"
	warnDeprecated = "LOAD_DEPRECATED_ITEM"
	warnNoValues   = "LOAD_APPEND_NO_VALUES"
	warnTwice      = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
	warnListName   = "LOAD_INVALID_LIST_NAME"
	warnMacroName  = "LOAD_INVALID_MACRO_NAME"
	warnCondition  = "LOAD_COMPILE_CONDITION"
	warnKey        = "LOAD_UNKNOWN_KEY"
)

var errorWords = map[string]string{
	errYAML:      "YAML parse error",
	errStructure: "Error validating internal structure of YAML file",
	errCondition: "Error compiling condition",
	errOutput:    "Error compiling output",
	errValidate:  "Error validating rule/macro/list/exception objects",
}

var warningWords = map[string][2]string{
	warnSource: {"Unknown event source", "A rule has a unknown event source. This can occur when reading rules content without having a " +
		"corresponding plugin loaded, etc. The rule will be silently ignored."},
	warnNoType: {"Condition has no event-type restriction", "A rule condition matches too many evt.type values. This has a significant " +
		"performance penalty. Make the condition more specific by adding an evt.type field or further restricting the number of " +
		"evt.type values in the condition."},
	warnFilter: {"Unknown field or event-type in condition or output", "A rule condition or output refers to a field or evt.type that " +
		"does not exist. This is normally an error, but if a rule has a skip-if-unknown-filter property, the error is downgraded to " +
		"a warning."},
	warnMacro:      {"Unused macro", "A macro is defined in the rules content but is not used by any other macro or rule."},
	warnList:       {"Unused list", "A list is defined in the rules content but is not used by any other list, macro, or rule."},
	warnItem:       {"Unknown rules file item", "An unknown top-level object is in the rules content. It will be ignored."},
	warnDeprecated: {"Used deprecated item", "A deprecated item is employed by lists, macros, or rules."},
	warnNoValues:   {"Overriding/appending with no values", "A rule exception is overriding/appending with no values"},
	warnTwice:      {"Multiple exceptions defined with the same name", "A rule is defining multiple exceptions with the same name"},
	warnListName:   {"Invalid list name", "A list is defined with an invalid name"},
	warnMacroName:  {"Invalid macro name", "A macro is defined with an invalid name"},
	warnCondition:  {"Warning in rule condition", "A rule condition or output have been parsed with a warning"},
	warnKey: {"Unknown key in item definition", "An item in the rules content contains an unrecognized key. The key will be ignored. " +
		"This may indicate a typo or a property placed on the wrong item type."},
}

// finding is an error or a warning.
type finding struct {
	code  string
	text  string
	place place
	// field names the deprecated field that a warning is about.
	field string
}

func (f finding) Error() string { return f.text }

// Result is what reading one file brought.
type Result struct {
	Name     string
	errors   []finding
	warnings []finding
	// schema is nil where the YAML could not be read.
	schema *[]string
}

// OK tells whether the file can be used.
func (r *Result) OK() bool { return len(r.errors) == 0 }

// HasWarnings tells whether something in a usable file is worth a look.
func (r *Result) HasWarnings() bool { return len(r.warnings) > 0 }

// Schema is the outcome of the comparison with the schema of rules files.
func (r *Result) Schema() string {
	switch {
	case r.schema == nil:
		return "none"
	case len(*r.schema) == 0:
		return "ok"
	}
	return (*r.schema)[0]
}

func (r *Result) warn(code, text string, at place) {
	r.warnings = append(r.warnings, finding{code: code, text: text, place: at})
}

// String is the long form: every error and warning with its place and a snippet.
func (r *Result) String() string {
	var text strings.Builder
	text.WriteString(r.Name + ": ")
	switch {
	case !r.OK():
		text.WriteString("Invalid")
	case r.HasWarnings():
		text.WriteString("Ok, with warnings")
	default:
		text.WriteString("Ok")
	}
	if r.schema != nil && len(*r.schema) > 0 {
		fmt.Fprintf(&text, "\n%d Schema warnings:\n", len(*r.schema))
		for _, warning := range *r.schema {
			text.WriteString("------\n" + warning + "\n")
		}
		text.WriteString("------\n")
	}
	r.write(&text, "Errors", r.errors)
	r.write(&text, "Warnings", r.warnings)
	return text.String()
}

func (r *Result) write(text *strings.Builder, title string, findings []finding) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(text, "\n%d %s:\n", len(findings), title)
	for _, f := range findings {
		words := errorWords[f.code]
		if words == "" {
			words = warningWords[f.code][0]
		}
		fmt.Fprintf(text, "%s------\n%s------\n%s (%s): %s\n", f.place, f.place.snippet(), f.code, words, f.text)
	}
}

// JSON is the same as String in the form of an entry of falco_load_results.
func (r *Result) JSON() map[string]any {
	result := map[string]any{"name": r.Name, "successful": r.OK(), "errors": []any{}, "warnings": []any{}}
	if r.schema != nil {
		result["schema_valid"] = len(*r.schema) == 0
		result["schema_warnings"] = append([]string{}, *r.schema...)
	}
	for _, f := range r.errors {
		entry := map[string]any{"code": f.code, "codedesc": errorWords[f.code], "message": f.text, "context": f.place.json()}
		result["errors"] = append(result["errors"].([]any), entry)
	}
	for _, f := range r.warnings {
		entry := map[string]any{"code": f.code, "codedesc": warningWords[f.code][1], "message": f.text, "context": f.place.json()}
		if f.field != "" {
			entry["deprecated_field"] = f.field
		}
		result["warnings"] = append(result["warnings"].([]any), entry)
	}
	return result
}
