package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
)

func serveMetrics(s settings, handler http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("/metrics", handler)
	if s.server.authority == "" {
		return serve(s.metrics, mux, nil)
	}
	return serve(s.metrics, mux, &s.server)
}

func serve(address string, handler http.Handler, files *certificates) error {
	server := &http.Server{Addr: address, Handler: handler}
	if files == nil {
		return server.ListenAndServe()
	}
	pem, err := os.ReadFile(files.authority)
	if err != nil {
		return err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", files.authority)
	}
	server.TLSConfig = &tls.Config{ClientCAs: authorities, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	return server.ListenAndServeTLS(files.certificate, files.key)
}
