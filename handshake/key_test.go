package handshake_test

import (
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestAcceptKey(t *testing.T) {
	// The example of RFC 6455 §1.3.
	if got, want := handshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; got != want {
		t.Errorf("AcceptKey = %q, want %q", got, want)
	}
	// Any string is hashed, also one longer than a key.
	if got, want := handshake.AcceptKey("0123456789012345678901234567890123456789"), "RAunLCA2v5okaNo64yKqJCNWM9w="; len(got) != len(want) {
		t.Errorf("AcceptKey of a long string = %q, want %d bytes", got, len(want))
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
