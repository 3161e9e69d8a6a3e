package filter

import "slices"

// types is a set of event types, or all but those.
type types struct {
	names   []string
	without bool
}

var allTypes = types{without: true}

// Broad tells whether a condition leaves open which type of event it is about.
func Broad(node Node) bool {
	set := typesOf(node)
	return set.without || len(set.names) == 0 || len(set.names) > 100
}

func typesOf(node Node) types {
	switch n := node.(type) {
	case And:
		set := allTypes
		for _, child := range n.Children {
			set = set.intersect(typesOf(child))
		}
		return set
	case Or:
		set := types{}
		for _, child := range n.Children {
			set = set.complement().intersect(typesOf(child).complement()).complement()
		}
		return set
	case Not:
		// What is not about types says nothing about them when it is turned round either.
		if set := typesOf(n.Child); set.names != nil {
			return set.complement()
		}
	case Check:
		field, isField := n.Left.(Field)
		values, constant := n.Right.(Values)
		if isField && constant && field.Name == "evt.type" {
			return types{values.Items, n.Operator == "!="}
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
