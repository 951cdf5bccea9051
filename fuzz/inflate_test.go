package fuzz_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// inflateSetup says how a payload is inflated: what a byte of the fuzzer's means.
type inflateSetup byte

func (s inflateSetup) bits() int        { return 8 + int(s%8) }
func (s inflateSetup) noTakeover() bool { return s&0x08 != 0 }

// FuzzInflate: after a message that leaves a history, a payload of any bytes gives
// what the slow inflater makes of it, what compress/flate makes of it, or the
// error it deserves; within the limit, in memory in proportion to that.
func FuzzInflate(f *testing.F) {
	f.Fuzz(func(t *testing.T, history, payload []byte, setup byte, limit uint16) {
		if len(history) > maxInput || len(payload) > maxInput {
			return
		}
		s := inflateSetup(setup)
		d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: s.bits(), NoTakeover: s.noTakeover()})
		slow := &slowInflater{window: 1 << s.bits(), noTakeover: s.noTakeover()}
		prime(t, d, slow, history)
		want, wantErr := slow.inflate(payload, int(limit))

		const before = "before"
		var out []byte
		var err error
		cost := allocated(func() { out, err = d.AppendMessage([]byte(before), payload, int64(limit)) })
		// Growing to a quarter of the limit and then to the whole, the window's history, and tables
		// which the pool may lack.
		if most := 2*int(limit) + 128<<10; cost > most {
			t.Fatalf("% x: %d bytes allocated under a limit of %d", payload, cost, limit)
		}
		if !bytes.HasPrefix(out, []byte(before)) || len(out)-len(before) > int(limit) {
			t.Fatalf("% x: %d bytes, past the limit of %d, or what was there is gone", payload, len(out)-len(before), limit)
		}
		out = out[len(before):]
		checkInflated(t, payload, out, err, want, wantErr)
		if err != nil {
			checkStaysCorrupt(t, d, err)
			return
		}
		if s.noTakeover() {
			history = nil
		}
		if std, err := flateInflate(payload, history); err != nil || !bytes.Equal(std, out) {
			t.Fatalf("% x: compress/flate says % x, %v; we say % x", payload, std, err, out)
		}
	})
}

// prime sends history through both inflaters as a message, stored or in Huffman
// codes but without distances, which might not fit the window.
func prime(t *testing.T, d *deflate.Decompressor, slow *slowInflater, history []byte) {
	t.Helper()
	payload := huffmanOnly(t, history)
	if got, err := d.AppendMessage(nil, payload, -1); err != nil || !bytes.Equal(got, history) {
		t.Fatalf("history % x: % x, %v", history, got, err)
	}
	if got, err := slow.inflate(payload, -1); err != nil || !bytes.Equal(got, history) {
		t.Fatalf("history % x, slowly: % x, %v", history, got, err)
	}
}

// huffmanOnly compresses p with compress/flate, without distances.
func huffmanOnly(t *testing.T, p []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.HuffmanOnly)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte(syncTail))
}

// checkInflated compares a result with the slow inflater's.
func checkInflated(t *testing.T, payload, got []byte, err error, want []byte, wantErr error) {
	t.Helper()
	switch {
	case errors.Is(wantErr, errTooBig) && errors.Is(err, deflate.ErrTooBig):
	case errors.Is(wantErr, errCorrupt) && errors.Is(err, deflate.ErrCorrupt):
	case wantErr != nil || err != nil:
		t.Fatalf("% x: error %v, want %v", payload, err, wantErr)
	case !bytes.Equal(got, want):
		t.Fatalf("% x: got % x, want % x", payload, got, want)
	}
}

// checkStaysCorrupt: after an error the peer's history is unknown.
func checkStaysCorrupt(t *testing.T, d *deflate.Decompressor, err error) {
	t.Helper()
	out, again := d.AppendMessage(nil, []byte{0}, -1)
	if again == nil || len(out) > 0 || errors.Is(again, deflate.ErrTooBig) != errors.Is(err, deflate.ErrTooBig) {
		t.Fatalf("after %v a message gives % x, %v", err, out, again)
	}
}
