package filter

func (p *parser) expectedField(what string) {
	p.fail("expected " + what + " a field with a valid transformer: " + quoted(append([]string{"val"}, p.functions...)))
}

func (p *parser) numericValue() Operand {
	p.blank()
	at := p.pos
	if function := p.rightFunction(); function != nil {
		return function
	}
	if !p.match(hexNumber) && !p.match(number) {
		p.expectedField("a number value or")
	}
	return Values{at, []string{p.last}}
}

func (p *parser) textValue() Operand {
	p.blank()
	at := p.pos
	if function := p.rightFunction(); function != nil {
		return function
	}
	if !p.quoted() && !p.match(bareText) {
		p.expectedField("a string value or")
	}
	return Values{at, []string{p.last}}
}

func (p *parser) listValue() Operand {
	p.blank()
	at := p.pos
	if p.word("(") {
		return Values{at, p.items()}
	}
	if function := p.rightFunction(); function != nil {
		return function
	}
	if !p.match(identifier) {
		p.expectedField("a list, an identifier, or")
	}
	return Values{at, []string{p.last}}
}

// items reads a list behind its opening bracket.
func (p *parser) items() []string {
	items := []string{}
	p.blank()
	if p.quoted() || p.match(bareText) {
		items = append(items, p.last)
		p.blank()
		for p.word(",") {
			p.blank()
			if !p.quoted() && !p.match(bareText) {
				p.fail("expected a string value")
			}
			items = append(items, p.last)
			p.blank()
		}
	}
	if !p.word(")") {
		p.fail("expected a ')' token")
	}
	return items
}
