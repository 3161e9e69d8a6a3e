package filter

import "strings"

// compileMany makes a function of several operands: userspace/libsinsp/sinsp_filtercheck_multivalue_transformer.cpp.
func compileMany(of Transform, operands []operand) (operand, string) {
	var read extractor
	var text string
	result := constantKind
	switch of.Function {
	case "join":
		read, text = join(operands)
	case "concat":
		read, text = concat(operands)
	case "getopt":
		read, text = getopt(operands, of.Arg, of.HasArg)
		result.list = !of.HasArg
	default:
		return operand{}, "unknown multivalue transformer"
	}
	if text == "" && of.HasArg && of.Function != "getopt" {
		text = "transformer '" + of.Function + "' does not support field arguments"
	}
	return operand{read, result, constantKind, ""}, text
}

func join(operands []operand) (extractor, string) {
	switch {
	case len(operands) != 2:
		return nil, "join() requires exactly 2 arguments: separator and list"
	case operands[0].base.list:
		return nil, "join() first argument (separator) must be a single value, not a list"
	case !operands[1].base.list:
		return nil, "join() second argument must be a list"
	}
	return func(e Event) any {
		separator, list := operands[0].read(e), operands[1].read(e)
		if separator == nil || list == nil {
			return nil
		}
		return strings.Join(textsOf(list), textOf(separator))
	}, ""
}

func concat(operands []operand) (extractor, string) {
	for _, each := range operands {
		if each.base.typ != "CHARBUF" || each.base.list {
			return nil, "concat() arguments must be strings"
		}
	}
	return func(e Event) any {
		var whole strings.Builder
		for _, each := range operands {
			value := each.read(e)
			if value == nil {
				return nil
			}
			whole.WriteString(textOf(value))
		}
		return whole.String()
	}, ""
}

func getopt(operands []operand, selector string, selects bool) (extractor, string) {
	switch {
	case len(operands) != 2:
		return nil, "getopt() requires exactly 2 arguments: args list and optstring"
	case !operands[0].base.list:
		return nil, "getopt() first argument must be a list"
	case operands[1].base.list:
		return nil, "getopt() second argument (optstring) must be a single value"
	case operands[0].base.typ != "CHARBUF" || operands[1].base.typ != "CHARBUF":
		return nil, "getopt() arguments must be strings"
	case selects && len(selector) != 1:
		return nil, "getopt() field argument must be a single option character"
	}
	return func(e Event) any {
		accepted, arguments := operands[1].read(e), operands[0].read(e)
		if accepted == nil || arguments == nil {
			return nil
		}
		found := options(textsOf(arguments), textOf(accepted))
		if !selects {
			return flat(found)
		}
		for i := len(found) - 1; i >= 0; i-- {
			if found[i].name == selector && !found[i].unknown {
				return found[i].selected()
			}
		}
		return nil
	}, ""
}

// option is one that getopt found. An unknown one has the name "?".
type option struct {
	name, value string
	takes       bool // has a value
	missing     bool // should have one
	unknown     bool
}

func (o option) selected() string {
	if o.takes || o.missing {
		return o.value
	}
	return o.name
}

// flat lists names and values one after the other. Falco gives an empty text for an option whose value is missing.
func flat(found []option) []string {
	all := []string{}
	for _, each := range found {
		switch {
		case each.missing:
			all = append(all, "")
		case each.takes:
			all = append(all, each.name, each.value)
		default:
			all = append(all, each.name)
		}
	}
	return all
}

// options reads arguments up to the first one that is no option. Long options are passed over.
func options(arguments []string, accepted string) []option {
	accepted = strings.TrimPrefix(accepted, ":")
	var found []option
	for i := 0; i < len(arguments); i++ {
		word := arguments[i]
		if word == "--" || len(word) < 2 || word[0] != '-' {
			break
		}
		if strings.HasPrefix(word, "--") {
			continue
		}
		for j := 1; j < len(word); j++ {
			at := strings.IndexByte(accepted, word[j])
			if word[j] == ':' || at < 0 {
				found = append(found, option{name: "?", unknown: true})
				continue
			}
			one := option{name: word[j : j+1]}
			if !strings.HasPrefix(accepted[at+1:], ":") {
				found = append(found, one)
				continue
			}
			switch {
			case j+1 < len(word):
				one.value, one.takes = word[j+1:], true
			case i+1 < len(arguments):
				i++
				one.value, one.takes = arguments[i], true
			default:
				one.missing = true
			}
			found = append(found, one)
			break
		}
	}
	return found
}
