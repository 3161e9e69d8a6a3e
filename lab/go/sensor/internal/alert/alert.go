// Package alert gives an event that breaks a rule the shape of Falco's output.
package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
	"lab.invalid/sensor/internal/fields"
	"lab.invalid/sensor/internal/filter"
	"lab.invalid/sensor/internal/rules"
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
		return []byte(alert.Output + "\n"), nil
	}
	if !f.IncludeOutput {
		alert.Output = ""
	}
	if !f.IncludeTags {
		alert.Tags = nil
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(alert); err != nil {
		return nil, fmt.Errorf("encode an alert of rule %q: %w", rule.Name, err)
	}
	return line.Bytes(), nil
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
			values[field.String()] = plain(filter.Extract(field, source))
		}
		value := plain(filter.Extract(operand, source))
		if value == nil {
			value = "<NA>"
		}
		output.WriteString(fmt.Sprint(value))
		template = rest[len(width)+length:]
	}
}

// plain is a value as JSON has it.
func plain(value any) any {
	if address, isAddress := value.(netip.Addr); isAddress {
		return address.String()
	}
	return value
}
