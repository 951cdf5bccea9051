package app_test

import (
	"net"
	"testing"

	"github.com/godwit-ws/godwit/app"
)

// startNode starts a node on a free port of loopback, and returns the port.
func startNode(t testing.TB, n *app.Node) int {
	t.Helper()
	if err := n.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return n.Addr().(*net.TCPAddr).Port
}
