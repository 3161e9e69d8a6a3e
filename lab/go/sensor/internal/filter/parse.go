package filter

import (
	"regexp"
	"slices"
	"strings"
)

// Error is a mistake in a condition and its place.
type Error struct {
	Pos
	Text string
}

func (e *Error) Error() string { return e.Text }

// POSIX: of several matches the longest is taken.
var (
	notBlank   = regexp.MustCompilePOSIX(`^(not[ \t\n\v\f\r]+)`)
	identifier = regexp.MustCompilePOSIX(`^([a-zA-Z]+[a-zA-Z0-9_]*)`)
	fieldName  = regexp.MustCompilePOSIX(`^([a-zA-Z]+[a-zA-Z0-9_]*(\.[a-zA-Z]+[a-zA-Z0-9_]*)+)`)
	fieldArg   = regexp.MustCompilePOSIX(`^([^]["' \t\n\v\f\r]+)`)
	hexNumber  = regexp.MustCompilePOSIX(`^(0[xX][0-9a-fA-F]+)`)
	number     = regexp.MustCompilePOSIX(`^([+-]?[0-9]+[.]?[0-9]*([eE][+-][0-9]+)?)`)
	bareText   = regexp.MustCompilePOSIX(`^([^()"' \t\n\v\f\r=,]+)`)
)

var (
	unaryOperators   = []string{"exists"}
	numericOperators = []string{"<=", "<", ">=", ">"}
	textOperators    = []string{
		"==", "=", "!=", "glob", "iglob", "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex",
	}
	listOperators = []string{"intersects", "in", "pmatch"}
)

// Operators lists all of them, in the order in which messages name them.
func Operators() []string {
	return slices.Concat(unaryOperators, numericOperators, textOperators, listOperators)
}

// IsListOperator tells whether the right side of the operator is a list.
func (l Language) IsListOperator(operator string) bool {
	return slices.Contains(listOperators, operator) || l.IsModified(operator)
}

// IsModified tells whether the operator is a text operator with a modifier, as in "contains oneof".
func (l Language) IsModified(operator string) bool {
	base, modifier, found := strings.Cut(operator, " ")
	return found && slices.Contains(textOperators, base) && slices.Contains(l.modifiers, strings.TrimSpace(modifier))
}

func quoted(words []string) string { return "'" + strings.Join(words, "', '") + "'" }

// parser walks through the text once. A mistake is a panic with an *Error, which Parse returns.
type parser struct {
	Language
	text string
	pos  Pos
	last string
}

// Parse reads a condition.
func (l Language) Parse(text string) (node Node, err *Error) {
	p := l.newParser(text)
	defer p.recover(&err)
	if text == "" {
		p.fail("filter input string is empty")
	}
	node = p.or()
	if p.pos.Offset != len(text) {
		p.fail("unexpected token after '" + p.last + "', expecting 'or', 'and'")
	}
	return node, nil
}

func (l Language) newParser(text string) *parser {
	return &parser{Language: l, text: text, pos: Pos{0, 1, 1}}
}

func (p *parser) recover(err **Error) {
	switch caught := recover().(type) {
	case nil:
	case *Error:
		*err = caught
	default:
		panic(caught)
	}
}

func (p *parser) fail(text string) { panic(&Error{p.pos, text}) }

func (p *parser) or() Node {
	at := p.pos
	p.blank()
	children := []Node{p.and()}
	p.blank()
	for p.word("or") {
		children = append(children, p.operandOf("or", p.and))
		p.blank()
	}
	if len(children) == 1 {
		return children[0]
	}
	return Or{at, children}
}

func (p *parser) and() Node {
	at := p.pos
	p.blank()
	children := []Node{p.not()}
	p.blank()
	for p.word("and") {
		children = append(children, p.operandOf("and", p.not))
		p.blank()
	}
	if len(children) == 1 {
		return children[0]
	}
	return And{at, children}
}

// operandOf reads what stands behind "and" or "or": a blank and more, or a bracket at once.
func (p *parser) operandOf(word string, next func() Node) Node {
	if p.blank() {
		return next()
	}
	if !p.word("(") {
		p.fail("expected blank or '(' after '" + word + "'")
	}
	return p.embedded()
}

func (p *parser) not() Node {
	at, negated := p.pos, false
	var child Node
	p.blank()
	for p.match(notBlank) {
		negated = !negated
	}
	if p.word("not(") {
		negated = !negated
		child = p.embedded()
	} else {
		child = p.check()
	}
	if negated {
		return Not{at, child}
	}
	return child
}

func (p *parser) embedded() Node {
	p.blank()
	node := p.or()
	p.blank()
	if !p.word(")") {
		p.fail("expected a ')' token")
	}
	return node
}

func (p *parser) check() Node {
	at := p.pos
	p.blank()
	if p.word("(") {
		return p.embedded()
	}
	if p.match(fieldName) {
		return p.condition(p.field(at), at)
	}
	if left := p.function(); left != nil {
		return p.condition(left, at)
	}
	if p.match(identifier) {
		return Name{at, p.last}
	}
	p.fail("expected a '(' token, a field check, or an identifier")
	return nil
}

func (p *parser) condition(left Operand, at Pos) Node {
	p.blank()
	if p.operator(unaryOperators) {
		return Check{at, left, p.last, nil}
	}
	if p.operator(numericOperators) {
		operator := p.last
		return Check{at, left, operator, p.numericValue()}
	}
	if p.operator(textOperators) {
		operator := p.last
		return p.textCheck(left, operator, at)
	}
	if p.operator(listOperators) {
		operator := p.last
		return Check{at, left, operator, p.listValue()}
	}
	p.fail("expected a valid check operator: one of " + quoted(Operators()))
	return nil
}

// textCheck reads the right side of a text operator: a modifier and a list, or a value.
func (p *parser) textCheck(left Operand, operator string, at Pos) Node {
	apart := isLetter(operator[0]) || p.blank()
	pos, last := p.pos, p.last
	if apart && p.operator(p.modifiers) {
		modifier := p.last
		if p.listFollows() {
			return Check{at, left, operator + " " + modifier, p.listValue()}
		}
	}
	p.pos, p.last = pos, last
	return Check{at, left, operator, p.textValue()}
}

func (p *parser) listFollows() bool {
	rest := p.rest()
	if strings.HasPrefix(rest, "(") {
		return true
	}
	word := identifier.FindString(rest)
	return word != "" && !slices.Contains([]string{"and", "or", "not"}, word)
}
