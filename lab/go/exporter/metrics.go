package main

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type eventFunc = func(*outputs.Response) error

// events counts by what falco-exporter counts; a series appears with its first event.
type events struct {
	registry *prometheus.Registry
	counter  *prometheus.CounterVec
}

func newEvents() *events {
	labels := []string{"rule", "priority", "hostname", "source", "k8s_ns_name", "k8s_pod_name", "tags"}
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "falco_events"}, labels)
	registry := prometheus.NewRegistry()
	registry.MustRegister(counter)
	return &events{registry, counter}
}

func (e *events) count(event *outputs.Response) error {
	e.counter.WithLabelValues(
		event.GetRule(),
		strconv.Itoa(int(event.GetPriority())),
		event.GetHostname(),
		event.GetSource(),
		event.GetOutputFields()["k8s.ns.name"],
		event.GetOutputFields()["k8s.pod.name"],
		","+strings.Join(event.GetTags(), ",")+",",
	).Inc()
	return nil
}

func (e *events) handler() http.Handler {
	return promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{})
}
