package filter

import (
	"strconv"
	"strings"
)

// ParseOperand reads a field or a function at the start of a text, and tells how long it is.
func (l Language) ParseOperand(text string) (operand Operand, length int, err *Error) {
	p := l.newParser(text)
	defer p.recover(&err)
	if operand = p.function(); operand == nil {
		if !p.match(fieldName) {
			p.fail("unexpected token after '" + p.last)
		}
		operand = p.field(p.pos)
	}
	return operand, p.pos.Offset, nil
}

// field reads what follows a field's name.
func (p *parser) field(at Pos) Field {
	field := Field{Pos: at, Name: p.last}
	field.Arg, field.HasArg = p.bracketed()
	return field
}

// bracketed reads the text between brackets, if there are some.
func (p *parser) bracketed() (text string, found bool) {
	if !p.word("[") {
		return "", false
	}
	if !p.quoted() && !p.match(fieldArg) {
		p.fail("expected a valid field argument: a quoted string or a bare string")
	}
	text = p.last
	if !p.word("]") {
		p.fail("expected a ']' token")
	}
	return text, true
}

// function reads a function of a field, or nothing.
func (p *parser) function() Operand {
	at := p.pos
	for _, name := range p.functions {
		if !p.word(name + "(") {
			continue
		}
		p.blank()
		read := p.argument
		if !p.many {
			read = p.onlyArgument
		}
		operands := []Operand{read()}
		p.blank()
		for p.many && p.word(",") {
			operands = append(operands, p.argument())
			p.blank()
		}
		return p.closed(Transform{Pos: at, Function: name, Operands: operands})
	}
	return nil
}

// closed reads the end of a function.
func (p *parser) closed(t Transform) Operand {
	p.blank()
	if !p.word(")") {
		p.fail("expected a ')' token closing the transformer")
	}
	if p.many {
		t.Arg, t.HasArg = p.bracketed()
	}
	return t
}

func (p *parser) onlyArgument() Operand {
	at := p.pos
	if inner := p.function(); inner != nil {
		return inner
	}
	if !p.match(fieldName) {
		p.fail("expected a field or a nested valid transformer: " + quoted(append([]string{"val"}, p.functions...)))
	}
	return p.field(at)
}

func (p *parser) argument() Operand {
	at := p.pos
	p.blank()
	switch {
	case p.match(hexNumber), p.match(number), p.quoted():
		return Values{at, []string{p.last}}
	case p.word("("):
		return p.listOf(at)
	}
	if inner := p.function(); inner != nil {
		return inner
	}
	if !p.match(fieldName) {
		p.fail("expected field transformer argument: field, transformer, quoted string, number, or transformer list")
	}
	return p.field(at)
}

// listOf reads a list of operands behind its opening bracket.
func (p *parser) listOf(at Pos) Operand {
	list := List{Pos: at}
	p.blank()
	if p.word(")") {
		return list
	}
	for {
		list.Operands = append(list.Operands, p.listItem(at))
		p.blank()
		if !p.word(",") {
			break
		}
		p.blank()
	}
	if !p.word(")") {
		p.fail("expected ')'")
	}
	return list
}

func (p *parser) listItem(at Pos) Operand {
	if p.match(fieldName) {
		return p.field(at)
	}
	if inner := p.function(); inner != nil {
		return inner
	}
	if !p.quoted() && !p.match(hexNumber) && !p.match(number) {
		p.fail("expected transformer list argument: field, transformer, quoted string, or number")
	}
	return Values{at, []string{p.last}}
}

// rightFunction reads a field on the right side: val(field), or a function of one.
func (p *parser) rightFunction() Operand {
	p.blank()
	at := p.pos
	if !p.word("val(") {
		return p.function()
	}
	p.blank()
	inner := p.pos
	if !p.match(fieldName) {
		p.fail("expected a field within 'val' transformer")
	}
	return p.closed(Transform{Pos: at, Function: "val", Operands: []Operand{p.field(inner)}})
}

// quoted reads a text between quotation marks.
func (p *parser) quoted() bool {
	rest := p.rest()
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return false
	}
	for i := 1; i < len(rest); i++ {
		if rest[i] == rest[0] && rest[i-1] != '\\' {
			p.advance(i + 1)
			p.last = p.unescape(rest[1:i], rest[0])
			return true
		}
	}
	return false
}

var escapes = map[byte]string{
	'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", ' ': `\`, '\\': `\`, '/': "/",
}

func (p *parser) unescape(text string, quote byte) string {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			plain.WriteByte(text[i])
			continue
		}
		i++
		meant, known := escapes[text[i]]
		switch {
		case known:
			plain.WriteString(meant)
		case text[i] == quote:
			plain.WriteByte(quote)
		case p.bytes && text[i] == 'x':
			plain.WriteByte(p.hexByte(text[i+1:] + string(quote)))
			i += 2
		default:
			p.fail("unsupported string escape sequence: \\" + text[i:i+1])
		}
	}
	return plain.String()
}

func (p *parser) hexByte(digits string) byte {
	if len(digits) < 2 {
		p.fail("truncated hex char escape sequence")
	}
	value, err := strconv.ParseUint(digits[:2], 16, 8)
	if err != nil {
		p.fail("invalid hex char escape sequence: " + digits[:2])
	}
	return byte(value)
}
