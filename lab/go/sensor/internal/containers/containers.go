// Package containers turns container ids into names, by asking the container runtime over CRI.
package containers

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	callTimeout = 2 * time.Second
	// A process may be seen before the runtime lists its container. Falco's plugin asks for 150 ms too: go-worker/pkg/container/fetcher.go.
	attempts     = 6
	attemptPause = 30 * time.Millisecond
	unknownFor   = 30 * time.Second
	shortIDLen   = 12
)

// Container is what alerts say of a container; unknown parts are empty.
type Container struct {
	ID         string
	Name       string
	Repository string
	Tag        string
	Pod        string
	Namespace  string
}

var host = Container{ID: "host", Name: "host"}

// Resolver answers from its cache, or asks the runtime.
type Resolver struct {
	runtime cri.RuntimeServiceClient // nil without a runtime: ids stay without names
	mu      sync.Mutex
	known   map[string]Container
	unknown map[string]time.Time
}

// NewResolver uses the first of the paths that is a socket.
func NewResolver(sockets []string) (*Resolver, error) {
	r := &Resolver{known: map[string]Container{}, unknown: map[string]time.Time{}}
	for _, path := range sockets {
		// A hostPath mount of a socket that does not exist makes an empty folder.
		info, err := os.Stat(path)
		if err != nil || info.Mode()&fs.ModeSocket == 0 {
			continue
		}
		conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", path, err)
		}
		r.runtime = cri.NewRuntimeServiceClient(conn)
		break
	}
	return r, nil
}

// HasRuntime tells whether a runtime is there to be asked.
func (r *Resolver) HasRuntime() bool { return r.runtime != nil }

// Lookup returns the container of a full id. The empty id is the host. Of a container that no runtime here knows, such as one of
// another node on the same kernel, there is the id alone: Falco reports its events with <NA> for all other names.
func (r *Resolver) Lookup(ctx context.Context, id string) Container {
	if id == "" {
		return host
	}
	nameless := Container{ID: id[:shortIDLen]}
	if r.runtime == nil {
		return nameless
	}
	if container, cached := r.cached(id); cached {
		return container
	}
	for range attempts {
		container, err := r.ask(ctx, id)
		if err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.known[id] = container
			return container
		}
		if status.Code(err) != codes.NotFound {
			// The runtime does not answer: an alert without names is better than none.
			return nameless
		}
		time.Sleep(attemptPause)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unknown[id] = time.Now()
	return nameless
}

func (r *Resolver) cached(id string) (container Container, cached bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if container, cached = r.known[id]; cached {
		return container, true
	}
	since, missing := r.unknown[id]
	return Container{ID: id[:shortIDLen]}, missing && time.Since(since) < unknownFor
}

func (r *Resolver) ask(ctx context.Context, id string) (Container, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	response, err := r.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
	if status.Code(err) == codes.NotFound {
		return r.askForSandbox(ctx, id)
	}
	if err != nil {
		return Container{}, err
	}
	container := response.GetStatus()
	repository, tag := splitImage(container.GetImage().GetImage())
	return Container{
		ID:         id[:shortIDLen],
		Name:       container.GetMetadata().GetName(),
		Repository: repository,
		Tag:        tag,
		Pod:        container.GetLabels()["io.kubernetes.pod.name"],
		Namespace:  container.GetLabels()["io.kubernetes.pod.namespace"],
	}, nil
}

// askForSandbox is for the container that holds a pod's namespaces. Falco's plugin has it from containerd's own interface.
func (r *Resolver) askForSandbox(ctx context.Context, id string) (Container, error) {
	response, err := r.runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id})
	if err != nil {
		return Container{}, err
	}
	pod := response.GetStatus().GetMetadata()
	short := id[:shortIDLen]
	return Container{ID: short, Name: short, Pod: pod.GetName(), Namespace: pod.GetNamespace()}, nil
}

// splitImage separates repository and tag; the colon of a registry's port is not a tag's, and a digest is neither.
func splitImage(reference string) (repository, tag string) {
	reference, _, _ = strings.Cut(reference, "@")
	if colon := strings.LastIndexByte(reference, ':'); colon > strings.LastIndexByte(reference, '/') {
		return reference[:colon], reference[colon+1:]
	}
	return reference, ""
}
