package main

import (
	"expvar"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// startProfiling serves net/http/pprof and expvar on addr until stop is called.
// url is where it listens.
func startProfiling(addr string) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: profilingHandler(), ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l) // ends with stop
	return urlOf("http", l.Addr()), func() { srv.Close() }, nil
}

func profilingHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/debug/vars", expvar.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
