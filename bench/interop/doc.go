// Package interop holds tests of Godwit against other implementations of
// WebSocket: four of Go's, Go's own experimental one, Node's ws, Python's
// websockets, and Chromium. There is nothing in it to import.
//
// Each peer is a file, peer_NAME_test.go, that teaches the peer three things:
// to dial, to serve, and to do on a connection what it is told (send, ping,
// close) while it reports what it receives. Godwit itself is one more such peer.
// A behaviour then needs to be written once: it gets a connection with Godwit at
// one end and the peer at the other, and TestInterop runs it for every peer with us
// as the client, and as the server on goroutines and on loops, under a name like
//
//	TestInterop/node-ws/our-server/close-from-theirs-1000
//
// What a peer can't do is left out of its abilities, and the behaviours that
// need it don't run there.
//
// Peers that aren't Go programs run as processes: agents in testdata, which are
// told what to do in lines of JSON (agent_test.go); Chromium runs the same kind
// of agent in a page, and is driven over its DevTools protocol, spoken by
// conn.Dial. A peer that isn't installed is skipped, and the message says what to
// install. All traffic stays on loopback, except that npm is asked for ws where
// testdata/node has no node_modules. No process outlives its test.
package interop
