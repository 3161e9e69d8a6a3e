package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"lab.invalid/sensor/internal/alert"
	"lab.invalid/sensor/internal/config"
	"lab.invalid/sensor/internal/containers"
	"lab.invalid/sensor/internal/event"
	"lab.invalid/sensor/internal/judge"
	"lab.invalid/sensor/internal/outputs"
	"lab.invalid/sensor/internal/probe"
	"lab.invalid/sensor/internal/rules"
	"lab.invalid/sensor/internal/web"
)

// hit is an event that breaks a rule and waits for the names of its container.
type hit struct {
	rule  *rules.Rule
	event event.Event
}

const (
	waitingHits = 4096
	// Time for the last lines after a signal; a receiver that hangs cannot hold the process longer.
	lastWords = 3 * time.Second
)

// watch runs until the context ends or something breaks.
func watch(ctx context.Context, settings *config.Config) error {
	set, err := loadRules(settings)
	if err != nil {
		return err
	}
	resolver, err := containers.NewResolver(settings.Sockets(os.Getenv("HOST_ROOT")))
	if err != nil {
		return err
	}
	if !resolver.HasRuntime() {
		logf("No container runtime answers: containers have an id but no names")
	}
	format, err := alertFormat(settings)
	if err != nil {
		return err
	}
	sensor, err := probe.New()
	if err != nil {
		return err
	}
	queue := outputs.NewQueue(destinations(settings), logf)
	metrics := web.NewMetrics(settings.Metrics, version)
	metrics.QueueDrops, metrics.KernelEvents = queue.Drops, sensor.Counters

	failed := make(chan error, 2)
	if settings.Webserver.Enabled {
		var page func() (string, error)
		if settings.Metrics.Enabled && settings.Webserver.Metrics {
			page = metrics.Page
		}
		go func() { failed <- web.Serve(settings.Webserver.Port, web.Handler(settings.Webserver.Healthz, page)) }()
	}
	hits := make(chan hit, waitingHits)
	go func() { failed <- judgeEvents(sensor, set, hits) }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for h := range hits {
			container, found := resolver.Lookup(ctx, h.event.ContainerID)
			if !found {
				continue
			}
			line, err := format.Line(h.rule, h.event, container)
			if err != nil {
				logf("%v", err)
				continue
			}
			metrics.Matched(h.rule)
			queue.Send(line)
		}
	}()
	logf("Falco %s, the lab's stand-in: events are read from raw tracepoints", version)

	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	err = errors.Join(err, sensor.Close())
	<-done
	queue.Close(lastWords)
	return err
}

// judgeEvents reads until the probe is closed, then closes hits.
func judgeEvents(sensor *probe.Probe, set rules.Set, hits chan<- hit) error {
	defer close(hits)
	for {
		seen, err := sensor.Read()
		if errors.Is(err, ringbuf.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range judge.Rules(seen) {
			if rule := set[name]; rule != nil {
				hits <- hit{rule, seen}
			}
		}
	}
}

// loadRules leaves out rules that are off or below the configured priority, and says which ones nothing judges.
func loadRules(settings *config.Config) (rules.Set, error) {
	files, err := rules.Files(settings.RulesFiles)
	if err != nil {
		return nil, err
	}
	set, err := rules.Load(files)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		logf("Loading rules from: %s", file)
	}
	for name, rule := range set {
		switch {
		case !rule.Enabled || rule.Priority > settings.MinPriority:
			delete(set, name)
		case !judge.Judged(name):
			logf("Rule %q was read, but this stand-in has no condition for it", name)
		}
	}
	return set, nil
}

func alertFormat(settings *config.Config) (alert.Format, error) {
	format := alert.Format{
		Hostname:      os.Getenv("FALCO_HOSTNAME"),
		JSON:          settings.JSONOutput,
		IncludeOutput: settings.JSONIncludeOutput,
		IncludeTags:   settings.JSONIncludeTags,
	}
	var err error
	if format.Hostname == "" {
		format.Hostname, err = os.Hostname()
	}
	return format, err
}

func destinations(settings *config.Config) []outputs.Output {
	var all []outputs.Output
	if settings.Stdout.Enabled {
		all = append(all, outputs.Stdout{Writer: os.Stdout})
	}
	if settings.HTTP.Enabled {
		all = append(all, outputs.NewHTTP(settings.HTTP, settings.JSONOutput, os.Stdout))
	}
	return all
}
