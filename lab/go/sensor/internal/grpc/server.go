// Package grpc hands alerts out to clients, as Falco's gRPC output did until 0.43.
package grpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"lab.invalid/sensor/internal/alert"
	"lab.invalid/sensor/internal/config"
)

const unixScheme = "unix://"

// Server is the outputs service: on TCP a client needs a certificate, on a Unix socket nothing is encrypted.
type Server struct {
	outputs.UnimplementedServiceServer
	queue  queue
	listen net.Listener
	server *grpc.Server
}

// New opens the address. Certificates are read here and never again.
func New(settings config.GRPC) (*Server, error) {
	network, address := "tcp", settings.BindAddress
	var options []grpc.ServerOption
	if path, isUnix := strings.CutPrefix(address, unixScheme); isUnix {
		network, address = "unix", path
		if err := makeWay(path); err != nil {
			return nil, err
		}
	} else {
		mutual, err := mutualTLS(settings)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.Creds(silent{credentials.NewTLS(mutual)}))
	}
	listen, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	s := &Server{listen: listen, server: grpc.NewServer(options...)}
	outputs.RegisterServiceServer(s.server, s)
	return s, nil
}

// makeWay removes the socket of a process that was killed.
func makeWay(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func mutualTLS(settings config.GRPC) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(settings.CertChain, settings.PrivateKey)
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(settings.RootCerts)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(roots) {
		return nil, fmt.Errorf("%s holds no certificate", settings.RootCerts)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authorities,
		MinVersion:   tls.VersionTLS12,
	}, nil
}

// Push never waits.
func (s *Server) Push(a alert.Alert) error {
	told, err := response(a)
	if err != nil {
		return err
	}
	s.queue.push(told)
	return nil
}

// Serve answers clients until Close.
func (s *Server) Serve() error { return s.server.Serve(s.listen) }

// Close breaks the connections; alerts that no client asked for are lost.
func (s *Server) Close() { s.server.Stop() }

// Get sends what waits, then ends.
func (s *Server) Get(_ *outputs.Request, stream outputs.Service_GetServer) error {
	return s.drain(stream.Send)
}

// Sub sends what waits at each request of the client.
func (s *Server) Sub(stream outputs.Service_SubServer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		if err := s.drain(stream.Send); err != nil {
			return err
		}
	}
}

func (s *Server) drain(send func(*outputs.Response) error) error {
	for told := s.queue.pop(); told != nil; told = s.queue.pop() {
		if err := send(told); err != nil {
			return err
		}
	}
	return nil
}
