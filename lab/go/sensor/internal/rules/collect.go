package rules

import (
	"slices"
)

type list struct {
	name  string
	items []string
	place place
	order
}

type macro struct {
	name                  string
	condition             string
	place, conditionPlace place
	order
}

type rule struct {
	name, desc, condition, output, source string
	priority                              Priority
	tags                                  []string
	exceptions                            []exception
	enabled, warnTypes, skipUnknown       bool
	place, conditionPlace, outputPlace    place
	unknownSource                         bool
	order
}

// order says when a name was defined first, and when it was changed last: a macro sees what was defined before its last change.
type order struct{ first, last int }

func (o *order) times() *order { return o }

// table keeps definitions in the order of their first one.
type table[T interface{ times() *order }] struct {
	names   []string
	entries map[string]T
}

func (t *table[T]) get(name string) (T, bool) {
	found, known := t.entries[name]
	return found, known
}

// define takes the place of an earlier definition.
func (t *table[T]) define(name string, entry T, now int) {
	times := entry.times()
	times.first, times.last = now, now
	if before, known := t.entries[name]; known {
		times.first = before.times().first
	} else {
		t.names = append(t.names, name)
	}
	if t.entries == nil {
		t.entries = map[string]T{}
	}
	t.entries[name] = entry
}

func (t *table[T]) all(yield func(T) bool) {
	for _, name := range t.names {
		if !yield(t.entries[name]) {
			return
		}
	}
}

// definitions is what all files so far have defined.
type definitions struct {
	language Language
	lists    table[*list]
	macros   table[*macro]
	rules    table[*rule]
	required [][]requirement
	clock    int
}

func (d *definitions) tick() int {
	d.clock++
	return d.clock - 1
}

func (d *definitions) defineList(l *list)   { d.lists.define(l.name, l, d.tick()) }
func (d *definitions) defineMacro(m *macro) { d.macros.define(m.name, m, d.tick()) }

func (d *definitions) appendList(name string, items []string, at place) {
	before, known := d.lists.get(name)
	if !known {
		fail(errValidate, at, "List uses 'append' or 'override.items: append' but no list by that name already exists")
	}
	before.items = append(before.items, items...)
	before.last = d.tick()
}

func (d *definitions) appendMacro(name, condition string, at place) {
	before, known := d.macros.get(name)
	if !known {
		fail(errValidate, at, "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists")
	}
	before.condition += " " + condition
	before.last = d.tick()
}

func (d *definitions) defineRule(r *rule, result *Result) {
	d.before(r.name, r.source, r.place)
	if r.unknownSource = r.source != "syscall"; r.unknownSource {
		result.warn(warnSource, "Unknown source "+r.source+", skipping", r.place)
	}
	for i := range r.exceptions {
		e := &r.exceptions[i]
		if !e.fields.given() {
			fail(errValidate, e.place, "Rule exception item must have fields property with a list of fields")
		}
		e.complete(d.language, !r.unknownSource)
	}
	d.rules.define(r.name, r, d.tick())
}

// before gives the definition that a rule has, which is of one source only.
func (d *definitions) before(name, source string, at place) (*rule, bool) {
	found, known := d.rules.get(name)
	if known && source != "" && found.source != source {
		fail(errValidate, at, "Rule has been re-defined with a different source")
	}
	return found, known
}

func (d *definitions) enableRule(name string, enabled bool, at place) {
	before, known := d.rules.get(name)
	if !known {
		fail(errValidate, at, "Rule has 'enabled' key but no rule by that name already exists")
	}
	before.enabled = enabled
}

func join(before *string, more *string) {
	if more != nil {
		*before += " " + *more
	}
}

func replace[T any](before *T, value *T) {
	if value != nil {
		*before = *value
	}
}

func (d *definitions) appendRule(name string, c change, at place) {
	before, known := d.before(name, c.source, at)
	c.source = ""
	switch {
	case !known:
		fail(errValidate, at, "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists")
	case c == change{}:
		fail(errValidate, at, "Appended rule must have exceptions or condition property")
	}
	join(&before.condition, c.condition)
	join(&before.output, c.output)
	join(&before.desc, c.desc)
	if c.tags != nil {
		before.tags = append(before.tags, *c.tags...)
		slices.Sort(before.tags)
		before.tags = slices.Compact(before.tags)
	}
	if c.exceptions != nil {
		for _, e := range *c.exceptions {
			before.appendException(d.language, e)
		}
	}
	before.last = d.tick()
}

func (d *definitions) replaceInRule(name string, c change, at place) {
	before, known := d.before(name, c.source, at)
	c.source = ""
	switch {
	case !known:
		fail(errValidate, at, "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists")
	case c == change{}:
		fail(errValidate, at, "The rule must have at least one field that can be replaced")
	}
	replace(&before.condition, c.condition)
	replace(&before.output, c.output)
	replace(&before.desc, c.desc)
	replace(&before.priority, c.priority)
	replace(&before.enabled, c.enabled)
	replace(&before.warnTypes, c.warnTypes)
	replace(&before.skipUnknown, c.skipUnknown)
	replace(&before.tags, c.tags)
	replace(&before.exceptions, c.exceptions)
	for i := range before.exceptions {
		before.exceptions[i].complete(d.language, !before.unknownSource)
	}
	before.last = d.tick()
}
