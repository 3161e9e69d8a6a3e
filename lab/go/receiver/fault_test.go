package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFaultsCountNothing(t *testing.T) {
	for name, want := range map[fault]int{"500": 500, "hang": 200} {
		r := &receiver{counters: newCounters(), webhook: &webhook{}, fault: name}
		mux, _ := r.handlers(tlsConfig{})
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		began, answer := time.Now(), httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest("POST", "/", strings.NewReader(valid)).WithContext(ctx))
		if answer.Code != want {
			t.Errorf("%s: answered %d", name, answer.Code)
		}
		if hung := time.Since(began) >= 50*time.Millisecond; hung != (name == "hang") {
			t.Errorf("%s: answered after %v", name, time.Since(began))
		}
		if _, page := ask(mux, "GET", "/metrics", ""); strings.Contains(page, eventsTotal+"{") {
			t.Errorf("%s: an event was counted", name)
		}
	}
}

func TestFaultsAreNamed(t *testing.T) {
	e := env(map[string]string{"LAB_FAULT": "slow"})
	if _, err := readConfig(e); err == nil || !strings.Contains(err.Error(), `LAB_FAULT is "slow"`) {
		t.Errorf("got %v", err)
	}
}
