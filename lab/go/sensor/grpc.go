package main

import (
	"lab.invalid/sensor/internal/alert"
	"lab.invalid/sensor/internal/config"
	"lab.invalid/sensor/internal/grpc"
)

// handOut is the gRPC output; without a server it does nothing.
type handOut struct{ server *grpc.Server }

// startGRPC goes on without a server when one cannot be started, as Falco 0.43 does: /healthz stays green.
// Newer ones know the keys no more and only say so.
func startGRPC(settings *config.Config) handOut {
	if !settings.GRPC.Enabled {
		return handOut{}
	}
	if !speaksGRPC() {
		logf("schema validation: failed for <root>: Object contains a property that could not be validated" +
			" using 'properties' or 'additionalProperties' constraints: 'grpc'.")
		return handOut{}
	}
	logf("Using deprecated gRPC server (deprecated as consequence of gRPC output deprecation).")
	server, err := grpc.New(settings.GRPC)
	if err != nil {
		logf("Error starting gRPC server: %v", err)
		return handOut{}
	}
	logf("Starting gRPC server at %s", settings.GRPC.BindAddress)
	go func() {
		if err := server.Serve(); err != nil {
			logf("gRPC server: %v", err)
		}
	}()
	if !settings.GRPCOutput.Enabled {
		return handOut{}
	}
	return handOut{server}
}

func (h handOut) push(told func() alert.Alert) {
	if h.server == nil {
		return
	}
	if err := h.server.Push(told()); err != nil {
		logf("%v", err)
	}
}

func (h handOut) close() {
	if h.server != nil {
		h.server.Close()
	}
}
