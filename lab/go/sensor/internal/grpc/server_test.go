package grpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"lab.invalid/sensor/internal/alert"
	"lab.invalid/sensor/internal/config"
)

var shell = alert.Alert{
	Hostname: "node", Output: "03:04:05.000000006: Notice A shell", Priority: "Notice", Rule: "Shell", Source: "syscall",
	Fields: map[string]any{"proc.name": "sh", "proc.pid": 7, "k8s.pod.name": nil},
	Tags:   []string{"container"}, Time: "2026-01-02T03:04:05.000000006Z",
}

func TestAClientWithACertificateGetsWhatWaits(t *testing.T) {
	ours := newAuthority(t)
	server := start(t, ours.settings(t))
	if err := server.Push(shell); err != nil {
		t.Fatal(err)
	}
	client := connect(t, server.listen.Addr().String(), ours.trusting(ours.pair(t, x509.ExtKeyUsageClientAuth)))
	got, err := get(t, client)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rule != "Shell" || got.Priority != 5 || got.Hostname != "node" || got.Source != "syscall" || got.Tags[0] != "container" {
		t.Errorf("got %v", got)
	}
	if got.OutputFields["proc.name"] != "sh" || got.OutputFields["proc.pid"] != "7" || got.OutputFields["k8s.pod.name"] != "null" {
		t.Errorf("got fields %v", got.OutputFields)
	}
	if got.Time.AsTime().Nanosecond() != 6 {
		t.Errorf("got time %v", got.Time)
	}
}

func TestSubSendsAtEachRequest(t *testing.T) {
	ours := newAuthority(t)
	server := start(t, ours.settings(t))
	client := connect(t, server.listen.Addr().String(), ours.trusting(ours.pair(t, x509.ExtKeyUsageClientAuth)))
	stream, err := client.Sub(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{"one", "two"} {
		told := shell
		told.Rule = rule
		if err := server.Push(told); err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&outputs.Request{}); err != nil {
			t.Fatal(err)
		}
		if got, err := stream.Recv(); err != nil || got.Rule != rule {
			t.Fatalf("got %v, %v", got, err)
		}
	}
}

func TestOthersAreRefused(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server := start(t, ours.settings(t))
	for name, how := range map[string]credentials.TransportCredentials{
		"no certificate":                     ours.trusting(),
		"a certificate of another authority": ours.trusting(theirs.pair(t, x509.ExtKeyUsageClientAuth)),
		"a certificate for servers":          ours.trusting(ours.pair(t, x509.ExtKeyUsageServerAuth)),
		"plain text":                         insecure.NewCredentials(),
		"another authority is trusted":       theirs.trusting(ours.pair(t, x509.ExtKeyUsageClientAuth)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := server.Push(shell); err != nil {
				t.Fatal(err)
			}
			got, err := get(t, connect(t, server.listen.Addr().String(), how))
			if status.Code(err) != codes.Unavailable {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Falco's server closes the connection; a Go server would send an alert, which the client reports as an error of its own kind.
func TestARefusalIsSilent(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server := start(t, ours.settings(t))
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	for name, client := range map[string]*tls.Config{
		"no certificate": {},
		"a certificate of another authority": {
			// Without this Go keeps a certificate back that the server does not ask for.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				pair := theirs.pair(t, x509.ExtKeyUsageClientAuth)
				return &pair, nil
			},
		},
		"no certificate over TLS 1.2": {MaxVersion: tls.VersionTLS12},
		"TLS 1.1":                     {MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11},
	} {
		t.Run(name, func(t *testing.T) {
			client.RootCAs, client.ServerName, client.NextProtos = roots, "127.0.0.1", []string{"h2"}
			raw, err := net.Dial("tcp", server.listen.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			connection := tls.Client(raw, client)
			if err = connection.Handshake(); err == nil {
				_, err = connection.Read(make([]byte, 1))
			}
			if !errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAUnixSocketIsPlainAndTakesTheOldOnesPlace(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "falco.sock")
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server := start(t, config.GRPC{Enabled: true, BindAddress: "unix://" + socket})
	if err := server.Push(shell); err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, connect(t, "unix://"+socket, insecure.NewCredentials())); err != nil || got.Rule != "Shell" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWithoutItsCertificatesItDoesNotStart(t *testing.T) {
	settings := newAuthority(t).settings(t)
	settings.RootCerts = "/nowhere"
	if _, err := New(settings); err == nil {
		t.Error("started")
	}
}
