package rules

import "strings"

const (
	blanks     = " \t\n\r"
	delimiters = blanks + "(),="
)

func delimited(text string, start, end int) bool {
	return (start == 0 || strings.IndexByte(delimiters, text[start-1]) >= 0) &&
		(end >= len(text) || strings.IndexByte(delimiters, text[end]) >= 0)
}

// insert replaces the list's name by its items wherever it stands alone.
func insert(condition string, l *list) (string, bool) {
	items := make([]string, len(l.items))
	for i, item := range l.items {
		items[i] = quote(item)
	}
	replacement, used := strings.Join(items, ", "), false
	for from := 0; ; {
		found := strings.Index(condition[from:], l.name)
		if found < 0 {
			return condition, used
		}
		start := from + found
		end := start + len(l.name)
		if !delimited(condition, start, end) {
			from = start + 1
			continue
		}
		before, behind := strings.TrimRight(condition[:start], blanks), strings.TrimLeft(condition[end:], blanks)
		if replacement == "" {
			var cut bool
			if before, cut = strings.CutSuffix(before, ","); !cut {
				behind = strings.TrimPrefix(behind, ",")
			}
		}
		if before != "" {
			before += " "
		}
		condition, used = before+replacement+" "+behind, true
		if from = len(before) + len(replacement) + 1; from > len(condition) {
			return condition, used
		}
	}
}

func quote(item string) string {
	if strings.Contains(item, " ") && item[0] != '"' && item[0] != '\'' {
		return `"` + item + `"`
	}
	return item
}
