package outputs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lab.invalid/sensor/internal/config"
)

// authority signs certificates for 127.0.0.1, good for both sides.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{t, cert, key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue writes crt, key and ca files and returns their folder.
func (a authority) issue(address string) string {
	a.t.Helper()
	key, dir := newKey(a.t), a.t.TempDir()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(address)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"crt": {Type: "CERTIFICATE", Bytes: der}, "key": {Type: "PRIVATE KEY", Bytes: pkcs8}, "ca": {Type: "CERTIFICATE", Bytes: a.cert.Raw},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return dir
}

// serve starts a receiver that wants client certificates of the same authority.
func (a authority) serve(address string, handler http.HandlerFunc) string {
	a.t.Helper()
	dir := a.issue(address)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "crt"), filepath.Join(dir, "key"))
	if err != nil {
		a.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server.URL
}

func settings(url, dir string) config.HTTP {
	return config.HTTP{
		URL: url, MTLS: true, CACert: filepath.Join(dir, "ca"), ClientCert: filepath.Join(dir, "crt"), ClientKey: filepath.Join(dir, "key"),
	}
}

func TestHTTPDelivers(t *testing.T) {
	ours := newAuthority(t)
	var bodies, peers []string
	url := ours.serve("127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies, peers = append(bodies, string(body)), append(peers, r.RemoteAddr)
		if r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("content type %q", r.Header.Get("Content-Type"))
		}
		io.WriteString(w, "thanks")
	})
	to := settings(url, ours.issue("127.0.0.1"))
	to.Echo = true
	var echo bytes.Buffer
	output := NewHTTP(to, true, &echo)
	for _, line := range []string{"one", "two"} {
		if err := output.Send([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if len(bodies) != 2 || bodies[0] != "one" || bodies[1] != "two" || peers[0] != peers[1] || echo.String() != "thanksthanks" {
		t.Errorf("bodies %q from %q, echo %q", bodies, peers, echo.String())
	}
}

func TestHTTPFailures(t *testing.T) {
	ours, foreign := newAuthority(t), newAuthority(t)
	accept := func(http.ResponseWriter, *http.Request) {}
	good := ours.issue("127.0.0.1")
	url := ours.serve("127.0.0.1", accept)
	noClient := settings(url, good)
	noClient.MTLS = false
	mixed := settings(url, foreign.issue("127.0.0.1"))
	mixed.CACert = filepath.Join(good, "ca")
	noFile := settings(url, good)
	noFile.ClientKey += ".gone"
	noCA := settings(url, good)
	noCA.CACert += ".gone"
	failing := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	for name, c := range map[string]struct {
		settings config.HTTP
		want     error
	}{
		"server of another authority":  {settings(foreign.serve("127.0.0.1", accept), good), errServerCert},
		"server with another name":     {settings(ours.serve("127.0.0.2", accept), good), errServerCert},
		"no client certificate":        {noClient, errReceive},
		"client of another authority":  {mixed, errReceive},
		"client key is not there":      {noFile, errClientCert},
		"authority file is not there":  {noCA, errCA},
		"nobody listens":               {settings("https://127.0.0.1:1", good), errConnect},
		"an error status goes unheard": {settings(ours.serve("127.0.0.1", failing), good), nil},
	} {
		if err := NewHTTP(c.settings, true, io.Discard).Send([]byte("x")); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A receiver that ends between two alerts leaves a connection that looks alive.
func TestHTTPTriesAReusedConnectionThatIsDeadOnceMore(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		got = append(got, string(body))
		if len(got) == 2 {
			connection, _, err := http.NewResponseController(writer).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			connection.Close()
		}
	}))
	defer server.Close()
	output := NewHTTP(config.HTTP{URL: server.URL}, true, io.Discard)
	for _, line := range []string{"one", "two"} {
		if err := output.Send([]byte(line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if want := []string{"one", "two", "two"}; !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}
