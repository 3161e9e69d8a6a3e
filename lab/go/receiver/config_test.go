package main

import (
	"reflect"
	"strings"
	"testing"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestReadConfig(t *testing.T) {
	got, err := readConfig(env(map[string]string{
		"LISTENADDRESS": "127.0.0.1", "TLSSERVER_DEPLOY": "true", "TLSSERVER_MUTUALTLS": "true", "TLSSERVER_NOTLSPATHS": "/ping,/metrics",
	}))
	want := config{address: "127.0.0.1", port: 2801, tls: tlsConfig{
		deploy: true, mutual: true, certFile: "/etc/certs/server/server.crt", keyFile: "/etc/certs/server/server.key",
		caCertFile: "/etc/certs/server/ca.crt", plainPort: 2810, plainPaths: []string{"/ping", "/metrics"},
	}}
	got.webhook = nil // TestWebhook... look at it
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadConfigRefuses(t *testing.T) {
	for name, value := range map[string]string{
		"LISTENPORT": "0", "TLSSERVER_NOTLSPORT": "70000", "TLSSERVER_DEPLOY": "perhaps", "LISTENADDRESS": "localhost",
	} {
		if _, err := readConfig(env(map[string]string{name: value})); err == nil || !strings.Contains(err.Error(), name+` is "`+value+`"`) {
			t.Errorf("%s=%s: got %v", name, value, err)
		}
	}
}
