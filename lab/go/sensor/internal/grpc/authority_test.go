package grpc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"lab.invalid/sensor/internal/config"
)

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
