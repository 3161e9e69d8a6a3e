package grpc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"google.golang.org/grpc"
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

// authority signs certificates for 127.0.0.1.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	content, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(content)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newAuthority(t *testing.T) authority {
	key := newKey(t)
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	return authority{key, sign(t, template, template, key, key)}
}

func (a authority) pair(t *testing.T, usage x509.ExtKeyUsage) tls.Certificate {
	key := newKey(t)
	template := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert := sign(t, template, a.cert, key, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// settings writes the certificates of a server, and gives its configuration.
func (a authority) settings(t *testing.T) config.GRPC {
	folder := t.TempDir()
	pair := a.pair(t, x509.ExtKeyUsageServerAuth)
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return config.GRPC{
		Enabled:     true,
		BindAddress: "127.0.0.1:0",
		PrivateKey:  write("server.key", "PRIVATE KEY", key),
		CertChain:   write("server.crt", "CERTIFICATE", pair.Certificate[0]),
		RootCerts:   write("ca.crt", "CERTIFICATE", a.cert.Raw),
	}
}

func start(t *testing.T, settings config.GRPC) *Server {
	t.Helper()
	server, err := New(settings)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := server.Serve(); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(server.Close)
	return server
}

func connect(t *testing.T, target string, how credentials.TransportCredentials) outputs.ServiceClient {
	t.Helper()
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(how))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return outputs.NewServiceClient(connection)
}

func (a authority) trusting(certificates ...tls.Certificate) credentials.TransportCredentials {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	present := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(certificates) == 0 {
			return &tls.Certificate{}, nil
		}
		return &certificates[0], nil
	}
	return credentials.NewTLS(&tls.Config{RootCAs: roots, GetClientCertificate: present})
}

func get(t *testing.T, client outputs.ServiceClient) (*outputs.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stream, err := client.Get(ctx, &outputs.Request{})
	if err != nil {
		return nil, err
	}
	return stream.Recv()
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
