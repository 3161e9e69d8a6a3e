package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// receiver answers Falco's posts, the probes and the scrapes.
type receiver struct {
	counters *counters
	webhook  *webhook
	debug    bool
	fault    fault
}

func (r *receiver) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/":        r.post,
		"/ping":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pong\n") },
		"/healthz": r.healthz,
		"/metrics": r.metrics,
	}
}

func (r *receiver) post(w http.ResponseWriter, request *http.Request) {
	if r.fault.strikes(w, request) {
		return
	}
	if request.Method != http.MethodPost {
		r.counters.rejected()
		http.Error(w, "Please send with post http method", http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(request.Body)
	var e event
	if err == nil {
		e, err = readEvent(body)
	}
	if err != nil {
		r.counters.rejected()
		http.Error(w, "Please send a valid request body", http.StatusBadRequest)
		return
	}
	if r.debug {
		log.Printf("[DEBUG] : Falco's payload : %s", body)
	}
	r.counters.accepted(e)
	// The answer to Falco does not wait for it.
	go r.webhook.send(e, body, r.counters)
}

func (r *receiver) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"status": "ok"}`)
}

func (r *receiver) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	if err := r.counters.write(w); err != nil {
		log.Printf("metrics: %v", err)
	}
}

// handlers splits the routes. With TLS the plain paths leave the main port.
func (r *receiver) handlers(c tlsConfig) (main, plain *http.ServeMux) {
	main, plain = http.NewServeMux(), http.NewServeMux()
	routes := r.routes()
	if c.deploy {
		for _, path := range c.plainPaths {
			handler, known := routes[path]
			if !known {
				log.Printf("TLSSERVER_NOTLSPATHS has the unknown or repeated path %q", path)
				continue
			}
			plain.HandleFunc(path, handler)
			delete(routes, path)
		}
	}
	for path, handler := range routes {
		main.HandleFunc(path, handler)
	}
	return main, plain
}

// serverTLS reads certificates and keys once, at start.
func (c tlsConfig) serverTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if !c.mutual {
		return settings, nil
	}
	authority, err := os.ReadFile(c.caCertFile)
	if err != nil {
		return nil, err
	}
	settings.ClientCAs = x509.NewCertPool()
	if !settings.ClientCAs.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s holds no certificate", c.caCertFile)
	}
	settings.ClientAuth = tls.RequireAndVerifyClientCert
	return settings, nil
}

// serve returns only on an error.
func serve(c config) error {
	main, plain := (&receiver{counters: newCounters(), webhook: c.webhook, debug: c.debug, fault: c.fault}).handlers(c.tls)
	server := newServer(c.address, c.port, main)
	if !c.tls.deploy {
		if c.tls.mutual {
			log.Print("TLSSERVER_MUTUALTLS has no effect without TLSSERVER_DEPLOY")
		}
		log.Printf("listening on %s, the lab's stand-in for falcosidekick", server.Addr)
		return server.ListenAndServe()
	}
	settings, err := c.tls.serverTLS()
	if err != nil {
		return err
	}
	server.TLSConfig = settings
	failed := make(chan error, 2)
	go func() { failed <- server.ListenAndServeTLS("", "") }()
	plainServer := newServer(c.address, c.tls.plainPort, plain)
	if len(c.tls.plainPaths) > 0 {
		go func() { failed <- plainServer.ListenAndServe() }()
	}
	log.Printf("listening on %s with TLS and on %s for %q without, the lab's stand-in for falcosidekick",
		server.Addr, plainServer.Addr, c.tls.plainPaths)
	return <-failed
}

func newServer(address string, port int, handler http.Handler) *http.Server {
	const limit = 60 * time.Second
	return &http.Server{
		Addr: net.JoinHostPort(address, strconv.Itoa(port)), Handler: handler,
		ReadTimeout: limit, ReadHeaderTimeout: limit, WriteTimeout: limit, IdleTimeout: limit,
	}
}
