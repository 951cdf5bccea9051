package handshake_test

import (
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// What a browser sends.
var browserRequest = request("Host: example.com:8080", "Connection: keep-alive, Upgrade", "Pragma: no-cache", "Cache-Control: no-cache",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	"Origin: http://example.com:8080", "Accept-Encoding: gzip, deflate", "Accept-Language: en-GB,en;q=0.9",
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")

func BenchmarkHeaderEnd(b *testing.B) {
	block := []byte(browserRequest)
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := handshake.HeaderEnd(block, 0, 4096); n != len(block) {
			b.Fatal(n)
		}
	}
}

func BenchmarkRequestParse(b *testing.B) {
	var r handshake.Request
	b.SetBytes(int64(len(browserRequest)))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Parse(browserRequest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, policy := range map[string]*handshake.Policy{
		"deflate=off": {},
		"deflate=on":  {Deflate: &handshake.DeflatePolicy{}},
	} {
		b.Run(name, func(b *testing.B) {
			var r handshake.Request
			if err := r.Parse(browserRequest); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := policy.Check(&r, handshake.HTTP, noPeer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
