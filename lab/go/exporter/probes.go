package main

import (
	"net/http"
	"sync/atomic"
)

// probes tell the kubelet: alive from the start, ready once Falco is reached.
type probes struct {
	*http.ServeMux
	isReady atomic.Bool
}

func newProbes() *probes {
	p := &probes{ServeMux: http.NewServeMux()}
	p.HandleFunc("/liveness", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	p.HandleFunc("/readiness", func(w http.ResponseWriter, r *http.Request) {
		if !p.isReady.Load() {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return p
}

func (p *probes) ready() { p.isReady.Store(true) }
