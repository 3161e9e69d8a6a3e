package web

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"lab.invalid/sensor/internal/config"
	"lab.invalid/sensor/internal/rules"
)

// Metrics collects at each scrape, under the names of the real sensor.
type Metrics struct {
	Groups       config.Metrics
	Version      string
	QueueDrops   func() uint64
	KernelEvents func() (events, drops uint64, err error)

	start   time.Time
	mu      sync.Mutex
	matches map[*rules.Rule]uint64
}

// NewMetrics starts the clock.
func NewMetrics(groups config.Metrics, version string) *Metrics {
	return &Metrics{Groups: groups, Version: version, start: time.Now(), matches: map[*rules.Rule]uint64{}}
}

// Matched counts an alert of the rule.
func (m *Metrics) Matched(rule *rules.Rule) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.matches[rule]++
}

// Page renders everything.
func (m *Metrics) Page() (string, error) {
	p := &page{}
	p.add("falcosecurity_falco_version_info", "gauge", label("version", m.Version), 1)
	if m.Groups.State {
		p.add("falcosecurity_falco_duration_seconds_total", "counter", "", time.Since(m.start).Truncate(time.Second).Seconds())
		p.add("falcosecurity_falco_outputs_queue_num_drops_total", "counter", "", float64(m.QueueDrops()))
	}
	if m.Groups.Resources {
		rss, err := residentBytes()
		if err != nil {
			return "", err
		}
		p.add("falcosecurity_falco_memory_rss_bytes", "gauge", "", rss)
		cpu, err := cpuSeconds()
		if err != nil {
			return "", err
		}
		p.add("falcosecurity_falco_cpu_usage_ratio", "gauge", "", cpu/time.Since(m.start).Seconds())
	}
	if m.Groups.KernelEvents {
		events, drops, err := m.KernelEvents()
		if err != nil {
			return "", err
		}
		p.add("falcosecurity_scap_n_evts_total", "counter", "", float64(events))
		p.add("falcosecurity_scap_n_drops_total", "counter", "", float64(drops))
	}
	if m.Groups.Rules {
		m.addMatches(p)
	}
	return p.String(), nil
}

// addMatches lists only rules that matched.
func (m *Metrics) addMatches(p *page) {
	m.mu.Lock()
	defer m.mu.Unlock()
	matched := make([]*rules.Rule, 0, len(m.matches))
	for rule := range m.matches {
		matched = append(matched, rule)
	}
	sort.Slice(matched, func(i, j int) bool { return matched[i].Name < matched[j].Name })
	for _, rule := range matched {
		labels := []string{label("priority", strconv.Itoa(int(rule.Priority))), label("rule_name", rule.Name), label("source", rule.Source)}
		for _, tag := range rule.Tags {
			labels = append(labels, label("tag_"+notInLabel.ReplaceAllString(tag, "_"), "true"))
		}
		p.add("falcosecurity_falco_rules_matches_total", "counter", strings.Join(labels, ","), float64(m.matches[rule]))
	}
}

var (
	notInLabel = regexp.MustCompile(`[^a-zA-Z0-9_]`)
	escape     = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
)

func label(name, value string) string { return name + `="` + escape.Replace(value) + `"` }

// page is text in the exposition format.
type page struct {
	strings.Builder
	last string
}

func (p *page) add(name, kind, labels string, value float64) {
	if name != p.last {
		fmt.Fprintf(p, "# TYPE %s %s\n", name, kind)
		p.last = name
	}
	if labels != "" {
		labels = "{" + labels + "}"
	}
	fmt.Fprintf(p, "%s%s %s\n", name, labels, strconv.FormatFloat(value, 'g', -1, 64))
}

func residentBytes() (float64, error) {
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
		return 0, fmt.Errorf("/proc/self/statm: %w", err)
	}
	return resident * float64(os.Getpagesize()), nil
}

func cpuSeconds() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds(), nil
}
