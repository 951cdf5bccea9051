package cluster_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/internal/chromium"
)

// follow has a page keep what comes, of a topic that it subscribes to with godwit.js.
const follow = `import("/godwit.js").then(({ connect }) => new Promise(stands => {
	window.seen = [];
	window.breaks = 0;
	const line = connect("/live", { minWait: 20, maxWait: 200, timeout: 2000 });
	line.on("state", state => { if (state === "waiting") breaks++; });
	const topic = line.subscribe("kept", message => seen.push(message.data));
	topic.on("gap", () => seen.push("gap"));
	topic.on("error", error => seen.push(String(error)));
	topic.on("live", () => stands(true));
}))`

// A page with godwit.js in a browser, on two processes behind one address, each of which
// is killed, and comes back: it gets everything, in order, and once.
func TestBrowserResumes(t *testing.T) {
	t.Parallel()
	addrs, nats := freePorts(t, 2), startNATS(t)
	path := buildNode(t)
	var nodes []*process
	for _, addr := range addrs {
		p := launch(t, path, addr, "-addr", addr, "-join", nats.url(), "-keep", "100000", "-lease", "3s", "-wait")
		p.up()
		nodes = append(nodes, p)
	}
	at := newProxy(t, addrs...).addr()
	page := chromium.Start(t).Open(t, "http://"+at+"/")
	page.Expect("WebSocket") // the browser says so when a line breaks
	page.Expect("net::ERR_")
	page.Eval(follow, nil)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	k := newChecker()
	var publishers sync.WaitGroup
	for i := range 2 {
		c, err := client.New(impatient("ws://" + at + "/live"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		publishers.Go(func() { k.publish(ctx, c, fmt.Sprint("p", i)) })
	}
	k.goesOn(t, 2)
	for _, p := range slices.Concat(nodes, nodes) {
		p.kill()
		k.goesOn(t, 2)
		p.start()
		p.up()
		page.Await("the page goes on", fmt.Sprint(`seen.length >= `, k.count()))
	}
	stop()
	publishers.Wait()
	page.Await("the page has everything", fmt.Sprint(`seen.length >= `, k.count()))
	var seen []string
	var breaks int
	page.Eval(`seen`, &seen)
	page.Eval(`breaks`, &breaks)
	if err := k.judge(seen); err != nil {
		t.Errorf("the page %v", err)
	}
	k.wantAll(t, seen)
	if breaks == 0 {
		t.Error("the page's line never broke: nothing was tested")
	}
	t.Logf("%d messages in a page whose line broke %d times", len(seen), breaks)
}
