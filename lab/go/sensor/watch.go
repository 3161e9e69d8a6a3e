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
	"lab.invalid/sensor/internal/fields"
	"lab.invalid/sensor/internal/outputs"
	"lab.invalid/sensor/internal/probe"
	"lab.invalid/sensor/internal/processes"
	"lab.invalid/sensor/internal/rules"
	"lab.invalid/sensor/internal/web"
)

const (
	waitingEvents = 4096
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
	iterators := hasIterators() && !settings.Driver.Modern.DisableIterators && processes.InRootPIDNamespace()
	table, err := processes.Scan(os.Getenv("HOST_ROOT"), iterators, logf)
	if err == nil {
		err = sensor.Attach()
	}
	if err != nil {
		return errors.Join(err, sensor.Close())
	}
	queue := outputs.NewQueue(destinations(settings), logf)
	metrics := web.NewMetrics(settings.Metrics, version)
	metrics.QueueDrops, metrics.KernelEvents = queue.Drops, sensor.Counters

	output := startGRPC(settings)
	failed := make(chan error, 2)
	if settings.Webserver.Enabled {
		var page func() (string, error)
		if settings.Metrics.Enabled && settings.Webserver.Metrics {
			page = metrics.Page
		}
		go func() { failed <- web.Serve(settings.Webserver.Port, web.Handler(settings.Webserver.Healthz, page)) }()
	}
	events := make(chan event.Event, waitingEvents)
	go func() { failed <- readEvents(sensor, events) }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for seen := range events {
			table.Follow(&seen)
			if !seen.Evaluated() {
				continue
			}
			var found bool
			source := fields.Lazy(seen, func() (container containers.Container) {
				container, found = resolver.Lookup(ctx, seen.ContainerID)
				return container
			})
			for _, rule := range set.broken(source) {
				// A container that the runtime does not know is somebody else's on the same kernel.
				container := source.Container()
				if !found {
					break
				}
				line, err := format.Line(rule, seen, container)
				if err != nil {
					logf("%v", err)
					continue
				}
				metrics.Matched(rule)
				queue.Send(line)
				output.push(func() alert.Alert { return format.Alert(rule, seen, container) })
			}
		}
	}()
	logf("Falco %s, the lab's stand-in: events are read from raw tracepoints, %d threads ran before", version, table.Len())

	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	err = errors.Join(err, sensor.Close())
	<-done
	queue.Close(lastWords)
	output.close()
	return err
}

// readEvents reads until the probe is closed, then closes events.
func readEvents(sensor *probe.Probe, events chan<- event.Event) error {
	defer close(events)
	for {
		seen, err := sensor.Read()
		if errors.Is(err, ringbuf.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		events <- seen
	}
}

// ruleSet is the rules that are judged, in the order of their definition.
type ruleSet struct {
	rules []*rules.Rule
	first bool
}

// broken lists the rules that an event breaks: the first one alone, unless rule_matching is all.
func (s ruleSet) broken(source fields.Source) []*rules.Rule {
	var broken []*rules.Rule
	for _, rule := range s.rules {
		if rule.Match(source) {
			if broken = append(broken, rule); s.first {
				break
			}
		}
	}
	return broken
}

// loadRules stops at a file with a mistake. It leaves out rules that are off or below the configured priority.
func loadRules(settings *config.Config) (ruleSet, error) {
	files, err := rules.Files(settings.RulesFiles)
	if err != nil {
		return ruleSet{}, err
	}
	engine := rules.New(falco)
	logf("Loading rules from:")
	for _, file := range files {
		content, err := rules.ReadFile(file)
		if err != nil {
			return ruleSet{}, err
		}
		result := engine.Load(file, content)
		logf("   %s | schema validation: %s", file, result.Schema())
		if !result.OK() {
			return ruleSet{}, errors.New(result.String())
		}
		if result.HasWarnings() {
			logf("%s", result)
		}
	}
	for _, selection := range settings.Rules() {
		logf("%s", selection)
		engine.Select(selection)
	}
	set := ruleSet{first: settings.RuleMatching == "first"}
	for _, rule := range engine.Rules() {
		if rule.Enabled && rule.Priority <= settings.MinPriority {
			set.rules = append(set.rules, rule)
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
