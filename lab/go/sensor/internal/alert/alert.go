// Package alert gives an event that breaks a rule the shape of Falco's output.
package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
	"lab.invalid/sensor/internal/rules"
)

// suffix is added to every output text, as append_output.suggested_output does.
const suffix = " container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository" +
	" container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

var fieldToken = regexp.MustCompile(`%[a-z0-9_]+(?:\.[a-z0-9_]+)+(?:\[[^\]]*\])?`)

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
	Hostname      string
	JSON          bool
	IncludeOutput bool
	IncludeTags   bool
}

// Line renders the alert, with its newline.
func (f Format) Line(rule *rules.Rule, e event.Event, container containers.Container) ([]byte, error) {
	at := e.Time.UTC()
	output, fields := expand(rule.Output+suffix, values(e, container))
	output = at.Format("15:04:05.000000000") + ": " + rule.Priority.String() + " " + output
	if !f.JSON {
		return []byte(output + "\n"), nil
	}
	alert := Alert{
		Hostname: f.Hostname,
		Fields:   fields,
		Priority: rule.Priority.String(),
		Rule:     rule.Name,
		Source:   rule.Source,
		Time:     at.Format("2006-01-02T15:04:05.000000000Z07:00"),
	}
	if f.IncludeOutput {
		alert.Output = output
	}
	if f.IncludeTags {
		alert.Tags = rule.Tags
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(alert); err != nil {
		return nil, fmt.Errorf("encode an alert of rule %q: %w", rule.Name, err)
	}
	return line.Bytes(), nil
}

// values maps field names to what is known. Strings that are empty are unknown.
func values(e event.Event, container containers.Container) map[string]any {
	command := e.Name
	if len(e.Args) > 1 {
		command += " " + strings.Join(e.Args[1:], " ")
	}
	known := map[string]any{
		"evt.time":                   e.Time.UnixNano(),
		"evt.type":                   e.Type,
		"proc.name":                  e.Name,
		"proc.cmdline":               command,
		"proc.pname":                 e.Parent,
		"proc.pid":                   e.PID,
		"proc.tty":                   e.TTY,
		"user.uid":                   e.UID,
		"container.id":               container.ID,
		"container.name":             container.Name,
		"container.image.repository": container.Repository,
		"container.image.tag":        container.Tag,
		"k8s.pod.name":               container.Pod,
		"k8s.ns.name":                container.Namespace,
	}
	if e.UID == 0 {
		known["user.name"] = "root"
	}
	switch e.Kind {
	case event.Exec:
		known["proc.exepath"] = e.File
	case event.Open:
		known["fd.name"] = e.File
	}
	for name, value := range known {
		if value == "" {
			delete(known, name)
		}
	}
	return known
}

// expand fills in the fields of an output text. A field without a value reads <NA> in the text and null among the fields.
func expand(template string, known map[string]any) (string, map[string]any) {
	fields := map[string]any{"evt.time": known["evt.time"]}
	output := fieldToken.ReplaceAllStringFunc(template, func(token string) string {
		name := token[1:]
		value, found := known[name]
		fields[name] = value
		if !found {
			return "<NA>"
		}
		return fmt.Sprint(value)
	})
	return output, fields
}
