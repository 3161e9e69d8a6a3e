package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func environmentOf(values map[string]string) *environment {
	return &environment{getenv: func(name string) string { return values[name] }}
}

func TestWebhookForwardsWithItsHeaders(t *testing.T) {
	seen := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- r.Method + " " + r.Header.Get("X-Token") + " " + string(body)
	}))
	defer server.Close()
	hook := newWebhook(environmentOf(map[string]string{
		"WEBHOOK_ADDRESS": server.URL, "WEBHOOK_METHOD": "put", "WEBHOOK_CUSTOMHEADERS": "X-Token:abc", "WEBHOOK_MINIMUMPRIORITY": "warning",
	}))
	c := newCounters()
	hook.send(event{Priority: "Notice"}, []byte("{}"), c)
	hook.send(event{Priority: "Warning"}, []byte(`{"a":1}`), c)
	if got := <-seen; got != `PUT abc {"a":1}` {
		t.Errorf("the webhook got %q", got)
	}
	var page strings.Builder
	if err := c.write(&page); err != nil {
		t.Fatal(err)
	}
	if want := outputsTotal + `{destination="webhook",status="ok"} 1`; !strings.Contains(page.String(), want) {
		t.Errorf("%s lacks %s", page.String(), want)
	}
}

func TestWebhookCountsWhatFails(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	defer server.Close()
	c := newCounters()
	newWebhook(environmentOf(map[string]string{"WEBHOOK_ADDRESS": server.URL})).send(event{Priority: "Debug"}, []byte("{}"), c)
	if c.values[outputsTotal+`{destination="webhook",status="error"}`] != 1 {
		t.Errorf("counted %v", c.values)
	}
}

func TestWebhookRefusesAPriorityThatIsNone(t *testing.T) {
	e := environmentOf(map[string]string{"WEBHOOK_MINIMUMPRIORITY": "loud"})
	newWebhook(e)
	if e.err == nil {
		t.Error("no error")
	}
}
