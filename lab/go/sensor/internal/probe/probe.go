// Package probe loads the CO-RE eBPF programs and reads what they report.
package probe

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"lab.invalid/sensor/internal/event"
)

//go:embed sensor.bpf.o
var object []byte

// objects names the programs and maps of bpf/sensor.bpf.c.
type objects struct {
	OnExec    *ebpf.Program `ebpf:"on_exec"`
	OnExit    *ebpf.Program `ebpf:"on_exit"`
	OnSysExit *ebpf.Program `ebpf:"on_sys_exit"`
	Events    *ebpf.Map     `ebpf:"events"`
	Counters  *ebpf.Map     `ebpf:"counters"`
}

// Indices of the counters map.
const (
	counterEvents uint32 = iota
	counterDrops
)

// Probe is the raw tracepoint programs.
type Probe struct {
	objects objects
	links   []link.Link
	reader  *ringbuf.Reader
	boot    time.Time
}

// New loads. It leaves RLIMIT_MEMLOCK alone: kernels from 5.11 on charge BPF memory to the cgroup.
func New() (*Probe, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		return nil, fmt.Errorf("read the eBPF object: %w", err)
	}
	p := &Probe{}
	if err := spec.LoadAndAssign(&p.objects, nil); err != nil {
		return nil, fmt.Errorf("load the eBPF programs: %w", err)
	}
	if p.reader, err = ringbuf.NewReader(p.objects.Events); err != nil {
		return nil, errors.Join(fmt.Errorf("open the ring buffer: %w", err), p.Close())
	}
	if p.boot, err = bootTime(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Attach lets events come. Between New and Attach processes are read from /proc, as Falco does.
func (p *Probe) Attach() error {
	for _, program := range []*ebpf.Program{p.objects.OnExec, p.objects.OnExit, p.objects.OnSysExit} {
		attached, err := link.AttachTracing(link.TracingOptions{Program: program, AttachType: ebpf.AttachTraceRawTp})
		if err != nil {
			return fmt.Errorf("attach %s: %w", program, err)
		}
		p.links = append(p.links, attached)
	}
	return nil
}

// Stop lets no more events come. Read then gives those that wait, and after them ErrStopped.
func (p *Probe) Stop() error {
	errs := []error{p.detach()}
	if err := p.reader.Flush(); err != nil {
		errs = append(errs, fmt.Errorf("flush the ring buffer: %w", err))
	}
	return errors.Join(errs...)
}

// ErrStopped ends the events after Stop.
var ErrStopped = ringbuf.ErrFlushed

// Read waits for the next event.
func (p *Probe) Read() (event.Event, error) {
	item, err := p.reader.Read()
	if err != nil {
		return event.Event{}, err
	}
	return event.Decode(item.RawSample, p.boot)
}

// Counters returns how many events the programs saw and how many found the ring buffer full.
func (p *Probe) Counters() (events, drops uint64, err error) {
	events, errEvents := p.counter(counterEvents)
	drops, errDrops := p.counter(counterDrops)
	return events, drops, errors.Join(errEvents, errDrops)
}

func (p *Probe) counter(index uint32) (sum uint64, err error) {
	var perCPU []uint64
	if err := p.objects.Counters.Lookup(index, &perCPU); err != nil {
		return 0, fmt.Errorf("read counter %d: %w", index, err)
	}
	for _, value := range perCPU {
		sum += value
	}
	return sum, nil
}

// Close detaches the programs and frees everything.
func (p *Probe) Close() error {
	errs := []error{p.detach()}
	if p.reader != nil {
		errs = append(errs, p.reader.Close())
	}
	errs = append(errs, p.objects.OnExec.Close(), p.objects.OnExit.Close(), p.objects.OnSysExit.Close(), p.objects.Events.Close(), p.objects.Counters.Close())
	return errors.Join(errs...)
}

func (p *Probe) detach() error {
	var errs []error
	for _, attached := range p.links {
		errs = append(errs, attached.Close())
	}
	p.links = nil
	return errors.Join(errs...)
}

// bootTime is the wall clock at boot: the programs stamp events with the time since then.
func bootTime() (time.Time, error) {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}, fmt.Errorf("read the boot clock: %w", err)
	}
	return time.Now().Add(-time.Duration(since.Nano())), nil
}
