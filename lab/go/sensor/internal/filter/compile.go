package filter

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
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

// extractor reads a value from an event.
type extractor func(Event) any

func compileCheck(check Check) (Matcher, *Error) {
	left, group, name, text := compileOperand(check.Left)
	if text == "" && check.Operator != "exists" {
		text = refuse(check.Operator, group)
	}
	if text != "" {
		return nil, &Error{check.Pos, text}
	}
	if check.Right == nil {
		return func(e Event) bool { return left(e) != nil }, nil
	}
	values, constant := check.Right.(Values)
	if !constant {
		right, _, _, text := compileOperand(check.Right)
		if text != "" {
			return nil, &Error{check.Pos, text}
		}
		return compareFields(left, right, check.Operator), nil
	}
	return compileValues(check, left, group, name, values.Items)
}

// Extract gives an operand's value, nil for none.
func Extract(operand Operand, e Event) any {
	read, _, _, text := compileOperand(operand)
	if text != "" {
		return nil
	}
	return read(e)
}

// compareFields compares two fields; a value that is missing on either side makes no match.
func compareFields(left, right extractor, operator string) Matcher {
	return func(e Event) bool {
		a, b := left(e), right(e)
		if a == nil || b == nil {
			return false
		}
		test, text := testFor(operator, textual, "", fmt.Sprint(b))
		return text == "" && test(fmt.Sprint(a))
	}
}

// compileValues makes one test for each constant. All but allof are satisfied by one of them.
func compileValues(check Check, left extractor, group group, name string, values []string) (Matcher, *Error) {
	operator, modifier, _ := strings.Cut(check.Operator, " ")
	tests := make([]func(any) bool, len(values))
	for i, value := range values {
		var text string
		if tests[i], text = testFor(operator, group, name, value); text != "" {
			return nil, &Error{check.Pos, text}
		}
	}
	return func(e Event) bool {
		value := left(e)
		if value == nil {
			return false
		}
		holds := func(test func(any) bool) bool { return test(value) }
		if modifier == "allof" {
			return !slices.ContainsFunc(tests, func(test func(any) bool) bool { return !holds(test) })
		}
		return slices.ContainsFunc(tests, holds)
	}, nil
}

// compileOperand gives the value's reader, how it is compared, and the field's name; text says what is wrong.
func compileOperand(operand Operand) (read extractor, group group, name, text string) {
	switch o := operand.(type) {
	case Field:
		field := undotted(o)
		known, text := lookUp(field)
		return func(e Event) any { return e.Field(field.Name, field.Arg) }, known.group, o.String(), text
	case Transform:
		return compileTransform(o)
	}
	return nil, textual, "", "filter error: a constant stands where a field is needed"
}

func compileTransform(transform Transform) (extractor, group, string, string) {
	inner, group, name, text := compileOperand(transform.Operands[0])
	if text != "" || transform.Function == "val" {
		return inner, group, name, text
	}
	change, known := transforms[transform.Function]
	if !known || len(transform.Operands) > 1 {
		return nil, textual, "", "filter error: the lab's stand-in has no function '" + transform.Function + "'"
	}
	if transform.Function == "len" {
		group = numeric
	}
	return func(e Event) any {
		if value, isText := inner(e).(string); isText {
			return change(value)
		}
		return nil
	}, group, "", ""
}

var transforms = map[string]func(string) any{
	"tolower":  func(s string) any { return strings.ToLower(s) },
	"toupper":  func(s string) any { return strings.ToUpper(s) },
	"basename": func(s string) any { return path.Base(s) },
	"len":      func(s string) any { return int64(len(s)) },
}

var allowed = map[group][]string{
	numeric: {"==", "=", "!=", "<", "<=", ">", ">=", "in", "intersects"},
	boolean: {"==", "=", "!=", "in", "intersects"},
	textual: {
		"==", "=", "!=", "<", "<=", ">", ">=", "contains", "in", "icontains", "startswith", "glob", "pmatch", "endswith", "intersects",
		"iglob", "regex",
	},
	buffer:  {"==", "=", "!=", "contains", "in", "startswith", "endswith", "intersects", "bcontains", "bstartswith"},
	address: {"==", "=", "!=", "in", "intersects"},
	network: {"==", "=", "!=", "in", "intersects"},
	list:    {"in", "intersects"},
}

// refuse says why an operator does not fit a field, in Falco's words.
func refuse(operator string, group group) string {
	base, _, _ := strings.Cut(operator, " ")
	if slices.Contains(allowed[group], base) {
		return ""
	}
	words := group
	switch group {
	case boolean:
		words = numeric
	case network:
		words = address
	case list:
		return "filter error: '" + operator + "' operator not supported list filters"
	}
	return "filter error: '" + operator + "' operator not supported for " + string(words)
}

