package main

import (
	"context"
	"fmt"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/k8sobjectsreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
)

// Of the receiver k8sobjects the proxy serves only 0.111.0, which knows no storage. This gives it the later one's: it goes on from the last
// version of an object that was handed over. One kind of object, in all namespaces.

const versionKey = "latestResourceVersion"

type objectsConfig struct {
	k8sobjectsreceiver.Config `mapstructure:",squash"`
	Storage                   *component.ID `mapstructure:"storage"`
}

func newObjectsFactory() receiver.Factory {
	inner := k8sobjectsreceiver.NewFactory()
	return receiver.NewFactory(
		inner.Type(),
		func() component.Config {
			return &objectsConfig{Config: *inner.CreateDefaultConfig().(*k8sobjectsreceiver.Config)}
		},
		receiver.WithLogs(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			return &objects{inner: inner, set: set, config: cfg.(*objectsConfig), next: next}, nil
		}, component.StabilityLevelBeta),
	)
}

type objects struct {
	inner    receiver.Factory
	set      receiver.Settings
	config   *objectsConfig
	next     consumer.Logs
	client   storage.Client
	receiver receiver.Logs
}

func (o *objects) Start(ctx context.Context, host component.Host) error {
	if o.config.Storage != nil {
		extension, found := host.GetExtensions()[*o.config.Storage].(storage.Extension)
		if !found {
			return fmt.Errorf("storage %s: not found", o.config.Storage)
		}
		var err error
		if o.client, err = extension.GetClient(ctx, component.KindReceiver, o.set.ID, ""); err != nil {
			return err
		}
		last, err := o.client.Get(ctx, versionKey)
		if err != nil {
			return err
		}
		for _, object := range o.config.Objects {
			object.ResourceVersion = string(last)
		}
	}
	next, err := consumer.NewLogs(o.consume)
	if err != nil {
		return err
	}
	if o.receiver, err = o.inner.CreateLogs(ctx, o.set, &o.config.Config, next); err != nil {
		return err
	}
	// Its watch ends with the context that it is started with, which is one of the start only.
	return o.receiver.Start(context.WithoutCancel(ctx), host)
}

func (o *objects) consume(ctx context.Context, logs plog.Logs) error {
	version := ""
	object, found := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Map().Get("object")
	if found {
		if metadata, found := object.Map().Get("metadata"); found {
			if value, found := metadata.Map().Get("resourceVersion"); found {
				version = value.Str()
			}
		}
	}
	if err := o.next.ConsumeLogs(ctx, logs); err != nil || o.client == nil || version == "" {
		return err
	}
	return o.client.Set(ctx, versionKey, []byte(version))
}

func (o *objects) Shutdown(ctx context.Context) error {
	var err error
	if o.receiver != nil {
		err = o.receiver.Shutdown(ctx)
	}
	if o.client != nil {
		if closed := o.client.Close(ctx); err == nil {
			err = closed
		}
	}
	return err
}
