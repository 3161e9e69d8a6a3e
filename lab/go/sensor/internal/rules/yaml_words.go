package rules

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	yamlLine = regexp.MustCompile(`line (\d+): (.*)`)
	// Falco's YAML reader has other words for the same mistakes.
	yamlSame = []struct{ ours, falcos string }{
		{"mapping values are not allowed", "illegal map value"},
		{"expected ',' or ']'", "end of sequence flow not found"},
		{"expected ',' or '}'", "end of map flow not found"},
		{"expected '-' indicator", "end of sequence not found"},
		{"expected key", "end of map not found"},
		{"cannot start any token", "unknown token"},
		{"tab character", "illegal tab when looking for indentation"},
	}
)

// yamlWords tells line, column and text of a mistake as Falco does. Our reader names no column: it is the line's first word's.
func yamlWords(err error, content string) (line, column int, text string) {
	line, text = 1, err.Error()
	if match := yamlLine.FindStringSubmatch(text); match != nil {
		line, _ = strconv.Atoi(match[1])
		text = match[2]
		// Of these mistakes our reader counts the line from 0.
		if strings.HasPrefix(text, "did not find expected") {
			line++
		}
	}
	for _, same := range yamlSame {
		if strings.Contains(text, same.ours) {
			text = same.falcos
			break
		}
	}
	column = 1
	if lines := strings.Split(content, "\n"); line <= len(lines) {
		column += len(lines[line-1]) - len(strings.TrimLeft(lines[line-1], " "))
		if strings.HasPrefix(lines[line-1], "\t") {
			text = "illegal tab when looking for indentation"
		}
	}
	return line, column, text
}
