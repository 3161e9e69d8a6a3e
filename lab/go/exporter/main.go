// The lab's stand-in for falco-exporter: see README.md for what it does and what it does not do.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/falcosecurity/client-go/pkg/client"
	"google.golang.org/grpc"
)

func main() {
	log.SetOutput(os.Stderr)
	s, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// run ends when Falco is not reached in time, and when the connection is lost.
func run(ctx context.Context, s settings) error {
	failed := make(chan error, 3)
	probes := newProbes()
	counted := newEvents()
	go func() { failed <- serveMetrics(s, counted.handler()) }()
	go func() { failed <- serve(s.probes, probes, nil) }()
	go func() { failed <- follow(ctx, s, probes.ready, counted.count) }()
	return <-failed
}

// follow connects once, and reads events until the stream breaks.
func follow(ctx context.Context, s settings, ready func(), count eventFunc) error {
	log.Printf("connecting to gRPC server at %s (timeout %s)", s.target(), s.timeout)
	config := s.falco
	// Blocking makes the first connection's time limit one that ends the process.
	config.DialOptions = []grpc.DialOption{grpc.WithBlock()}
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	falco, err := client.NewForConfig(limited, &config)
	if err != nil {
		return fmt.Errorf("gRPC: %w", err)
	}
	defer falco.Close()
	outputs, err := falco.Outputs()
	if err != nil {
		return fmt.Errorf("gRPC: %w", err)
	}
	stream, err := outputs.Sub(ctx)
	if err != nil {
		return fmt.Errorf("gRPC: %w", err)
	}
	log.Println("ready")
	ready()
	if err := client.OutputsWatch(ctx, stream, count, time.Second); err != nil {
		return fmt.Errorf("gRPC: %w", err)
	}
	return errors.New("gRPC stream closed")
}
