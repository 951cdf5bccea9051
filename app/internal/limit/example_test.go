package limit_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/godwit-ws/godwit/app/internal/limit"
)

func ExampleRate() {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 100, Window: time.Minute}})
	client, now := netip.MustParseAddr("192.0.2.1"), time.Now()
	passed := 0
	for range 101 {
		if r.Allow(client, now) {
			passed++
		}
	}
	fmt.Println(passed, r.Allow(client, now.Add(time.Second)))
	// Output: 100 true
}

func ExampleBucket() {
	perConnection := limit.Limit{Events: 2, Window: time.Second}
	var b limit.Bucket
	now := time.Now()
	fmt.Println(b.Allow(perConnection, now), b.Allow(perConnection, now), b.Allow(perConnection, now))
	// Output: true true false
}

func ExampleCounter() {
	c := limit.NewCounter(1, 0)
	fmt.Println(c.Acquire(netip.MustParseAddr("2001:db8::1")), c.Acquire(netip.MustParseAddr("2001:db8::2")))
	// Output: true false
}
