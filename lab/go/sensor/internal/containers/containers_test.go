package containers

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

var id = strings.Repeat("a", 64)

// runtime knows one container and counts the questions.
type runtime struct {
	cri.UnimplementedRuntimeServiceServer
	asked int
}

var sandbox = strings.Repeat("5", 64)

func (r *runtime) PodSandboxStatus(_ context.Context, request *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	if request.PodSandboxId != sandbox {
		return nil, status.Error(codes.NotFound, "no such sandbox")
	}
	return &cri.PodSandboxStatusResponse{Status: &cri.PodSandboxStatus{
		Metadata: &cri.PodSandboxMetadata{Name: "app-0", Namespace: "default"},
	}}, nil
}

func (r *runtime) ContainerStatus(_ context.Context, request *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	r.asked++
	if request.ContainerId != id {
		return nil, status.Error(codes.NotFound, "no such container")
	}
	return &cri.ContainerStatusResponse{Status: &cri.ContainerStatus{
		Metadata: &cri.ContainerMetadata{Name: "app"},
		Image:    &cri.ImageSpec{Image: "registry.invalid:5000/team/app:1.2"},
		Labels:   map[string]string{"io.kubernetes.pod.name": "app-0", "io.kubernetes.pod.namespace": "default"},
	}}, nil
}

func serve(t *testing.T) (*runtime, string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "cri.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server, service := grpc.NewServer(), &runtime{}
	cri.RegisterRuntimeServiceServer(server, service)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return service, socket
}

func TestLookup(t *testing.T) {
	service, socket := serve(t)
	// The first path is a folder, as the kubelet makes one for a socket that is not there.
	resolver, err := NewResolver([]string{t.TempDir(), socket})
	if err != nil {
		t.Fatal(err)
	}
	want := Container{ID: id[:12], Name: "app", Repository: "registry.invalid:5000/team/app", Tag: "1.2", Pod: "app-0", Namespace: "default"}
	for range 2 {
		if got := resolver.Lookup(t.Context(), id); got != want {
			t.Errorf("got %+v", got)
		}
	}
	if service.asked != 1 {
		t.Errorf("asked %d times for a container already seen", service.asked)
	}
	want = Container{ID: sandbox[:12], Name: sandbox[:12], Pod: "app-0", Namespace: "default"}
	if got := resolver.Lookup(t.Context(), sandbox); got != want {
		t.Errorf("sandbox: got %+v", got)
	}
}

// Compared with falcosecurity/plugins, container plugin 0.6.4 and 0.7.1: extract.cpp gives container.id from the thread and nothing else
// where the cache has no such container; plugin.cpp asks the worker once, and fetcher.go goes on asking for 150 ms.
func TestAContainerThatNoRuntimeKnows(t *testing.T) {
	service, socket := serve(t)
	resolver, err := NewResolver([]string{socket})
	if err != nil {
		t.Fatal(err)
	}
	want, start := Container{ID: "bbbbbbbbbbbb"}, time.Now()
	for range 2 {
		if got := resolver.Lookup(t.Context(), strings.Repeat("b", 64)); got != want {
			t.Errorf("got %+v", got)
		}
	}
	if service.asked != attempts {
		t.Errorf("asked %d times", service.asked)
	}
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("asked for %s only", took)
	}
}

func TestLookupWithoutRuntime(t *testing.T) {
	resolver, err := NewResolver(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := resolver.Lookup(t.Context(), id); got != (Container{ID: id[:12]}) {
		t.Errorf("got %+v", got)
	}
	if got := resolver.Lookup(t.Context(), ""); got != host {
		t.Errorf("got %+v", got)
	}
}

func TestSplitImage(t *testing.T) {
	for reference, want := range map[string][2]string{
		"docker.io/library/busybox:1.37.0": {"docker.io/library/busybox", "1.37.0"},
		"registry.invalid:5000/a/b":        {"registry.invalid:5000/a/b", ""},
		"a/b:1@sha256:00":                  {"a/b", "1"},
	} {
		if repository, tag := splitImage(reference); [2]string{repository, tag} != want {
			t.Errorf("splitImage(%q) = %q, %q", reference, repository, tag)
		}
	}
}
