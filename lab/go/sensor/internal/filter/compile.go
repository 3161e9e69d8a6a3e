package filter

import (
	"slices"
	"strings"
)

// Event gives the values of its fields: string, int64, bool, netip.Addr, or nil for a field without a value.
type Event interface {
	Field(name, arg string) any
}

// Matcher tells whether a condition holds for an event.
type Matcher func(Event) bool

// Compile turns a condition without macros into a Matcher.
func Compile(node Node) (Matcher, *Error) {
	switch n := node.(type) {
	case And:
		return compileAll(n.Children, func(results []Matcher, e Event) bool {
			return !slices.ContainsFunc(results, func(m Matcher) bool { return !m(e) })
		})
	case Or:
		return compileAll(n.Children, func(results []Matcher, e Event) bool {
			return slices.ContainsFunc(results, func(m Matcher) bool { return m(e) })
		})
	case Not:
		inner, err := Compile(n.Child)
		if err != nil {
			return nil, err
		}
		return func(e Event) bool { return !inner(e) }, nil
	case Check:
		return compileCheck(n)
	}
	return nil, &Error{node.At(), "filter error: unexpected identifier"}
}

func compileAll(nodes []Node, join func([]Matcher, Event) bool) (Matcher, *Error) {
	matchers := make([]Matcher, len(nodes))
	for i, node := range nodes {
		var err *Error
		if matchers[i], err = Compile(node); err != nil {
			return nil, err
		}
	}
	return func(e Event) bool { return join(matchers, e) }, nil
}

func compileCheck(check Check) (Matcher, *Error) {
	left, text := compileOperand(check.Left)
	if text == "" && check.Operator != "exists" {
		text = refuse(check.Operator, left.kind)
	}
	if text != "" {
		return nil, &Error{check.Pos, text}
	}
	if check.Right == nil {
		return func(e Event) bool { return left.read(e) != nil }, nil
	}
	values, constant := check.Right.(Values)
	if !constant {
		right, text := compileOperand(check.Right)
		if text != "" {
			return nil, &Error{check.Pos, text}
		}
		return compareFields(left.read, right.read, check.Operator), nil
	}
	return compileValues(check, left, values.Items)
}

// compareFields compares two fields; a value that is missing on either side makes no match.
func compareFields(left, right extractor, operator string) Matcher {
	return func(e Event) bool {
		a, b := left(e), right(e)
		if a == nil || b == nil {
			return false
		}
		test, text := testFor(operator, kind{group: textual}, "", textOf(b))
		return text == "" && test(textOf(a))
	}
}

// compileValues makes one test for each constant.
func compileValues(check Check, left operand, values []string) (Matcher, *Error) {
	operator, modifier, _ := strings.Cut(check.Operator, " ")
	tests := make([]func(any) bool, len(values))
	for i, value := range values {
		var text string
		if tests[i], text = testFor(operator, left.kind, left.name, value); text != "" {
			return nil, &Error{check.Pos, text}
		}
	}
	return func(e Event) bool {
		value := left.read(e)
		if value == nil {
			return false
		}
		if several, isList := value.([]string); isList && left.kind.list {
			return severalHold(operator, several, values)
		}
		return held(modifier, len(tests), func(i int) bool { return tests[i](value) })
	}, nil
}

// held says by how many tests a check holds: by exactly one for oneof, by each for allof, by any of them otherwise.
func held(modifier string, tests int, holds func(int) bool) bool {
	count := 0
	for i := range tests {
		if holds(i) {
			count++
		}
	}
	switch modifier {
	case "oneof":
		return count == 1
	case "allof":
		return tests > 0 && count == tests
	}
	return count > 0
}

// severalHold compares a field of several values: all of them for in, any of them for intersects.
func severalHold(operator string, have, wanted []string) bool {
	among := func(each string) bool { return slices.Contains(wanted, each) }
	if operator == "intersects" {
		return slices.ContainsFunc(have, among)
	}
	return !slices.ContainsFunc(have, func(each string) bool { return !among(each) })
}
