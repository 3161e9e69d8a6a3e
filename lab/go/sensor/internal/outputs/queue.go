// Package outputs delivers alerts, and loses them in the ways Falco does.
package outputs

import (
	"cmp"
	"io"
	"sync/atomic"
	"time"
)

const (
	// Falco's queue has no bound where the configuration has none.
	unbounded = 1 << 16
	// blockedAfter is Falco's output_timeout.
	blockedAfter = 2 * time.Second
)

// Output is one way out.
type Output interface {
	Name() string
	Send(line []byte) error
}

// Queue hands lines to all outputs, one after the other in one goroutine: an output that hangs blocks the others.
type Queue struct {
	outputs []Output
	lines   chan []byte
	done    chan struct{}
	drops   atomic.Uint64
	log     func(format string, args ...any)
}

// NewQueue starts the goroutine. A capacity of 0 is no bound.
func NewQueue(outputs []Output, capacity int, log func(format string, args ...any)) *Queue {
	q := &Queue{outputs: outputs, lines: make(chan []byte, cmp.Or(capacity, unbounded)), done: make(chan struct{}), log: log}
	go q.run()
	return q
}

// Send never waits: a full queue drops the line.
func (q *Queue) Send(line []byte) {
	select {
	case q.lines <- line:
	default:
		q.drops.Add(1)
	}
}

// Drops counts lines that found the queue full.
func (q *Queue) Drops() uint64 { return q.drops.Load() }

// Close delivers what is queued, but waits no longer than the given time.
func (q *Queue) Close(patience time.Duration) {
	close(q.lines)
	select {
	case <-q.done:
	case <-time.After(patience):
		q.log("output channels still blocked, discarding all remaining notifications") // Falco's words
	}
}

func (q *Queue) run() {
	defer close(q.done)
	for line := range q.lines {
		for _, output := range q.outputs {
			watchdog := time.AfterFunc(blockedAfter, func() {
				q.log("%q output timeout, all output channels are blocked", output.Name())
			})
			err := output.Send(line)
			watchdog.Stop()
			if err != nil {
				q.log("%v", err)
			}
		}
	}
}

// Stdout writes every line at once, so a reader never waits for a buffer to fill.
type Stdout struct{ Writer io.Writer }

// Name is the output's name in messages.
func (Stdout) Name() string { return "stdout" }

// Send writes the line.
func (s Stdout) Send(line []byte) error {
	_, err := s.Writer.Write(line)
	return err
}
