package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// find gives the value of a key, or nil.
func find(mapping *yaml.Node, key string) *yaml.Node {
	if !isMapping(mapping) {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			value := mapping.Content[i+1]
			if value.Alias != nil {
				return value.Alias
			}
			return value
		}
	}
	return nil
}

// text reads a value that has to be there.
func text(item *yaml.Node, key string, at place) string {
	value := find(item, key)
	check(value != nil, at, "Item has no mapping for key '%s'", key)
	check(value.Tag != "!!null", at, "Mapping for key '%s' is empty", key)
	inner := at.at(value, placeValue, key)
	check(value.Kind == yaml.ScalarNode, inner, "Value is not a scalar value")
	check(value.Value != "", inner, "Value must be non-empty")
	return value.Value
}

func optionalText(item *yaml.Node, key, otherwise string, at place) string {
	if find(item, key) == nil {
		return otherwise
	}
	return text(item, key, at)
}

var switches = map[string]bool{"true": true, "yes": true, "on": true, "y": true, "false": false, "no": false, "off": false, "n": false}

func flag(item *yaml.Node, key string, otherwise bool, at place) bool {
	if find(item, key) == nil {
		return otherwise
	}
	value, known := switches[strings.ToLower(text(item, key, at))]
	check(known, at.at(find(item, key), placeValue, key), "Can't decode YAML scalar value")
	return value
}

func scalars(item *yaml.Node, key string, at place) []string {
	value := find(item, key)
	check(value != nil, at, "Item has no mapping for key '%s'", key)
	inner := at.at(value, placeValue, key)
	check(isSequence(value), inner, "Value is not a sequence")
	items := []string{}
	for _, entry := range value.Content {
		check(entry.Kind == yaml.ScalarNode, inner.at(entry, placeListItem, ""), "sequence value is not scalar")
		items = append(items, entry.Value)
	}
	return items
}

func tags(item *yaml.Node, at place) []string {
	if find(item, "tags") == nil {
		return nil
	}
	found := scalars(item, "tags", at)
	slices.Sort(found)
	return slices.Compact(found)
}