// testFor makes the comparison with one constant; text says why the constant does not fit.
func testFor(operator string, group group, name, constant string) (test func(any) bool, text string) {
	switch {
	case name == "evt.type" && !events[constant]:
		return nil, "unknown event type " + constant
	case strings.HasSuffix(name, "ip.name"):
		return func(value any) bool { return hostNames.has(constant, value) != (operator == "!=") }, ""
	case group == numeric:
		number, err := strconv.ParseInt(constant, 0, 64)
		if err != nil {
			return nil, constant + " is not a valid number"
		}
		return func(value any) bool { n, ok := value.(int64); return ok && ordered(operator, compare(n, number)) }, ""
	case group == boolean:
		if constant != "true" && constant != "false" {
			return nil, "filter error: unrecognized boolean value " + constant
		}
		return func(value any) bool { return (value == (constant == "true")) != (operator == "!=") }, ""
	case group == address:
		return addressTest(operator, constant)
	case group == network:
		return networkTest(operator, constant)
	}
	return textTest(operator, constant)
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ordered(operator string, order int) bool {
	switch operator {
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	return order == 0
}

func addressTest(operator, constant string) (func(any) bool, string) {
	wanted, err := netip.ParseAddr(constant)
	switch {
	case err == nil:
		return func(value any) bool { return (value == wanted) != (operator == "!=") }, ""
	case strings.Contains(constant, ":"):
		return nil, "unrecognized IPv6 address " + constant
	case strings.Contains(constant, "."):
		return nil, "unrecognized IPv4 address " + constant
	}
	return nil, "unrecognized IP address " + constant
}

func networkTest(operator, constant string) (func(any) bool, string) {
	wanted, err := netip.ParsePrefix(constant)
	if one, errOne := netip.ParseAddr(constant); err != nil && errOne == nil {
		wanted, err = netip.PrefixFrom(one, one.BitLen()), nil
	}
	if err != nil {
		return nil, "unrecognized IP network " + constant
	}
	return func(value any) bool {
		address, ok := value.(netip.Addr)
		return ok && wanted.Contains(address) != (operator == "!=")
	}, ""
}

func textTest(operator, constant string) (func(any) bool, string) {
	holds := func(string) bool { return false }
	switch operator {
	case "=", "==", "in", "intersects", "!=", "<", "<=", ">", ">=":
		holds = func(s string) bool { return ordered(operator, strings.Compare(s, constant)) }
	case "contains":
		holds = func(s string) bool { return strings.Contains(s, constant) }
	case "icontains":
		holds = func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(constant)) }
	case "startswith":
		holds = func(s string) bool { return strings.HasPrefix(s, constant) }
	case "endswith":
		holds = func(s string) bool { return strings.HasSuffix(s, constant) }
	case "glob", "iglob":
		holds = globPattern(constant, operator == "iglob").MatchString
	case "pmatch":
		return func(value any) bool { return belowPath(fmt.Sprint(value), constant) }, ""
	case "regex":
		pattern, err := regexp.Compile(`\A(?:` + constant + `)\z`)
		if err != nil {
			return nil, "invalid regex pattern: " + reason(err) + ": " + constant
		}
		holds = pattern.MatchString
	}
	return func(value any) bool { return holds(fmt.Sprint(value)) }, ""
}

func reason(err error) string {
	if known, ok := err.(*syntax.Error); ok && known.Code == syntax.ErrMissingParen {
		return "missing )"
	}
	return err.Error()
}

// globPattern lets * and ? match slashes too, as Falco does.
func globPattern(glob string, anyCase bool) *regexp.Regexp {
	pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".", `\[`, "[", `\]`, "]").Replace(regexp.QuoteMeta(glob))
	if anyCase {
		pattern = "(?i)" + pattern
	}
	compiled, err := regexp.Compile(`(?s)\A` + pattern + `\z`)
	if err != nil {
		return regexp.MustCompile(`\A` + regexp.QuoteMeta(glob) + `\z`)
	}
	return compiled
}

// belowPath tells whether the path is the prefix or lies below it; components of the prefix may be globs.
func belowPath(value, prefix string) bool {
	have, want := strings.Split(strings.Trim(value, "/"), "/"), strings.Split(strings.Trim(prefix, "/"), "/")
	if len(have) < len(want) {
		return false
	}
	for i, component := range want {
		if component != have[i] && !globPattern(component, false).MatchString(have[i]) {
			return false
		}
	}
	return true
}
