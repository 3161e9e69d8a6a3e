package rules

import (
	"strings"

	"lab.invalid/sensor/internal/filter"
)

// Rule is a rule that can be judged.
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

const (
	blanks     = " \t\n\r"
	delimiters = blanks + "(),="
)

func delimited(text string, start, end int) bool {
	return (start == 0 || strings.IndexByte(delimiters, text[start-1]) >= 0) &&
		(end >= len(text) || strings.IndexByte(delimiters, text[end]) >= 0)
}

// insert replaces the list's name by its items wherever it stands alone.
func insert(condition string, l *list) (string, bool) {
	items := make([]string, len(l.items))
	for i, item := range l.items {
		items[i] = quote(item)
	}
	replacement, used := strings.Join(items, ", "), false
	for from := 0; ; {
		found := strings.Index(condition[from:], l.name)
		if found < 0 {
			return condition, used
		}
		start := from + found
		end := start + len(l.name)
		if !delimited(condition, start, end) {
			from = start + 1
			continue
		}
		before, behind := strings.TrimRight(condition[:start], blanks), strings.TrimLeft(condition[end:], blanks)
		if replacement == "" {
			var cut bool
			if before, cut = strings.CutSuffix(before, ","); !cut {
				behind = strings.TrimPrefix(behind, ",")
			}
		}
		if before != "" {
			before += " "
		}
		condition, used = before+replacement+" "+behind, true
		if from = len(before) + len(replacement) + 1; from > len(condition) {
			return condition, used
		}
	}
}

func quote(item string) string {
	if strings.Contains(item, " ") && item[0] != '"' && item[0] != '\'' {
		return `"` + item + `"`
	}
	return item
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

// condition is what an exception adds to its rule's condition.
func (e exception) condition(language filter.Language) string {
	var parts []string
	for _, value := range e.values {
		if !e.fields.isList {
			if value.isList {
				fail(errValidate, e.place, "Expected values array to contain a list of strings")
			}
			parts = append(parts, quote(value.item))
			continue
		}
		if len(value.items) != len(e.fields.items) {
			fail(errValidate, e.place, "Fields and values lists must have equal length")
		}
		var checks []string
		for i, field := range e.fields.items {
			operator := e.comps.items[i].item
			checks = append(checks, " "+field.item+" "+operator+" "+operand(language, operator, value.items[i]))
		}
		parts = append(parts, "("+strings.Join(checks, " and ")+")")
	}
	switch {
	case parts == nil:
		return ""
	case e.fields.isList:
		return " and not (" + strings.Join(parts, " or ") + ")"
	}
	return " and not (" + e.fields.item + " " + e.comps.item + " (" + strings.Join(parts, ", ") + "))"
}

func operand(language filter.Language, operator string, value entry) string {
	if value.isList {
		var items []string
		for _, item := range value.items {
			items = append(items, quote(item.item))
		}
		return "(" + strings.Join(items, ", ") + ")"
	}
	if language.IsListOperator(operator) {
		if strings.HasPrefix(value.item, "(") {
			return value.item
		}
		return "(" + value.item + ")"
	}
	return quote(value.item)
}
