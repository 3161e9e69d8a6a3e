// Package web serves the health endpoint and the metrics.
package web

import (
	"fmt"
	"net/http"
	"time"
)

// Handler answers on the health path and, with metrics, on /metrics.
func Handler(healthz string, metrics func() (string, error)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthz, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"ok"}`)
	})
	if metrics != nil {
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
			page, err := metrics()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			fmt.Fprint(w, page)
		})
	}
	return mux
}

// Serve returns only on an error.
func Serve(port int, handler http.Handler) error {
	server := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
