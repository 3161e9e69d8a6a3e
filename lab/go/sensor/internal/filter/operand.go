package filter

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"
)

// extractor reads a value from an event: string, int64, bool, netip.Addr, []string for several ones, or nil for none.
type extractor func(Event) any

// operand is what one side of a check is compiled to.
type operand struct {
	read extractor
	kind kind
	// base is the kind before functions of one operand changed it: functions of several operands look at that one.
	base kind
	// name is the field's, with its argument; some fields are compared in a way of their own.
	name string
}

// Kinds of what is no field, as Falco describes them: filtercheck_field_info in sinsp_filtercheck_rawstring.cpp.
var (
	constantKind = kind{name: "NA", typ: "CHARBUF", group: textual}
	listKind     = kind{name: "NA", typ: "CHARBUF", group: textual, list: true}
)

// Extract gives an operand's value, nil for none.
func Extract(of Operand, e Event) any {
	compiled, text := compileOperand(of)
	if text != "" {
		return nil
	}
	return compiled.read(e)
}

// compileOperand says in text what is wrong.
func compileOperand(of Operand) (compiled operand, text string) {
	switch o := of.(type) {
	case Field:
		field := undotted(o)
		known, text := lookUp(field)
		read := func(e Event) any { return e.Field(field.Name, field.Arg) }
		return operand{read, known, known, o.String()}, text
	case Values:
		constant := strings.Join(o.Items, "")
		return operand{func(Event) any { return constant }, constantKind, constantKind, ""}, ""
	case List:
		return compileList(o)
	case Transform:
		return compileTransform(o)
	}
	return operand{}, "filter error: a constant stands where a field is needed"
}

func compileAllOperands(all []Operand) (compiled []operand, text string) {
	for _, each := range all {
		one, text := compileOperand(each)
		if text != "" {
			return nil, text
		}
		compiled = append(compiled, one)
	}
	return compiled, ""
}

func compileList(of List) (operand, string) {
	items, text := compileAllOperands(of.Operands)
	read := func(e Event) any {
		values := []string{}
		for _, item := range items {
			value := item.read(e)
			if value == nil {
				return nil
			}
			values = append(values, textsOf(value)...)
		}
		return values
	}
	return operand{read, listKind, listKind, ""}, text
}

func compileTransform(of Transform) (operand, string) {
	operands, text := compileAllOperands(of.Operands)
	switch {
	case text != "":
		return operand{}, text
	case len(operands) > 1:
		return compileMany(of, operands)
	case of.HasArg:
		return operand{}, "filter error: transformer '" + of.Function + "' does not support field arguments"
	case of.Function == "val":
		return operands[0], ""
	}
	return compileOne(of.Function, operands[0])
}

// change is a function of one operand: the types that it takes, and what it makes of a value.
type change struct {
	types []string
	apply func(string) any
}

var paths = []string{"CHARBUF", "FSPATH", "FSRELPATH"}

// Falco's are in userspace/libsinsp/sinsp_filter_transformers/.
var changes = map[string]change{
	"tolower": {paths, func(s string) any { return strings.ToLower(s) }},
	"toupper": {paths, func(s string) any { return strings.ToUpper(s) }},
	"b64":     {[]string{"CHARBUF", "BYTEBUF"}, decoded},
	"basename": {paths, func(s string) any {
		_, name := path.Split(s)
		return name
	}},
	"len": {append([]string{"BYTEBUF"}, paths...), func(s string) any { return int64(len(s)) }},
}

func decoded(text string) any {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return string(plain)
}

func compileOne(function string, inner operand) (operand, string) {
	made, known := changes[function]
	counts := function == "len" && inner.kind.list
	switch {
	case !known:
		return operand{}, "unknown field transfomer '" + function + "'" // Falco's word
	case inner.base.plain:
		return operand{}, "field '" + inner.base.name + "' does not support transformers"
	case !counts && !slices.Contains(made.types, inner.kind.typ):
		list := ""
		if inner.kind.list {
			list = "list "
		}
		return operand{}, "can't add field transformer: type '" + inner.kind.typ + "' is not supported by '" + function +
			"' transformer applied on " + list + "field '" + inner.base.name + "'"
	}
	result := inner
	result.name = ""
	if function == "len" {
		result.kind.typ, result.kind.group, result.kind.list = "UINT64", numeric, false
	}
	result.read = func(e Event) any {
		value := inner.read(e)
		several, isList := value.([]string)
		switch {
		case value == nil:
			return nil
		case counts && isList:
			return int64(len(several))
		case isList:
			changed := make([]string, len(several))
			for i, each := range several {
				changed[i] = textOf(made.apply(each))
			}
			return changed
		}
		return made.apply(textOf(value))
	}
	return result, ""
}

// textOf is a value as text.
func textOf(value any) string { return fmt.Sprint(value) }

// textsOf is a value of any kind as texts.
func textsOf(value any) []string {
	if several, isList := value.([]string); isList {
		return several
	}
	return []string{textOf(value)}
}
