package main

import (
	"context"
	"errors"
	"os"
	"time"

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
	// Time for the last lines after a signal: Falco's output_timeout.
	lastWords = 2 * time.Second
)

// watch runs until the context ends or something breaks.
func watch(ctx context.Context, settings *config.Config) error {
	set, err := loadRules(falco, settings)
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
	queue := outputs.NewQueue(destinations(settings), settings.OutputsQueue.Capacity, logf)
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
	// The last events are named like all others: a signal ends the watching, not what is to be done with what was seen.
	lasting := context.WithoutCancel(ctx)
	events := make(chan event.Event, waitingEvents)
	go func() { failed <- readEvents(sensor, events) }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for seen := range events {
			table.Follow(&seen)
			if seen.Kind == event.Open {
				seen.File = format.Language.Texts.Path(seen.File)
			}
			if !seen.Evaluated() {
				continue
			}
			source := fields.Lazy(seen, func() containers.Container { return resolver.Lookup(lasting, seen.ContainerID) })
			for _, rule := range set.broken(source) {
				container := source.Container()
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
	// What waits in the ring buffer is read and delivered before the end.
	err = errors.Join(err, sensor.Stop())
	<-done
	queue.Close(lastWords)
	output.close()
	return errors.Join(err, sensor.Close())
}

// readEvents reads all there are until the probe is stopped, then closes events.
func readEvents(sensor *probe.Probe, events chan<- event.Event) error {
	defer close(events)
	for {
		seen, err := sensor.Read()
		if errors.Is(err, probe.ErrStopped) {
			return nil
		}
		if err != nil {
			return err
		}
		events <- seen
	}
}

func alertFormat(settings *config.Config) (alert.Format, error) {
	format := alert.Format{
		Language:      rules.LanguageOf(falco),
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
