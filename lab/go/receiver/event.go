package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// priorities is in falcosidekick's order: the number of a priority is its place, 1 for debug to 8 for emergency.
var priorities = []string{"", "debug", "informational", "notice", "warning", "error", "critical", "alert", "emergency"}

// event is the part of Falco's JSON that is counted.
type event struct {
	Hostname string         `json:"hostname"`
	Rule     string         `json:"rule"`
	Priority string         `json:"priority"`
	Source   string         `json:"source"`
	Time     time.Time      `json:"time"`
	Fields   map[string]any `json:"output_fields"`
}

func readEvent(body []byte) (event, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return event{}, err
	}
	if e.priority() < 1 || e.Rule == "" || e.Time.IsZero() || len(e.Fields) == 0 {
		return event{}, errors.New("priority, rule, time or output_fields is missing")
	}
	return e, nil
}

// priority is the number of the priority, below 1 for an unknown one.
func (e event) priority() int {
	name := strings.ToLower(e.Priority)
	if name == "info" {
		name = "informational"
	}
	return slices.Index(priorities, name)
}

// field is a field's text, empty when it is absent or null.
func (e event) field(name string) string {
	text, _ := e.Fields[name].(string)
	return text
}
