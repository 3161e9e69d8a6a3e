package filter

import (
	"slices"
	"strconv"
)

// types is a set of event types, or all but those.
type types struct {
	names   []string
	without bool
}

var allTypes = types{without: true}

var noTypes = types{names: []string{}}

// Types tells whether a condition leaves open which type of event it is about, and whether no type can satisfy it.
func (l Language) Types(node Node) (broad, never bool) {
	set := l.typesOf(node)
	return set.without || len(set.names) > 100, !set.without && len(set.names) == 0
}

func (l Language) typesOf(node Node) types {
	switch n := node.(type) {
	case And:
		set := allTypes
		for _, child := range n.Children {
			set = set.intersect(l.typesOf(child))
		}
		return set
	case Or:
		set := types{}
		for _, child := range n.Children {
			set = set.complement().intersect(l.typesOf(child).complement()).complement()
		}
		return set
	case Not:
		// What is not about types says nothing about them when it is turned round either.
		if set := l.typesOf(n.Child); set.names != nil {
			return set.complement()
		}
	case Check:
		field, isField := n.Left.(Field)
		values, constant := n.Right.(Values)
		if isField && constant && field.Name == "evt.type" {
			return types{values.Items, n.Operator == "!="}
		}
		if isField && constant && field.Name == "evt.num" && l.bytes {
			return numbered(n.Operator, values.Items)
		}
	}
	return allTypes
}

func (t types) complement() types { return types{t.names, !t.without} }

func (t types) intersect(other types) types {
	switch {
	case t.without && other.without:
		return types{slices.Concat(t.names, other.names), true}
	case t.without:
		return other.intersect(t)
	}
	var names []string
	for _, name := range t.names {
		if slices.Contains(other.names, name) != other.without {
			names = append(names, name)
		}
	}
	return types{names, false}
}

// numbered is what a check of evt.num says of the types: all numbers of events are greater than 0.
func numbered(operator string, values []string) types {
	numbers := make([]uint64, len(values))
	for i, value := range values {
		var err error
		if numbers[i], err = strconv.ParseUint(value, 0, 64); err != nil {
			return allTypes
		}
	}
	if operator == "in" {
		if slices.ContainsFunc(numbers, func(number uint64) bool { return number > 0 }) {
			return allTypes
		}
		return noTypes
	}
	zero, small := numbers[0] == 0, numbers[0] <= 1
	switch {
	case (operator == "=" || operator == "==" || operator == "<=") && zero, operator == "<" && small:
		return noTypes
	case (operator == "!=" || operator == ">") && zero, operator == ">=" && small:
		return noTypes.complement()
	}
	return allTypes
}
