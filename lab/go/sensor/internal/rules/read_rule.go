package rules

import (
	"slices"
	"strconv"
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
		change.source = emptyText(item, "source", at)
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
	flag(item, "capture", false, at)
	duration(item, at)
	rule.tags = tags(item, at)
	rule.exceptions = r.exceptions(item, at, false)
	return rule
}

// duration reads capture_duration.
func duration(item *yaml.Node, at place) uint64 {
	if find(item, "capture_duration") == nil {
		return 0
	}
	value, err := strconv.ParseUint(text(item, "capture_duration", at), 0, 32)
	check(err == nil, at.at(find(item, "capture_duration"), placeValue, "capture_duration"), "Can't decode YAML scalar value")
	return value
}

// emptyText reads a value that may be there with nothing in it.
func emptyText(item *yaml.Node, key string, at place) string {
	value := find(item, key)
	if value == nil || value.Tag == "!!null" || value.Kind == yaml.ScalarNode && value.Value == "" {
		return ""
	}
	return text(item, key, at)
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
	capture                         *bool   // nothing is captured here
	captureFor                      *uint64 // nor for so long
	source                          string
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
			if find(item, "append") == nil {
				c.source = emptyText(item, "source", at)
			}
		case "output":
			c.output = new(text(item, key, at))
		case "desc":
			c.desc = new(text(item, key, at))
		case "priority":
			c.priority = new(priority(item, at))
		case "enabled":
			c.enabled = new(flag(item, key, true, at))
		case "capture":
			c.capture = new(flag(item, key, false, at))
		case "capture_duration":
			c.captureFor = new(duration(item, at))
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
