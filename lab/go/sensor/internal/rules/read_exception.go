package rules

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// entry is a name, or a list of entries.
type entry struct {
	isList bool
	item   string
	items  []entry
}

func (e entry) given() bool { return e.item != "" || len(e.items) > 0 }

// exception is a way out of a rule: values of fields for which it does not fire.
type exception struct {
	name          string
	fields, comps entry
	values        []entry
	place         place
}

func (r *reader) exceptions(item *yaml.Node, at place, appends bool) []exception {
	node := find(item, "exceptions")
	if node == nil || node.Tag == "!!null" {
		return nil
	}
	all := at.at(node, placeExceptions, "")
	check(isSequence(node), all, "Rule exceptions must be a sequence")
	var found []exception
	for _, each := range node.Content {
		unnamed := all.at(each, placeException, "")
		check(isMapping(each), unnamed, "Rule exception must be a mapping")
		name := text(each, "name", unnamed)
		inner := at.at(each, placeException, name)
		e := exception{name: name, place: inner}
		if slices.ContainsFunc(found, func(known exception) bool { return known.name == name }) {
			r.result.warn(warnTwice, "Multiple definitions of exception '"+name+"' in the same rule", inner)
		}
		check(appends || find(each, "fields") != nil, inner, "Item has no mapping for key 'fields'")
		e.fields = entryAt(find(each, "fields"), "fields", inner)
		e.comps = entryAt(find(each, "comps"), "comps", inner)
		if values := find(each, "values"); values != nil {
			valuesPlace := inner.at(values, placeExcValues, "")
			check(isSequence(values), valuesPlace, "Rule exception values must be a sequence")
			for _, value := range values.Content {
				e.values = append(e.values, entryAt(value, "", valuesPlace.at(value, placeExcValue, "")))
			}
		} else if appends {
			r.result.warn(warnNoValues, "Overriding/appending exception with no values", inner)
		}
		found = append(found, e)
	}
	return found
}

func entryAt(node *yaml.Node, key string, at place) entry {
	if node == nil {
		return entry{}
	}
	inner := at.at(node, placeValue, key)
	switch node.Kind {
	case yaml.ScalarNode:
		check(node.Value != "", inner, "Value must be non-empty")
		return entry{item: node.Value}
	case yaml.SequenceNode:
		list := entry{isList: true}
		for _, each := range node.Content {
			list.items = append(list.items, entryAt(each, "", inner.at(each, placeException, "")))
		}
		return list
	}
	return entry{}
}
