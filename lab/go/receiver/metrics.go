package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	eventsTotal  = "falcosecurity_falcosidekick_falco_events_total"
	inputsTotal  = "falcosecurity_falcosidekick_inputs_total"
	outputsTotal = "falcosecurity_falcosidekick_outputs_total"
)

// counters maps a series to its value. A series appears with its first count.
type counters struct {
	mu     sync.Mutex
	values map[string]uint64
}

func newCounters() *counters { return &counters{values: map[string]uint64{}} }

// count adds one to the series of a metric with label names and values in turn.
func (c *counters) count(metric string, labels ...string) {
	var series strings.Builder
	series.WriteString(metric)
	separator := "{"
	for i := 0; i < len(labels); i += 2 {
		series.WriteString(separator + labels[i] + `="` + escape.Replace(labels[i+1]) + `"`)
		separator = ","
	}
	series.WriteString("}")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[series.String()]++
}

func (c *counters) accepted(e event) {
	c.count(inputsTotal, "source", "requests", "status", "accepted")
	hostname, source := e.Hostname, e.Source
	if hostname == "" {
		hostname = "unknown"
	}
	if source == "" {
		source = "syscalls"
	}
	number := e.priority()
	c.count(eventsTotal, "hostname", hostname, "k8s_ns_name", e.field("k8s.ns.name"), "k8s_pod_name", e.field("k8s.pod.name"),
		"priority", strconv.Itoa(number), "priority_raw", priorities[number], "rule", e.Rule, "source", source)
}

func (c *counters) rejected() {
	c.count(inputsTotal, "source", "requests", "status", "rejected")
}

// write renders the counters in the exposition format.
func (c *counters) write(w io.Writer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, metric := range []string{eventsTotal, inputsTotal, outputsTotal} {
		if _, err := fmt.Fprintf(w, "# TYPE %s counter\n", metric); err != nil {
			return err
		}
		for _, series := range slices.Sorted(maps.Keys(c.values)) {
			if !strings.HasPrefix(series, metric+"{") {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s %d\n", series, c.values[series]); err != nil {
				return err
			}
		}
	}
	return nil
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
