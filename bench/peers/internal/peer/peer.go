// Package peer is what the echo servers of the comparison have in common: their
// flags, and the figures of the Go runtime over HTTP, as godwit echo has them too.
// What answers a message is each server's own.
package peer

import (
	"expvar"
	"flag"
	"log"
	"net"
	"net/http"
)

// MaxMessage is the longest message that a server must take, in bytes.
const MaxMessage = 64 << 20

// Options is what a server is started with.
type Options struct {
	Addr     string // HOST:PORT to listen on
	Compress bool   // accept permessage-deflate
}

// Main reads the flags and serves until the process is killed.
func Main(serve func(Options) error) {
	var o Options
	flag.StringVar(&o.Addr, "addr", "127.0.0.1:9001", "listen on `HOST:PORT`")
	flag.BoolVar(&o.Compress, "compress", false, "accept permessage-deflate (RFC 7692)")
	admin := flag.String("admin", "", "serve the runtime's figures (/debug/vars) on `HOST:PORT`")
	flag.Parse()
	if *admin != "" {
		l, err := net.Listen("tcp", *admin)
		if err != nil {
			log.Fatal(err)
		}
		go func() { log.Fatal(http.Serve(l, expvar.Handler())) }()
	}
	log.Fatal(serve(o))
}

// Accept calls f for each connection, on a goroutine of its own, and closes it
// afterwards.
func Accept(addr string, f func(net.Conn)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer nc.Close()
			f(nc)
		}()
	}
}
