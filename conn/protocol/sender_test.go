package protocol_test

import (
	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
)

// senderConfig is a sender's, with a threshold of 0 and a constant key.
func senderConfig(role protocol.Role, compression bool) protocol.SenderConfig {
	cfg := protocol.SenderConfig{Role: role, Key: func() uint32 { return testKey }}
	if compression {
		cfg.Compressor = deflate.NewCompressor(deflate.CompressorConfig{})
		cfg.WindowBits = 15
	}
	return cfg
}

// opposite returns the role of the peer.
func opposite(role protocol.Role) protocol.Role { return protocol.Client - role }
