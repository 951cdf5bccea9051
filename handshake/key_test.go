package handshake_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestAcceptKey(t *testing.T) {
	// The example of RFC 6455 §1.3.
	if got, want := handshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; got != want {
		t.Errorf("AcceptKey = %q, want %q", got, want)
	}
	// Any string is hashed, also one that is no key.
	for _, key := range []string{"", "short", strings.Repeat("long", 100)} {
		sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		if got, want := handshake.AcceptKey(key), base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("AcceptKey(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestNewKey(t *testing.T) {
	if got, want := handshake.NewKey([16]byte([]byte("the sample nonce"))), "dGhlIHNhbXBsZSBub25jZQ=="; got != want {
		t.Errorf("NewKey = %q, want %q", got, want)
	}
}

func ExampleAcceptKey() {
	fmt.Println(handshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="))
	// Output: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
}
