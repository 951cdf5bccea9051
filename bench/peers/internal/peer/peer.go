// Package peer is what the echo servers of the comparison have in common: their
// flags, their listener, the connections a broadcast goes to, and the figures of the
// Go runtime over HTTP. What answers a message is each server's own.
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
	Addr      string // HOST:PORT to listen on
	Compress  bool   // accept permessage-deflate
	Broadcast bool   // send each message to all connections in place of an echo
	TLS       bool   // with a certificate for the occasion
}

// Main reads the flags and serves until the process is killed.
func Main(serve func(Options) error) {
	var o Options
	flag.StringVar(&o.Addr, "addr", "127.0.0.1:9001", "listen on `HOST:PORT`")
	flag.BoolVar(&o.Compress, "compress", false, "accept permessage-deflate (RFC 7692)")
	flag.BoolVar(&o.Broadcast, "broadcast", false, "send each message to all connections, where the server can")
	flag.BoolVar(&o.TLS, "tls", false, "speak TLS, where the server can, with a certificate that nobody trusts")
	busy := flag.Int("busy", 0, "keep `N` goroutines beside the server busy computing")
	admin := flag.String("admin", "", "serve the runtime's figures (/debug/vars) on `HOST:PORT`")
	flag.Parse()
	if *admin != "" {
		l, err := net.Listen("tcp", *admin)
		if err != nil {
			log.Fatal(err)
		}
		go func() { log.Fatal(http.Serve(l, expvar.Handler())) }()
	}
	for range *busy {
		go compute()
	}
	log.Fatal(serve(o))
}
