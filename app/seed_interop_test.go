package app_test

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// browserLike is what a page does: connect, talk, and close without a code. It ends
// with 42 where there is no WebSocket.
const browserLike = `
if (typeof WebSocket === "undefined") process.exit(42);
const ws = new WebSocket(process.argv[1]);
ws.binaryType = "arraybuffer";
const got = [];
ws.onopen = () => { ws.send("你好"); ws.send(new Uint8Array([0, 255])); };
ws.onmessage = (e) => {
	got.push(typeof e.data === "string" ? e.data : "binary " + new Uint8Array(e.data));
	if (got.length === 3) ws.close();
};
ws.onclose = (e) => console.log(JSON.stringify([...got, e.code, e.wasClean]));
`

// What Node exits with where it has no WebSocket: by the script, or by itself.
const noWebSocket, badOption = 42, 9

// Node's WebSocket is a browser's. More clients, and what they send, are in module
// bench.
func TestSeed128Node(t *testing.T) {
	ends := make(closes, 1)
	a := echoes()
	a.open = func(c *app.Conn) error { return c.SendText("初始消息: " + c.Param("message")) }
	a.close = ends.note
	_, url := serve(t, app.Config{Limits: conn.Config{Compression: conn.Compression{Enabled: true}}}, at(t, "/echo/{message}", a))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "--experimental-websocket", "--no-warnings", "-e", browserLike, url+"/echo/你好").Output()
	if e, ok := errors.AsType[*exec.ExitError](err); errors.Is(err, exec.ErrNotFound) || ok && (e.ExitCode() == noWebSocket || e.ExitCode() == badOption) {
		t.Skip("there is no Node with a WebSocket: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := `["初始消息: 你好","你好","binary 0,255",1005,true]` + "\n"; string(out) != want {
		t.Errorf("the page saw %s, want %s", out, want)
	}
	if e := <-ends; e.Code != conn.CodeNoStatus || !e.Remote {
		t.Errorf("OnClose was told %v", e)
	}
}
