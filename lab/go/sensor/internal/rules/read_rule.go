package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	appendable  = []string{"condition", "output", "desc", "tags", "exceptions"}
	replaceable = []string{
		"condition", "output", "desc", "priority", "capture", "capture_duration", "tags", "exceptions", "enabled", "warn_evttypes",
		"skip-if-unknown-filter",
	}
)

func (r *reader) rule(item *yaml.Node, root place) {
	name := text(item, "rule", root.at(item, placeRule, ""))
	at := root.at(item, placeRule, name)
	appended := r.appendFlag(item, at)
	override := overrides(item, at, appendable, replaceable)
	check(!appended || len(override) == 0, at, "%s", appendAndOverride)
	switch {
	case len(override) > 0:
		r.override(name, item, at, override)
	case appended:
		change := r.change(item, at, true, "condition", "exceptions")
		r.set.appendRule(name, change, at)
	case r.onlySwitches(item):
		enabled := flag(item, "enabled", true, needed(item, "enabled", at))
		r.result.warn(warnDeprecated, deprecatedSwitch, at)
		r.set.enableRule(name, enabled, at)
	default:
		r.set.defineRule(r.newRule(name, item, at), r.result)
	}
	r.warnUnknownKeys(item, at, slices.Concat([]string{"rule", "source", "override", "append"}, replaceable)...)
}

func (r *reader) onlySwitches(item *yaml.Node) bool {
	return !slices.ContainsFunc([]string{"condition", "output", "desc", "priority"}, func(key string) bool { return find(item, key) != nil })
}

// needed reads a value to make sure that it is there, and gives the place back.
func needed(item *yaml.Node, key string, at place) place {
	text(item, key, at)
	return at
}

func (r *reader) newRule(name string, item *yaml.Node, at place) *rule {
	rule := &rule{name: name, place: at}
	rule.condition = text(item, "condition", at)
	rule.conditionPlace = at.at(find(item, "condition"), placeRuleCond, "")
	rule.output = strings.TrimSpace(text(item, "output", at))
	rule.outputPlace = at.at(find(item, "output"), placeRuleOutput, "")
	rule.desc = text(item, "desc", at)
	rule.priority = priority(item, at)
	rule.source = optionalText(item, "source", "syscall", at)
	rule.enabled = flag(item, "enabled", true, at)
	rule.warnTypes = flag(item, "warn_evttypes", true, at)
	rule.skipUnknown = flag(item, "skip-if-unknown-filter", false, at)
	rule.tags = tags(item, at)
	rule.exceptions = r.exceptions(item, at, false)
	return rule
}

func priority(item *yaml.Node, at place) Priority {
	name := text(item, "priority", at)
	parsed, err := ParsePriority(name)
	check(err == nil, at.at(find(item, "priority"), placePriority, ""), "Invalid priority")
	return parsed
}

// override reads the keys named below override, first those appended to, then those replaced; no other key may be there.
func (r *reader) override(name string, item *yaml.Node, at place, override map[string]string) {
	expected := map[string]bool{}
	for _, key := range replaceable {
		expected[key] = find(item, key) != nil
	}
	for _, operation := range []string{"append", "replace"} {
		var keys []string
		for _, key := range replaceable {
			if override[key] != operation {
				continue
			}
			check(expected[key], at, "An %s override for '%s' was specified but '%s' is not defined", operation, key, key)
			expected[key] = false
			keys = append(keys, key)
		}
		switch {
		case keys == nil:
		case operation == "append":
			r.set.appendRule(name, r.change(item, at, true, keys...), at)
		default:
			r.set.replaceInRule(name, r.change(item, at, false, keys...), at)
		}
	}
	for _, key := range slices.Sorted(slices.Values(replaceable)) {
		check(!expected[key], at.at(orItem(find(item, key), item), placeOverride, key),
			"Unexpected key '%s': no corresponding entry under 'override' is defined.", key)
	}
}

func orItem(value, item *yaml.Node) *yaml.Node {
	if value == nil {
		return item
	}
	return value
}

// change reads the keys of a rule that are to be appended or replaced; nil stands for a key that is not there.
type change struct {
	condition, output, desc         *string
	priority                        *Priority
	enabled, warnTypes, skipUnknown *bool
	tags                            *[]string
	exceptions                      *[]exception
}

func (r *reader) change(item *yaml.Node, at place, appends bool, keys ...string) change {
	var c change
	for _, key := range keys {
		if find(item, key) == nil {
			continue
		}
		switch key {
		case "condition":
			c.condition = new(text(item, key, at))
		case "output":
			c.output = new(text(item, key, at))
		case "desc":
			c.desc = new(text(item, key, at))
		case "priority":
			c.priority = new(priority(item, at))
		case "enabled":
			c.enabled = new(flag(item, key, true, at))
		case "warn_evttypes":
			c.warnTypes = new(flag(item, key, true, at))
		case "skip-if-unknown-filter":
			c.skipUnknown = new(flag(item, key, false, at))
		case "tags":
			c.tags = new(tags(item, at))
		case "exceptions":
			c.exceptions = new(r.exceptions(item, at, appends))
		}
	}
	return c
}

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
