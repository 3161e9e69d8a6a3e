package filter

import (
	"regexp"
	"slices"
	"strings"
)

func (p *parser) rest() string { return p.text[p.pos.Offset:] }

func (p *parser) advance(n int) {
	for _, c := range []byte(p.rest()[:n]) {
		p.pos.Offset++
		p.pos.Column++
		if c == '\n' || c == '\r' {
			p.pos.Line, p.pos.Column = p.pos.Line+1, 1
		}
	}
}

// blank is the only reader that leaves the last token alone.
func (p *parser) blank() bool {
	rest := p.rest()
	n := len(rest) - len(strings.TrimLeft(rest, " \t\b\r\n"))
	p.advance(n)
	return n > 0
}

func (p *parser) word(word string) bool {
	if !strings.HasPrefix(p.rest(), word) {
		return false
	}
	p.last = word
	p.advance(len(word))
	return true
}

func (p *parser) match(pattern *regexp.Regexp) bool {
	found := pattern.FindString(p.rest())
	if found == "" {
		return false
	}
	p.last = found
	p.advance(len(found))
	return true
}

// operator reads one of the words; those made of letters, but for exists and the list operators, need a blank behind them.
func (p *parser) operator(words []string) bool {
	needBlank := !slices.Equal(words, unaryOperators) && !slices.Equal(words, listOperators)
	for _, word := range words {
		pos, last := p.pos, p.last
		if p.word(word) {
			if !needBlank || !isLetter(word[0]) || p.blank() {
				return true
			}
			p.pos, p.last = pos, last
		}
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
