// Package alert gives an event that breaks a rule the shape of Falco's output.
package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
	"lab.invalid/sensor/internal/fields"
	"lab.invalid/sensor/internal/filter"
	"lab.invalid/sensor/internal/rules"
	"lab.invalid/sensor/internal/texts"
)

// suffix is added to every output text, as append_output.suggested_output does.
const suffix = " container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository" +
	" container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

// leadingNumber is the width that may stand before a field.
var leadingNumber = regexp.MustCompile(`^[0-9]*`)

// Alert is one line of output. The order of the members is the order of the keys in the line.
type Alert struct {
	Hostname string         `json:"hostname"`
	Output   string         `json:"output,omitempty"`
	Fields   map[string]any `json:"output_fields"`
	Priority string         `json:"priority"`
	Rule     string         `json:"rule"`
	Source   string         `json:"source"`
	Tags     []string       `json:"tags,omitempty"`
	Time     string         `json:"time"`
}

// Format says which parts an alert has.
type Format struct {
	Language      rules.Language
	Hostname      string
	JSON          bool
	IncludeOutput bool
	IncludeTags   bool
}

// Alert is all that is told of the event.
func (f Format) Alert(rule *rules.Rule, e event.Event, container containers.Container) Alert {
	at := e.Time.UTC()
	output, values := f.expand(rule.Output+suffix, fields.Of(e, container))
	return Alert{
		Hostname: f.Hostname,
		Output:   at.Format("15:04:05.000000000") + ": " + rule.Priority.String() + " " + output,
		Fields:   values,
		Priority: rule.Priority.String(),
		Rule:     rule.Name,
		Source:   rule.Source,
		Tags:     rule.Tags,
		Time:     at.Format("2006-01-02T15:04:05.000000000Z07:00"),
	}
}

// Line renders the alert, with its newline.
func (f Format) Line(rule *rules.Rule, e event.Event, container containers.Container) ([]byte, error) {
	alert := f.Alert(rule, e, container)
	if !f.JSON {
		return f.line(alert.Output)
	}
	if !f.IncludeOutput {
		alert.Output = ""
	}
	if !f.IncludeTags {
		alert.Tags = nil
	}
	line, err := encode(alert)
	if err != nil {
		return nil, fmt.Errorf("encode an alert of rule %q: %w", rule.Name, err)
	}
	return line, nil
}

// expand fills in the fields of an output text. A field without a value reads <NA> in the text and null among the fields. Of a function
// the fields in it are listed, not its own value: tostring_withformat in falcosecurity/libs, userspace/libsinsp/eventformatter.cpp.
func (f Format) expand(template string, source fields.Source) (string, map[string]any) {
	values := map[string]any{"evt.time": source.Field("evt.time", "")}
	var output strings.Builder
	for {
		before, rest, found := strings.Cut(template, "%")
		output.WriteString(before)
		if !found {
			return output.String(), values
		}
		width := leadingNumber.FindString(rest)
		operand, length, ok := rules.Token(f.Language.Conditions, rest[len(width):])
		if !ok {
			output.WriteString("%")
			template = rest
			continue
		}
		for _, field := range filter.FieldsOf(operand) {
			values[field.String()] = f.plain(filter.Extract(field, source))
		}
		value := f.plain(filter.Extract(operand, source))
		if value == nil {
			value = "<NA>"
		}
		output.WriteString(wide(fmt.Sprint(value), width))
		template = rest[len(width)+length:]
	}
}

// plain is a value as JSON has it.
func (f Format) plain(value any) any {
	switch v := value.(type) {
	case netip.Addr:
		return v.String()
	case string:
		return f.Language.Texts.Output(v)
	}
	return value
}

// line is an output without JSON. Since 0.45 it is escaped as in JSON.
func (f Format) line(output string) ([]byte, error) {
	if f.Language.Texts != texts.Bytes {
		return []byte(output + "\n"), nil
	}
	quoted, err := encode(output)
	return append(quoted[1:len(quoted)-2], '\n'), err
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return text.Bytes(), err
}

// wide cuts a value to a width, or fills it up with blanks.
func wide(value, width string) string {
	size, err := strconv.Atoi(width)
	if err != nil || size == 0 {
		return value
	}
	return (value + strings.Repeat(" ", size))[:size]
}
