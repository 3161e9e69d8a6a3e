package rules

import (
	"regexp"
	"slices"
	"strings"

	"lab.invalid/sensor/internal/filter"
)

var deprecatedFields = []string{"evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"}

func (c *compiler) warnDeprecated(node filter.Node, at place) {
	fields := filter.Fields(node)
	for i, name := range deprecatedFields {
		if !slices.ContainsFunc(fields, func(field filter.Field) bool { return field.Name == name }) {
			continue
		}
		text := "field is not available due to the drop of enter events."
		if i == 0 {
			text = "due to the drop of enter events, 'evt.dir = <' always evaluates to true, and 'evt.dir = >' always evaluates to false. " +
				"The rule expression can be simplified by removing the condition on 'evt.dir'"
		}
		c.result.warnings = append(c.result.warnings, finding{code: warnDeprecated, text: text, place: at, field: name})
	}
}

var lengthOfToken = regexp.MustCompile(`^[0-9]+`)

// containerInfo stands for nothing any more, and is accepted.
const (
	containerInfo      = "%container.info"
	containerInfoWords = containerInfo + " is deprecated and no more useful, and will be dropped by Falco 1.0.0. " +
		"The container plugin will automatically add required fields to the output message."
)

// badOutput says what is wrong with an output text.
func (l Language) badOutput(output string) string {
	output = strings.TrimPrefix(output, "*")
	for {
		_, rest, found := strings.Cut(output, "%")
		if !found {
			return ""
		}
		if rest == "" {
			return "invalid formatting syntax: formatting cannot end with a %"
		}
		rest = strings.TrimPrefix(rest, lengthOfToken.FindString(rest))
		operand, length, ok := Token(l.Conditions, rest)
		if ok && l.wholeToken && filter.ConditionsOnly(operand) {
			return rest + " is filter only and cannot be used as a display field"
		}
		if !ok && l.wholeToken {
			return "invalid formatting token " + rest
		}
		if !ok {
			return "unknown filter: unexpected token after '"
		}
		output = rest[length:]
	}
}

// Token reads the field, or the function of one, at the start of a text; the longest one that exists is taken.
func Token(language filter.Language, text string) (operand filter.Operand, length int, ok bool) {
	end := len(text)
	if stop := strings.IndexAny(text, " %\n"); stop >= 0 && !strings.Contains(text[:stop], "(") {
		end = stop
	}
	for ; end > 0; end-- {
		operand, length, err := language.ParseOperand(text[:end])
		if err == nil && filter.Known(operand) {
			return operand, length, true
		}
	}
	return nil, 0, false
}
