// Package filter parses and evaluates conditions in Falco's language.
package filter

// Pos is a place in a condition: Offset counts from 0, Line and Column from 1.
type Pos struct{ Offset, Line, Column int }

// At gives the place of a node.
func (p Pos) At() Pos { return p }

// Node is a part of a condition that is true or false.
type Node interface{ At() Pos }

// And, Or and Not combine nodes.
type (
	And struct {
		Pos
		Children []Node
	}
	Or struct {
		Pos
		Children []Node
	}
	Not struct {
		Pos
		Child Node
	}
)

// Name is the use of a macro.
type Name struct {
	Pos
	Macro string
}

// Check compares a field. Right is nil for the operator exists.
type Check struct {
	Pos
	Left     Operand
	Operator string
	Right    Operand
}

// Operand is one side of a Check.
type Operand interface{ At() Pos }

// Field is a field of an event, with the text between its brackets.
type Field struct {
	Pos
	Name   string
	Arg    string
	HasArg bool
}

func (f Field) String() string {
	if f.HasArg {
		return f.Name + "[" + f.Arg + "]"
	}
	return f.Name
}

// Transform is a function applied to operands, as in tolower(proc.name), with the text between brackets behind it.
type Transform struct {
	Pos
	Function string
	Operands []Operand
	Arg      string
	HasArg   bool
}

// List is several operands that a function takes as one, as in join("-", (proc.name, fd.name)).
type List struct {
	Pos
	Operands []Operand
}

// Values is a constant, or a list of constants.
type Values struct {
	Pos
	Items []string
}

// Expand returns the condition with every macro's own condition in its place. The error names a macro that is not known.
func Expand(node Node, macros map[string]Node) (Node, *Error) {
	switch n := node.(type) {
	case Name:
		body, known := macros[n.Macro]
		if !known {
			return nil, &Error{n.Pos, "Undefined macro '" + n.Macro + "' used in filter."}
		}
		return body, nil
	case Not:
		child, err := Expand(n.Child, macros)
		return Not{n.Pos, child}, err
	case And:
		children, err := expandAll(n.Children, macros)
		return And{n.Pos, children}, err
	case Or:
		children, err := expandAll(n.Children, macros)
		return Or{n.Pos, children}, err
	}
	return node, nil
}

func expandAll(nodes []Node, macros map[string]Node) ([]Node, *Error) {
	expanded := make([]Node, len(nodes))
	var first *Error
	for i, node := range nodes {
		var err *Error
		if expanded[i], err = Expand(node, macros); err != nil && first == nil {
			first = err
		}
	}
	return expanded, first
}

// Macros lists the macros that a condition names.
func Macros(node Node) []string {
	switch n := node.(type) {
	case Name:
		return []string{n.Macro}
	case Not:
		return Macros(n.Child)
	case And:
		return macrosOf(n.Children)
	case Or:
		return macrosOf(n.Children)
	}
	return nil
}

func macrosOf(nodes []Node) []string {
	var names []string
	for _, node := range nodes {
		names = append(names, Macros(node)...)
	}
	return names
}

// Fields lists the fields that a condition compares, the left sides only.
func Fields(node Node) []Field {
	switch n := node.(type) {
	case Not:
		return Fields(n.Child)
	case And:
		return fieldsOf(n.Children)
	case Or:
		return fieldsOf(n.Children)
	case Check:
		return FieldsOf(n.Left)
	}
	return nil
}

func fieldsOf(nodes []Node) []Field {
	var fields []Field
	for _, node := range nodes {
		fields = append(fields, Fields(node)...)
	}
	return fields
}

// FieldsOf lists the fields of an operand.
func FieldsOf(operand Operand) []Field {
	switch o := operand.(type) {
	case Field:
		return []Field{o}
	case Transform:
		return operandFields(o.Operands)
	case List:
		return operandFields(o.Operands)
	}
	return nil
}

func operandFields(operands []Operand) []Field {
	var fields []Field
	for _, operand := range operands {
		fields = append(fields, FieldsOf(operand)...)
	}
	return fields
}
