package filter

import (
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
}

// refuse says why an operator does not fit a field, in Falco's words.
func refuse(operator string, of kind) string {
	base, _, _ := strings.Cut(operator, " ")
	if of.list {
		if base == "in" || base == "intersects" {
			return ""
		}
		return "filter error: '" + operator + "' operator not supported list filters"
	}
	if slices.Contains(allowed[of.group], base) {
		return ""
	}
	words := of.group
	switch of.group {
	case boolean:
		words = numeric
	case network:
		words = address
	}
	return "filter error: '" + operator + "' operator not supported for " + string(words)
}

// testFor makes the comparison with one constant; text says why the constant does not fit.
func testFor(operator string, of kind, name, constant string) (test func(any) bool, text string) {
	switch {
	case name == "evt.type" && !events[constant]:
		return nil, "unknown event type " + constant
	case strings.HasSuffix(name, "ip.name"):
		return func(value any) bool { return hostNames.has(constant, value) != (operator == "!=") }, ""
	case of.group == numeric:
		number, err := strconv.ParseInt(constant, 0, 64)
		if err != nil {
			return nil, constant + " is not a valid number"
		}
		return func(value any) bool { n, ok := value.(int64); return ok && ordered(operator, compare(n, number)) }, ""
	case of.group == boolean:
		if constant != "true" && constant != "false" {
			return nil, "filter error: unrecognized boolean value " + constant
		}
		return func(value any) bool { return (value == (constant == "true")) != (operator == "!=") }, ""
	case of.group == address:
		return addressTest(operator, constant)
	case of.group == network:
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
	if strings.Contains(constant, "\x00") {
		return nil, `filter error: filter value cannot contain a NUL byte (\x00)`
	}
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
		return func(value any) bool { return belowPath(textOf(value), constant) }, ""
	case "regex":
		pattern, err := regexp.Compile(`\A(?:` + constant + `)\z`)
		if !utf8.ValidString(constant) {
			return nil, "invalid regex pattern: invalid UTF-8"
		}
		if err != nil {
			return nil, "invalid regex pattern: " + reason(err) + ": " + constant
		}
		holds = pattern.MatchString
	}
	return func(value any) bool { return holds(textOf(value)) }, ""
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
