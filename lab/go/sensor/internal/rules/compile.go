package rules

import (
	"strings"

	"lab.invalid/sensor/internal/filter"
)

// Rule is a compiled rule.
type Rule struct {
	Name     string
	Output   string
	Priority Priority
	Tags     []string
	Source   string
	Enabled  bool
	Match    filter.Matcher
}

// compiler turns definitions into rules. A mistake is a panic with a finding.
type compiler struct {
	set        *definitions
	result     *Result
	lists      []*list
	macros     map[string]filter.Node
	usedLists  map[string]bool
	usedMacros map[string]bool
}

func (d *definitions) compile(result *Result) (rules []*Rule) {
	c := &compiler{set: d, result: result, macros: map[string]filter.Node{}, usedLists: map[string]bool{}, usedMacros: map[string]bool{}}
	defer func() {
		if caught := recover(); caught != nil {
			mistake, known := caught.(finding)
			if !known {
				panic(caught)
			}
			result.errors, rules = append(result.errors, mistake), nil
		}
	}()
	c.compileLists()
	c.compileMacros()
	for r := range d.rules.all {
		if compiled := c.compileRule(r); compiled != nil {
			rules = append(rules, compiled)
		}
	}
	for m := range d.macros.all {
		if !c.usedMacros[m.name] {
			result.warn(warnMacro, "Macro not referred to by any other rule/macro", m.place)
		}
	}
	for l := range d.lists.all {
		if !c.usedLists[l.name] {
			result.warn(warnList, "List not referred to by any other rule/macro", l.place)
		}
	}
	return rules
}

// compileLists puts the items of lists named in other lists in their place.
func (c *compiler) compileLists() {
	for l := range c.set.lists.all {
		expanded := &list{name: l.name}
		for _, item := range l.items {
			other, known := c.set.lists.get(item)
			if !known || other.first >= l.last {
				expanded.items = append(expanded.items, item)
				continue
			}
			c.usedLists[item] = true
			expanded.items = append(expanded.items, other.items...)
		}
		c.lists = append(c.lists, expanded)
	}
}

func (c *compiler) compileMacros() {
	for m := range c.set.macros.all {
		c.macros[m.name] = c.parse(m.condition, m.conditionPlace)
	}
	for m := range c.set.macros.all {
		visible := map[string]filter.Node{}
		for other := range c.set.macros.all {
			if other.first < m.last && other.name != m.name {
				visible[other.name] = c.macros[other.name]
			}
		}
		c.macros[m.name] = c.expand(c.macros[m.name], visible, m.condition, m.place)
	}
}

func (c *compiler) expand(node filter.Node, macros map[string]filter.Node, condition string, at place) filter.Node {
	names := filter.Macros(node)
	for range len(c.macros) + 1 {
		expanded, err := filter.Expand(node, macros)
		if err != nil {
			fail(errValidate, at.inside(condition, err.Pos), "%s", err.Text)
		}
		node = expanded
		more := filter.Macros(node)
		if len(more) == 0 {
			break
		}
		names = append(names, more...)
	}
	for _, name := range names {
		c.usedMacros[name] = true
	}
	return node
}

// parse reads a condition after the items of lists took the place of their names.
func (c *compiler) parse(condition string, at place) filter.Node {
	for _, l := range c.lists {
		var used bool
		if condition, used = insert(condition, l); used {
			c.usedLists[l.name] = true
		}
	}
	node, err := c.set.language.Conditions.Parse(condition)
	if err != nil {
		fail(errCondition, at.inside(condition, err.Pos), "%s", err.Text)
	}
	return node
}

func (c *compiler) compileRule(r *rule) *Rule {
	if r.unknownSource {
		return nil
	}
	condition := r.condition
	if len(r.exceptions) > 0 {
		condition = "(" + condition + ")"
		for _, e := range r.exceptions {
			condition += e.condition(c.set.language.Conditions)
		}
	}
	output := r.output
	if strings.Contains(output, containerInfo) {
		c.result.warn(warnDeprecated, containerInfoWords, r.place)
		output = strings.ReplaceAll(output, containerInfo, "")
	}
	if text := c.set.language.badOutput(output); text != "" {
		if r.skipUnknown {
			c.result.warn(warnFilter, text, r.outputPlace)
			return nil
		}
		fail(errOutput, r.outputPlace, "%s", text)
	}
	for _, name := range deprecatedFields {
		if strings.Contains(output, name) {
			text := "usage of deprecated field '" + name + "' has been detected in the rule output"
			c.result.warnings = append(c.result.warnings, finding{code: warnDeprecated, text: text, place: r.outputPlace, field: name})
		}
	}
	node := c.expand(c.parse(condition, r.conditionPlace), c.macros, condition, r.place)
	at := r.conditionPlace
	if c.set.language.warnsInside {
		at = at.inside(condition, filter.Pos{})
	}
	c.warnDeprecated(node, at)
	match, err := filter.Compile(node)
	if err != nil {
		at := r.conditionPlace.inside(condition, err.Pos)
		if r.skipUnknown && (strings.Contains(err.Text, "nonexistent field") || strings.Contains(err.Text, "unknown event type")) {
			c.result.warn(warnFilter, err.Text, at)
			return nil
		}
		fail(errCondition, at, "%s", err.Text)
	}
	for _, doubt := range c.set.language.Conditions.Warnings(node) {
		c.result.warn(warnCondition, doubt.Text, r.conditionPlace.inside(condition, doubt.Pos))
	}
	if r.warnTypes && c.set.language.broad(node) {
		c.result.warn(warnNoType, "Rule matches too many evt.type values. This has a significant performance penalty.", r.place)
	}
	return &Rule{
		Name: r.name, Output: output, Priority: r.priority, Tags: r.tags, Source: r.source, Enabled: r.enabled, Match: match,
	}
}
