package handshake_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/godwit-ws/godwit/handshake"
)

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// What one side writes the other accepts, and both end with the same agreement.
func TestBothSidesAgree(t *testing.T) {
	tests := []struct {
		name   string
		client handshake.ClientRequest
		policy handshake.Policy
		want   handshake.Accepted
	}{
		{
			name: "plain",
			want: handshake.Accepted{},
		},
		{
			name:   "subprotocol-in-servers-order",
			client: handshake.ClientRequest{Subprotocols: []string{"b", "a"}},
			policy: handshake.Policy{Subprotocols: []string{"a", "b"}},
			want:   handshake.Accepted{Subprotocol: "a"},
		},
		{
			name:   "compression-declined",
			client: handshake.ClientRequest{Deflate: []handshake.DeflateOffer{{}}},
			want:   handshake.Accepted{},
		},
		{
			name:   "compression",
			client: handshake.ClientRequest{Deflate: []handshake.DeflateOffer{{ServerMaxWindowBits: 12}}},
			policy: handshake.Policy{Deflate: &handshake.DeflatePolicy{ClientMaxWindowBits: 10, ClientNoContextTakeover: true}},
			want: handshake.Accepted{Compressed: true, Deflate: handshake.Deflate{
				ClientNoContextTakeover: true, ServerMaxWindowBits: 12, ClientMaxWindowBits: 10}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.client.Host, tt.client.Target, tt.client.Key = "example.com", "/chat?x=1", sampleKey
			tt.want.AcceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
			tt.client.Fields = append(tt.client.Fields, handshake.Field{Name: "Origin", Value: "http://example.com"})
			out, err := tt.client.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			var req handshake.Request
			if err := req.Parse(string(out)); err != nil {
				t.Fatalf("Parse(%q) = %v", out, err)
			}
			server, err := tt.policy.Check(&req, handshake.HTTP, netip.Addr{})
			if err != nil {
				t.Fatalf("server: %v", err)
			}
			answer, err := handshake.AppendAccepted(nil, server, []handshake.Field{{Name: "Set-Cookie", Value: "a=b"}})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(string(answer), "\r\nSet-Cookie: a=b\r\n\r\n") {
				t.Errorf("answer %q lacks the extra field", answer)
			}
			var resp handshake.Response
			if err := resp.Parse(string(answer)); err != nil {
				t.Fatalf("Parse(%q) = %v", answer, err)
			}
			client, err := tt.client.Check(&resp)
			if err != nil {
				t.Fatalf("client: %v", err)
			}
			ignore := cmpopts.IgnoreUnexported(handshake.Accepted{})
			if diff := cmp.Diff(tt.want, server, ignore); diff != "" {
				t.Errorf("server's view (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, client, ignore); diff != "" {
				t.Errorf("client's view (-want +got):\n%s", diff)
			}
		})
	}
}
