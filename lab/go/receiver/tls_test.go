package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair is a certificate with its key, signed by the parent or by itself.
func pair(t *testing.T, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        parent == nil, BasicConstraintsValid: true,
	}
	signer, signerKey := template, any(key)
	if parent != nil {
		signer, signerKey = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signerKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func save(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMutualTLS(t *testing.T) {
	authority, foreign := pair(t, nil), pair(t, nil)
	server := pair(t, &authority)
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings, err := tlsConfig{
		mutual:     true,
		certFile:   save(t, filepath.Join(dir, "crt"), "CERTIFICATE", server.Certificate[0]),
		keyFile:    save(t, filepath.Join(dir, "key"), "PRIVATE KEY", key),
		caCertFile: save(t, filepath.Join(dir, "ca"), "CERTIFICATE", authority.Certificate[0]),
	}.serverTLS()
	if err != nil {
		t.Fatal(err)
	}
	mux, _ := (&receiver{counters: newCounters(), webhook: &webhook{}}).handlers(tlsConfig{deploy: true})
	target := httptest.NewUnstartedServer(mux)
	target.Config.ErrorLog = log.New(io.Discard, "", 0)
	target.TLS = settings
	target.StartTLS()
	defer target.Close()

	roots := x509.NewCertPool()
	roots.AddCert(authority.Leaf)
	for name, c := range map[string]struct {
		client  tls.Certificate
		version uint16
		refused string
	}{
		"right client, TLS 1.3": {pair(t, &authority), tls.VersionTLS13, ""},
		"right client, TLS 1.2": {pair(t, &authority), tls.VersionTLS12, ""},
		"TLS 1.1":               {pair(t, &authority), tls.VersionTLS11, "protocol version"},
		"no client certificate": {tls.Certificate{}, tls.VersionTLS13, "certificate required"},
		"foreign client":        {pair(t, &foreign), tls.VersionTLS13, "unknown certificate authority"},
	} {
		err := post(target.Listener.Addr().String(), &tls.Config{
			RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: c.version,
			// Sent whatever authorities the server names.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.client, nil },
		})
		if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// post sends an event and reads the answer: with TLS 1.3 a refusal of the client arrives only there.
func post(address string, settings *tls.Config) error {
	conn, err := tls.Dial("tcp", address, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", len(valid), valid); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && !strings.HasPrefix(string(answer), "HTTP/1.0 200 OK") {
		return fmt.Errorf("answer %q", answer)
	}
	return err
}
