package rules

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	deprecatedAppend = "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
	deprecatedSwitch = "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under " +
		"the 'override' key (i.e. 'enabled: replace')."
	appendAndOverride = "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') " +
		"under 'override' instead."
)

// reader turns the items of one file into definitions. A mistake is a panic with a finding, which read reports.
type reader struct {
	file   *file
	set    *definitions
	result *Result
}

func fail(code string, at place, format string, args ...any) {
	panic(finding{code: code, text: fmt.Sprintf(format, args...), place: at})
}

// check is for mistakes in a file's structure.
func check(ok bool, at place, format string, args ...any) {
	if !ok {
		fail(errStructure, at, format, args...)
	}
}

// read stops at the first mistake.
func (r *reader) read() (ok bool) {
	root := newPlace(r.file)
	defer func() {
		if caught := recover(); caught != nil {
			mistake, known := caught.(finding)
			if !known {
				panic(caught)
			}
			r.result.errors, ok = append(r.result.errors, mistake), false
		}
	}()
	documents, err := r.documents()
	if err != nil {
		line, column, text := yamlWords(err, r.file.content)
		fail(errYAML, root.atMark(line-1, column-1), "yaml-cpp: error at line %d, column %d: %s", line, column, text)
	}
	if len(documents) > 0 {
		r.result.schema = new([]string{})
	}
	for _, document := range documents {
		*r.result.schema = append(*r.result.schema, r.set.language.schemaWarnings(document)...)
	}
	for _, document := range documents {
		check(isMapping(document) || isSequence(document), root, "Rules content is not yaml")
		check(isSequence(document), root, "Rules content is not yaml array of objects")
		for _, item := range document.Content {
			if item.Tag != "!!null" {
				r.item(item, root)
			}
		}
	}
	return true
}

// documents gives the roots of the documents that are not empty.
func (r *reader) documents() ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(r.file.content))
	var roots []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		if root := document.Content[0]; root.Tag != "!!null" {
			roots = append(roots, root)
		}
	}
}

func (r *reader) item(item *yaml.Node, root place) {
	check(isMapping(item), root.at(item, placeItem, ""), "Unexpected element type. Each element should be a yaml associative array.")
	switch {
	case find(item, "required_engine_version") != nil:
		r.engineVersion(item, root)
	case find(item, "required_plugin_versions") != nil:
		r.pluginVersions(item, root)
	case find(item, "list") != nil:
		r.list(item, root)
	case find(item, "macro") != nil:
		r.macro(item, root)
	case find(item, "rule") != nil:
		r.rule(item, root)
	default:
		r.result.warn(warnItem, "Unknown top level item", root.at(item, placeItem, ""))
	}
}

func (r *reader) warnUnknownKeys(item *yaml.Node, at place, known ...string) {
	if !r.set.language.UnknownKeys {
		return
	}
	for i := 0; i < len(item.Content); i += 2 {
		if key := item.Content[i].Value; !slices.Contains(known, key) {
			r.result.warn(warnKey, "Unknown key '"+key+"'. The key will be ignored.", at)
		}
	}
}

// The forms of names, as Falco's messages give them.
const (
	identifierName = "([a-zA-Z]+[a-zA-Z0-9_]*)"
	bareName       = "([^()\"'[:space:]=,]+)"
)

func (r *reader) checkName(code, what, form, name string, at place) {
	if !regexp.MustCompile("^" + form + "$").MatchString(name) {
		r.result.warn(code, what+" has an invalid name. "+what+" names should match a regular expression: "+form, at)
	}
}

func (r *reader) list(item *yaml.Node, root place) {
	name := text(item, "list", root.at(item, placeList, ""))
	at := root.at(item, placeList, name)
	r.checkName(warnListName, "List", bareName, name, at)
	items := scalars(item, "items", at)
	if r.appends(item, at, "items") {
		r.set.appendList(name, items, at)
	} else {
		r.set.defineList(&list{name: name, items: items, place: at})
	}
	r.warnUnknownKeys(item, at, "list", "items", "append", "override")
}

func (r *reader) macro(item *yaml.Node, root place) {
	name := text(item, "macro", root.at(item, placeMacro, ""))
	at := root.at(item, placeMacro, name)
	r.checkName(warnMacroName, "Macro", identifierName, name, at)
	condition := text(item, "condition", at)
	if r.appends(item, at, "condition") {
		r.set.appendMacro(name, condition, at)
	} else {
		inner := at.at(find(item, "condition"), placeMacroCond, "")
		r.set.defineMacro(&macro{name: name, condition: condition, place: at, conditionPlace: inner})
	}
	r.warnUnknownKeys(item, at, "macro", "condition", "append", "override")
}

// appends reads append and override of a list or a macro, which have one key to override.
func (r *reader) appends(item *yaml.Node, at place, key string) bool {
	appended := r.appendFlag(item, at)
	override := overrides(item, at, []string{key}, []string{key})
	check(!appended || len(override) == 0, at, "%s", appendAndOverride)
	return appended || override[key] == "append"
}

func (r *reader) appendFlag(item *yaml.Node, at place) bool {
	appended := flag(item, "append", false, at)
	if appended {
		r.result.warn(warnDeprecated, deprecatedAppend, at)
	}
	return appended
}

// overrides reads which key is appended to and which is replaced.
func overrides(item *yaml.Node, at place, appendable, replaceable []string) map[string]string {
	override := find(item, "override")
	if override == nil {
		return nil
	}
	inner := at.at(item, placeOverride, "")
	chosen := map[string]string{}
	for i := 0; i+1 < len(override.Content); i += 2 {
		key, operation := override.Content[i], override.Content[i+1]
		canAppend, canReplace := slices.Contains(appendable, key.Value), slices.Contains(replaceable, key.Value)
		switch operation.Value {
		case "append":
			check(canAppend, inner.at(key, placeOverride, key.Value),
				"Key '%s' cannot be appended to, use 'replace' instead", key.Value)
		case "replace":
			check(canReplace, inner.at(key, placeOverride, key.Value), "Key '%s' cannot be replaced", key.Value)
		default:
			words := ""
			if canAppend {
				words += "append "
			}
			if canReplace {
				words += "replace "
			}
			fail(errStructure, inner.at(operation, placeValue, key.Value),
				"Invalid override operation for key '%s': '%s'. Allowed values are: %s", key.Value, operation.Value, words)
		}
		chosen[key.Value] = operation.Value
	}
	return chosen
}
