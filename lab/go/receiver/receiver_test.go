package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const valid = `{"hostname":"node","rule":"Shell","priority":"Notice","source":"syscall","time":"2026-01-02T03:04:05.000000006Z",` +
	`"output_fields":{"k8s.ns.name":"default","k8s.pod.name":"app-0"}}`

func ask(mux http.Handler, method, path, body string) (int, string) {
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
	return answer.Code, answer.Body.String()
}

func TestEventsAreCounted(t *testing.T) {
	mux, _ := (&receiver{counters: newCounters(), webhook: &webhook{}}).handlers(tlsConfig{})
	for range 2 {
		if code, _ := ask(mux, "POST", "/", valid); code != 200 {
			t.Fatalf("a valid event got %d", code)
		}
	}
	host := `{"rule":"Shell","priority":"info","time":"2026-01-02T03:04:05Z","output_fields":{"k8s.pod.name":null}}`
	if code, _ := ask(mux, "POST", "/", host); code != 200 {
		t.Fatalf("an event of the host got %d", code)
	}
	_, page := ask(mux, "GET", "/metrics", "")
	for _, want := range []string{
		eventsTotal + `{hostname="node",k8s_ns_name="default",k8s_pod_name="app-0",priority="3",priority_raw="notice",rule="Shell",source="syscall"} 2`,
		eventsTotal + `{hostname="unknown",k8s_ns_name="",k8s_pod_name="",priority="2",priority_raw="informational",rule="Shell",source="syscalls"} 1`,
		inputsTotal + `{source="requests",status="accepted"} 3`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
}

func TestRequestsAreRejected(t *testing.T) {
	mux, _ := (&receiver{counters: newCounters(), webhook: &webhook{}}).handlers(tlsConfig{})
	without := func(part, instead string) string { return strings.Replace(valid, part, instead, 1) }
	for _, body := range []string{"", "[]", without("Notice", "High"), without(`"Shell"`, `""`), without("time", "tame")} {
		if code, _ := ask(mux, "POST", "/", body); code != 400 {
			t.Errorf("%s got %d", body, code)
		}
	}
	if code, _ := ask(mux, "GET", "/", ""); code != 400 {
		t.Errorf("GET got %d", code)
	}
	if _, page := ask(mux, "GET", "/metrics", ""); !strings.Contains(page, inputsTotal+`{source="requests",status="rejected"} 6`) {
		t.Errorf("got\n%s", page)
	}
}

func TestPriorities(t *testing.T) {
	for name, want := range map[string]int{
		"Debug": 1, "INFO": 2, "Informational": 2, "Notice": 3, "Warning": 4, "Error": 5, "Critical": 6, "Alert": 7, "Emergency": 8,
	} {
		if got := (event{Priority: name}).priority(); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

func TestPlainPathsLeaveTheMainPort(t *testing.T) {
	main, plain := (&receiver{counters: newCounters(), webhook: &webhook{}}).handlers(tlsConfig{deploy: true, plainPaths: []string{"/ping", "/metrics", "/nonsense"}})
	for path, want := range map[string]struct{ main, plain int }{
		"/ping": {400, 200}, "/metrics": {400, 200}, "/healthz": {200, 404}, "/": {400, 404},
	} {
		// On the main port a path without a route of its own falls to "/", which takes posts only.
		if code, _ := ask(main, "GET", path, ""); code != want.main {
			t.Errorf("main %s: %d", path, code)
		}
		if code, _ := ask(plain, "GET", path, ""); code != want.plain {
			t.Errorf("plain %s: %d", path, code)
		}
	}
}
