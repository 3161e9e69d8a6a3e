package outputs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"lab.invalid/sensor/internal/config"
)

// Words of libcurl, which the real sensor uses for this output.
var (
	errCA         = errors.New("Problem with the SSL CA cert (path? access rights?)")
	errClientCert = errors.New("Problem with the local SSL certificate")
	errServerCert = errors.New("SSL peer certificate or SSH remote key was not OK")
	errResolve    = errors.New("Couldn't resolve host name")
	errConnect    = errors.New("Couldn't connect to server")
	errReceive    = errors.New("Failure when receiving data from the peer")
	errSend       = errors.New("Failed sending data to the peer")
)

// HTTP posts alerts. There is no time limit on a request and no second try of the sensor's own, as in the real one.
type HTTP struct {
	settings    config.HTTP
	contentType string
	client      *http.Client
	echo        io.Writer
}

// NewHTTP makes the output; certificate files are read at each new connection, so a missing file shows at the first alert.
func NewHTTP(settings config.HTTP, json bool, echo io.Writer) *HTTP {
	h := &HTTP{settings: settings, contentType: "text/plain", echo: echo}
	if json {
		h.contentType = "application/json"
	}
	h.client = &http.Client{Transport: &http.Transport{DialTLSContext: h.dialTLS}}
	return h
}

// Name is the output's name in messages.
func (*HTTP) Name() string { return "http" }

// Send posts the line. An answer with an error status is not noticed.
func (h *HTTP) Send(line []byte) error {
	request, err := http.NewRequest(http.MethodPost, h.settings.URL, bytes.NewReader(line))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", h.contentType)
	// libcurl sends once more where a connection that it used again proves dead before the answer begins (Curl_retry_request
	// in lib/transfer.c). Go does so with this key only; an empty one is not sent.
	request.Header["Idempotency-Key"] = nil
	response, err := h.client.Do(request)
	if err != nil {
		return fmt.Errorf("libcurl failed to perform call: %w", words(err))
	}
	defer response.Body.Close()
	sink := io.Discard
	if h.settings.Echo {
		sink = h.echo
	}
	// Reading to the end lets the connection be used again.
	if _, err := io.Copy(sink, response.Body); err != nil {
		return fmt.Errorf("libcurl failed to perform call: %w", words(err))
	}
	return nil
}

func (h *HTTP) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{ServerName: name, InsecureSkipVerify: h.settings.Insecure, MinVersion: tls.VersionTLS12}
	if h.settings.CACert != "" {
		pem, err := os.ReadFile(h.settings.CACert)
		if err != nil {
			return nil, errCA
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errCA
		}
	}
	if h.settings.MTLS {
		pair, err := tls.LoadX509KeyPair(h.settings.ClientCert, h.settings.ClientKey)
		if err != nil {
			return nil, errClientCert
		}
		// Sent whatever authorities the server names; Certificates would be held back when none fits.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	dialer := &tls.Dialer{Config: settings}
	return dialer.DialContext(ctx, network, address)
}

// words says in libcurl's language what went wrong.
func words(err error) error {
	var (
		untrusted *tls.CertificateVerificationError
		name      *net.DNSError
		operation *net.OpError
	)
	for _, own := range []error{errCA, errClientCert} {
		if errors.Is(err, own) {
			return own
		}
	}
	switch {
	case errors.As(err, &untrusted):
		return errServerCert
	case errors.As(err, &name):
		return errResolve
	case errors.Is(err, syscall.EPIPE):
		return errSend
	case errors.As(err, &operation) && operation.Op == "dial":
		return errConnect
	case errors.As(err, &operation), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errReceive
	}
	return err
}
