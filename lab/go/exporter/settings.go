package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/falcosecurity/client-go/pkg/client"
)

const socketScheme = "unix://"

// settings are what the flags say, under falco-exporter's names.
type settings struct {
	metrics string
	probes  string
	timeout time.Duration
	// falco is where events come from: by the socket when no host name is given.
	falco  client.Config
	server certificates
}

// certificates of the metrics' server; with an authority a client needs a certificate too.
type certificates struct{ authority, certificate, key string }

func parse(args []string) (settings, error) {
	return parseTo(args, os.Stderr)
}

func parseTo(args []string, usage io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("falco-exporter", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&s.metrics, "listen-address", ":9376", "`address` of /metrics")
	flags.StringVar(&s.probes, "probes-listen-address", ":19376", "`address` of /liveness and /readiness")
	flags.StringVar(&s.server.authority, "server-ca", "", "`file` of the authority of Prometheus' certificate")
	flags.StringVar(&s.server.certificate, "server-cert", "", "`file` of the certificate of /metrics")
	flags.StringVar(&s.server.key, "server-key", "", "`file` of its key")
	flags.DurationVar(&s.timeout, "timeout", 2*time.Minute, "`time` to reach Falco in")
	flags.StringVar(&s.falco.UnixSocketPath, "client-socket", "unix:///run/falco/falco.sock", "Falco's `socket`")
	flags.StringVar(&s.falco.Hostname, "client-hostname", "", "`host` Falco is reached at; it wins over the socket")
	port := flags.Uint("client-port", 5060, "`port` Falco is reached at")
	flags.StringVar(&s.falco.CertFile, "client-cert", "/etc/falco/certs/client.crt", "`file` of our certificate")
	flags.StringVar(&s.falco.KeyFile, "client-key", "/etc/falco/certs/client.key", "`file` of our key")
	flags.StringVar(&s.falco.CARootFile, "client-ca", "/etc/falco/certs/ca.crt", "`file` of the authority of Falco's certificate")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		fmt.Fprintln(usage, err)
		return s, err
	}
	if *port < 1 || *port > 65535 {
		err := fmt.Errorf("--client-port is %d; allowed is 1 to 65535", *port)
		fmt.Fprintln(usage, err)
		return s, err
	}
	s.falco.Port = uint16(*port)
	if s.falco.Hostname != "" {
		s.falco.UnixSocketPath = ""
	} else if !strings.HasPrefix(s.falco.UnixSocketPath, socketScheme) {
		s.falco.UnixSocketPath = socketScheme + s.falco.UnixSocketPath
	}
	return s, nil
}

func (s settings) target() string {
	if s.falco.Hostname == "" {
		return s.falco.UnixSocketPath
	}
	return fmt.Sprintf("%s:%d", s.falco.Hostname, s.falco.Port)
}
