package filter

import (
	"strings"
	"unicode"
)

// Warning is doubtful, and no mistake.
type Warning struct {
	Pos
	Text string
}

// Warnings lists what Falco doubts of a condition's constants: check_value_and_add_warnings in userspace/libsinsp/filter.cpp.
func (l Language) Warnings(node Node) []Warning {
	switch n := node.(type) {
	case Not:
		return l.Warnings(n.Child)
	case And:
		return l.warningsOf(n.Children)
	case Or:
		return l.warningsOf(n.Children)
	case Check:
		if values, constant := n.Right.(Values); constant {
			return l.doubts(n.Operator, values)
		}
	}
	return nil
}

func (l Language) warningsOf(nodes []Node) []Warning {
	var all []Warning
	for _, node := range nodes {
		all = append(all, l.Warnings(node)...)
	}
	return all
}

func (l Language) doubts(operator string, values Values) []Warning {
	var all []Warning
	warn := func(text string) { all = append(all, Warning{values.Pos, text}) }
	base, _, _ := strings.Cut(operator, " ")
	for _, value := range values.Items {
		if base == "regex" && simple(value) {
			warn("regex check with '" + value + "' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'")
		}
		solid := strings.Join(strings.FieldsFunc(value, unicode.IsSpace), "")
		if l.isField(solid) {
			warn("'" + value + "' may be a valid field misused as a const string value")
		}
		for _, function := range append([]string{"val"}, l.functions...) {
			if strings.HasPrefix(solid, function+"(") && strings.HasSuffix(solid, ")") {
				warn("'" + value + "' may be a valid field transformer misused as a const string value")
			}
		}
	}
	return all
}

func (l Language) isField(text string) bool {
	operand, length, err := l.ParseOperand(text)
	field, plain := operand.(Field)
	return err == nil && plain && length == len(text) && Known(field)
}

// simple tells whether a pattern has signs at its ends alone.
func simple(pattern string) bool {
	last := len(pattern) - 1
	for i := 0; i <= last; i++ {
		c := pattern[i]
		if i == 0 && c == '^' || i == last && c == '$' {
			continue
		}
		if (i == 0 && last > 0 || i == last-1) && c == '.' && strings.IndexByte("+*?", pattern[i+1]) >= 0 {
			i++
			continue
		}
		if strings.IndexByte(`.+*?^$()[]{}|\`, c) >= 0 {
			return false
		}
	}
	return true
}
