package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// stranger is a container runtime that knows no container.
type stranger struct {
	cri.UnimplementedRuntimeServiceServer
}

func (stranger) ContainerStatus(context.Context, *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	return nil, status.Error(codes.NotFound, "no such container")
}

func (stranger) PodSandboxStatus(context.Context, *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	return nil, status.Error(codes.NotFound, "no such sandbox")
}

// acquaintance knows them all.
type acquaintance struct {
	cri.UnimplementedRuntimeServiceServer
}

func (acquaintance) ContainerStatus(context.Context, *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	return &cri.ContainerStatusResponse{Status: &cri.ContainerStatus{Labels: map[string]string{"io.kubernetes.pod.name": "writer-0"}}}, nil
}

const runtimeConfig = "plugins: [{name: container, init_config: {engines: {cri: {enabled: true, sockets: [/run/cri.sock]}}}}]\n"

// serveRuntime starts a container runtime, and returns what mounts its socket below /mnt.
func serveRuntime(t *testing.T, runtime cri.RuntimeServiceServer) string {
	t.Helper()
	folder := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, "cri.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	cri.RegisterRuntimeServiceServer(server, runtime)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "; mkdir /mnt/run; mount --bind " + folder + " /mnt/run"
}

// The events of a container that the runtime does not know are reported, with its id and no names. Compared with falcosecurity/plugins,
// container plugin 0.6.4 and 0.7.1: extract.cpp. Falco has no filter of its own for them.
func TestEventsOfAContainerThatNoRuntimeKnows(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to load programs and to make namespaces")
	}
	process := start(t, true)
	process.config = runtimeConfig
	found := process.watched(t, "/mnt", standIn+serveRuntime(t, stranger{}), false)
	fields, told := found["in a container"]
	if !told {
		t.Fatalf("the rule for containers is silent: %v", found)
	}
	want := map[string]any{"container.id": writerID[:12], "container.name": nil, "container.image.repository": nil, "container.image.tag": nil,
		"k8s.pod.name": nil, "k8s.ns.name": nil}
	for name, value := range want {
		if got, listed := fields[name]; got != value || !listed {
			t.Errorf("%s is %v", name, got)
		}
	}
}
