package main

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/falcosecurity/client-go/pkg/api/schema"
	"google.golang.org/grpc"
)

// falco sends one event at each request, and ends the stream after the last.
type falco struct {
	outputs.UnimplementedServiceServer
	events []*outputs.Response
}

func (f falco) Sub(stream outputs.Service_SubServer) error {
	for _, event := range f.events {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		if err := stream.Send(event); err != nil {
			return err
		}
	}
	return nil
}

func serveFalco(t *testing.T, events ...*outputs.Response) settings {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "falco.sock")
	listen, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	outputs.RegisterServiceServer(server, falco{events: events})
	go func() {
		if err := server.Serve(listen); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(server.Stop)
	return parsed(t, "--client-socket="+socket)
}

func parsed(t *testing.T, args ...string) settings {
	t.Helper()
	s, err := parseTo(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func page(e *events, p *probes, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest("GET", path, nil)
	if path == "/metrics" {
		e.handler().ServeHTTP(recorder, request)
	} else {
		p.ServeHTTP(recorder, request)
	}
	return recorder
}

func TestFollowCountsUntilTheStreamEnds(t *testing.T) {
	event := &outputs.Response{
		Rule: "Shell", Priority: schema.Priority_NOTICE, Hostname: "node", Source: "syscall", Tags: []string{"container", "shell"},
		OutputFields: map[string]string{"k8s.ns.name": "default", "k8s.pod.name": "app-0"},
	}
	counted, probes := newEvents(), newProbes()
	if got := page(counted, probes, "/metrics").Body.String(); got != "" {
		t.Errorf("a series before the first event: %s", got)
	}
	if code := page(counted, probes, "/readiness").Code; code != 404 {
		t.Errorf("readiness before the connection: %d", code)
	}
	err := follow(t.Context(), serveFalco(t, event, event), probes.ready, counted.count)
	if err == nil || err.Error() != "gRPC stream closed" {
		t.Errorf("ended with %v", err)
	}
	want := `falco_events{hostname="node",k8s_ns_name="default",k8s_pod_name="app-0",priority="5",rule="Shell",source="syscall",tags=",container,shell,"} 2`
	if got := page(counted, probes, "/metrics").Body.String(); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	if code := page(counted, probes, "/readiness").Code; code != 204 {
		t.Errorf("readiness: %d", code)
	}
}

func TestFollowGivesUpWhenFalcoIsNotReached(t *testing.T) {
	s := parsed(t, "--client-socket="+filepath.Join(t.TempDir(), "none"), "--timeout=50ms")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := follow(ctx, s, func() { t.Error("ready") }, newEvents().count)
	if err == nil || !strings.Contains(err.Error(), "error dialing server") {
		t.Errorf("ended with %v", err)
	}
}

func TestAHostNameWinsOverTheSocket(t *testing.T) {
	s := parsed(t, "--client-hostname=falco", "--client-port=1")
	if s.falco.UnixSocketPath != "" || s.target() != "falco:1" {
		t.Errorf("got %+v", s)
	}
	if s := parsed(t, "--client-socket=/run/a"); s.target() != "unix:///run/a" {
		t.Errorf("got %s", s.target())
	}
	for _, wrong := range []string{"--client-port=65536", "/usr/bin/falco-exporter"} {
		if _, err := parseTo([]string{wrong}, io.Discard); err == nil {
			t.Errorf("took %s", wrong)
		}
	}
}
