package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"lab.invalid/sensor/internal/config"
	"lab.invalid/sensor/internal/rules"
)

func get(t *testing.T, metrics *Metrics, path string) (int, string) {
	t.Helper()
	answer := httptest.NewRecorder()
	Handler("/healthz", metrics.Page).ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
	return answer.Code, answer.Body.String()
}

func TestHandler(t *testing.T) {
	metrics := NewMetrics(config.Metrics{Rules: true, Resources: true, State: true, KernelEvents: true}, "1.2")
	metrics.QueueDrops = func() uint64 { return 3 }
	metrics.KernelEvents = func() (uint64, uint64, error) { return 10, 4, nil }
	metrics.Matched(&rules.Rule{Name: `A "quoted" rule`, Priority: 4, Source: "syscall", Tags: []string{"T1595.001"}})

	if code, body := get(t, metrics, "/healthz"); code != 200 || body != `{"status":"ok"}` {
		t.Errorf("health: %d %s", code, body)
	}
	code, body := get(t, metrics, "/metrics")
	for _, want := range []string{
		`falcosecurity_falco_version_info{version="1.2"} 1`,
		"falcosecurity_falco_outputs_queue_num_drops_total 3",
		"falcosecurity_scap_n_evts_total 10",
		"falcosecurity_scap_n_drops_total 4",
		"falcosecurity_falco_duration_seconds_total 0",
		"falcosecurity_falco_memory_rss_bytes ",
		"falcosecurity_falco_cpu_usage_ratio ",
		`falcosecurity_falco_rules_matches_total{priority="4",rule_name="A \"quoted\" rule",source="syscall",tag_T1595_001="true"} 1`,
	} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%q is missing in (%d)\n%s", want, code, body)
		}
	}
}

func TestGroupsAreSwitchedOff(t *testing.T) {
	_, body := get(t, NewMetrics(config.Metrics{}, "1.2"), "/metrics")
	if lines := strings.Count(body, "\n"); lines != 2 {
		t.Errorf("more than the version is served:\n%s", body)
	}
}

func TestNoMetrics(t *testing.T) {
	answer := httptest.NewRecorder()
	Handler("/healthz", nil).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 404 {
		t.Errorf("got %d", answer.Code)
	}
}
