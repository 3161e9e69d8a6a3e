package rules

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"lab.invalid/sensor/internal/filter"
)

// The kinds of place that messages name.
const (
	placeValue       = "value for"
	placeExceptions  = "exceptions"
	placeException   = "exception"
	placeExcValues   = "exception values"
	placeExcValue    = "exception value"
	placeContent     = "rules content"
	placeItem        = "rules content item"
	placeEngine      = "required_engine_version"
	placePlugins     = "required plugin versions"
	placePlugin      = "required plugin versions entry"
	placeAlternative = "required plugin versions alternative"
	placeList        = "list"
	placeListItem    = "list item"
	placeMacro       = "macro"
	placeMacroCond   = "macro condition"
	placeRule        = "rule"
	placeRuleCond    = "rule condition"
	placeCondition   = "condition expression"
	placeRuleOutput  = "rule output"
	placePriority    = "rule priority"
	placeOverride    = "overrides"
	snippetHalfWidth = 80
	conditionName    = 20
)

// file is a rules file's text.
type file struct {
	name    string
	content string
}

// offset counts the bytes before a line and column, both from 0.
func (f *file) offset(line, column int) int {
	start := 0
	for range line {
		next := strings.IndexByte(f.content[start:], '\n')
		if next < 0 {
			break
		}
		start += next + 1
	}
	return start + column
}

// spot is one step of the way to a place; line and column count from 0.
type spot struct {
	kind, item           string
	name                 string
	line, column, offset int
}

// place is where something stands in a file: the steps from the file down to it. A condition is a text of its own.
type place struct {
	file      *file
	spots     []spot
	condition string
}

func newPlace(f *file) place {
	return place{file: f, spots: []spot{{kind: placeContent, name: f.name}}}
}

func (p place) add(s spot) place {
	p.spots = append(append([]spot{}, p.spots...), s)
	return p
}

func (p place) at(node *yaml.Node, kind, item string) place {
	line, column := node.Line-1, node.Column-1
	return p.add(spot{kind, item, p.file.name, line, column, p.file.offset(line, column)})
}

// atMark is for a place that the YAML reader reports.
func (p place) atMark(line, column int) place {
	return p.add(spot{placeValue, "", p.file.name, line, column, p.file.offset(line, column)})
}

// inside gives a place in a condition. Falco adds the condition's own place to it, and so do we.
func (p place) inside(condition string, pos filter.Pos) place {
	name := condition
	if len(name) > conditionName {
		name = name[:conditionName-3] + "..."
	}
	last := p.spots[len(p.spots)-1]
	p.condition = condition
	return p.add(spot{
		kind: placeCondition, name: `"` + strings.NewReplacer("\n", " ", "\r", " ").Replace(name) + `"`,
		line: pos.Line + last.line, column: pos.Column + last.column, offset: pos.Offset + last.offset,
	})
}

func (p place) String() string {
	var text strings.Builder
	for i, s := range p.spots {
		lead := "    "
		if i == 0 {
			lead = "In "
		}
		item := ""
		if s.item != "" {
			item = " '" + s.item + "'"
		}
		fmt.Fprintf(&text, "%s%s%s: (%s:%d:%d)\n", lead, s.kind, item, s.name, s.line, s.column)
	}
	return text.String()
}

func (p place) json() map[string]any {
	locations := []any{}
	for _, s := range p.spots {
		locations = append(locations, map[string]any{
			"item_type": s.kind, "item_name": s.item,
			"position": map[string]any{"name": s.name, "line": s.line, "column": s.column, "offset": s.offset},
		})
	}
	return map[string]any{"locations": locations, "snippet": p.snippet()}
}

const noSnippet = "<No context available>\n"

// snippet is the line of the place, cut at some distance, with a mark below.
func (p place) snippet() string {
	text := p.file.content
	if p.condition != "" {
		text = p.condition
	}
	if text == "" {
		return noSnippet
	}
	pos := p.spots[len(p.spots)-1].offset
	for pos > 0 && (pos >= len(text) || text[pos] == '\n') {
		pos--
	}
	from, to := pos, pos
	for from > 0 && text[from] != '\n' && pos-from < snippetHalfWidth {
		from--
	}
	for to < len(text)-1 && text[to] != '\n' && to-pos < snippetHalfWidth {
		to++
	}
	cutBefore, cutBehind := pos-from >= snippetHalfWidth, to-pos >= snippetHalfWidth
	if text[from] == '\n' {
		from++
	}
	if text[to] == '\n' {
		to--
	}
	if to < from {
		return noSnippet
	}
	line := text[from : to+1]
	if cutBefore {
		line = "..." + line[3:]
	}
	if cutBehind {
		line = line[:len(line)-3] + "..."
	}
	line += "\n"
	if pos-from <= len(line)-1 {
		line += strings.Repeat(" ", max(pos-from, 0)) + "^\n"
	}
	return line
}
