package rules

import (
	"slices"
	"strings"

	"lab.invalid/sensor/internal/filter"
)

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

// appendException adds values to an exception of that name, or a new exception.
func (r *rule) appendException(language Language, e exception) {
	i := slices.IndexFunc(r.exceptions, func(known exception) bool { return known.name == e.name })
	switch {
	case i < 0 && !e.fields.given():
		fail(errValidate, e.place, "Rule exception must have fields property with a list of fields")
	case i < 0 && len(e.values) == 0:
		fail(errValidate, e.place, "Rule exception must have values property with a list of values")
	case i < 0:
		e.complete(language, !r.unknownSource)
		r.exceptions = append(r.exceptions, e)
	case e.fields.given():
		fail(errValidate, e.place, "Can not append exception fields to existing exception, only values")
	case e.comps.given():
		fail(errValidate, e.place, "Can not append exception comps to existing exception, only values")
	default:
		r.exceptions[i].values = append(r.exceptions[i].values, e.values...)
	}
}

func (l Language) trim(operator string) string {
	if l.trimmed {
		return strings.Trim(operator, blanks)
	}
	return operator
}

// complete fills in the operators that were left out, and refuses what cannot be compared.
func (e *exception) complete(language Language, knownSource bool) {
	refuse := func(bad bool, text string) {
		if bad {
			fail(errValidate, e.place, "%s", text)
		}
	}
	fields := []entry{e.fields}
	if e.fields.isList {
		fields = e.fields.items
		if !e.comps.given() {
			e.comps = entry{isList: true, items: slices.Repeat([]entry{{item: "="}}, len(fields))}
		}
		refuse(len(e.comps.items) != len(fields), "Fields and comps lists must have equal length")
		for i := range e.comps.items {
			operator := language.trim(e.comps.items[i].item)
			e.comps.items[i].item = operator
			refuse(!slices.Contains(filter.Operators(), operator) && !language.Conditions.IsModified(operator),
				"'"+operator+"' is not a supported comparison operator")
		}
	} else {
		if !e.comps.given() {
			e.comps = entry{item: "in"}
		}
		refuse(e.comps.isList, "Fields and comps must both be strings")
		e.comps.item = language.trim(e.comps.item)
		allowed := "(in, pmatch, intersects)"
		if language.Conditions.HasModifiers() {
			allowed += " or a modifier operator (e.g. startswith oneof)"
		}
		refuse(!language.Conditions.IsListOperator(e.comps.item), "When fields is a single value, comps must be one of "+allowed)
	}
	for _, field := range fields {
		refuse(knownSource && !language.Conditions.IsLeftSide(field.item), "'"+field.item+"' is not a supported filter field")
	}
}
