// Package frame is the wire format of WebSocket (RFC 6455 §5 to §8): frame headers, masks, UTF-8,
// close codes and close payloads, and a parser that cuts a stream of bytes into frames.
//
// It is bytes in, values out. It opens no socket, starts no goroutine, reads no clock, draws no
// random number and writes no log; masking keys are arguments. It checks the syntax of frames and
// nothing else: which role must mask, which reserved bits an extension has claimed, which opcodes
// may follow which, and every limit on sizes are the rules of a connection and belong to whoever
// drives this package.
//
// # What belongs to whom
//
// Parsers keep no reference to their input, with one exception that Parser documents: a Chunk's
// Payload aliases the bytes given to Next. Append functions extend dst the way append does. Nothing
// here allocates except the append functions when dst is full, ParseClosePayload for the reason it
// returns, and the texts made by the Error and String methods.
//
// Functions may be called from any goroutine. A UTF8 or a Parser belongs to one goroutine at a time.
//
// # Errors
//
// Whoever finds a fault names its answer: bytes that break the protocol give a *CloseError whose
// Code is the one to send. Those values are made once and shared, so that hostile input costs no
// memory; they must not be changed, only copied.
//
// # Sections
//
// Frame headers are RFC 6455 §5.2, masks §5.3, control frames §5.5, the close payload §5.5.1,
// close codes §7.4, UTF-8 in text §8.1 (the encoding itself is RFC 3629 §4).
//
// # Decisions
//
// The pure-Go mask and UTF-8 loops take eight bytes at a time through encoding/binary instead of
// unsafe: the compiler turns those loads into single instructions, no alignment needs care, and the
// package stays free of unsafe. They are built everywhere, and they are all there is with the build
// tag purego.
//
// Masks and UTF-8 have assembly beside them: AVX2 and AVX-512 on amd64, NEON on arm64. The processor
// is asked once, when the program starts. Measured on a Zen 5 in one run with the copy built into
// Go, masking in place takes 1.7 times as long for 125 bytes, most of it the calls, and from 1 KiB
// up no longer than a copy; it is 2 times as fast as the pure loop at 125 bytes and 5 to 12 times
// from 1 KiB. AVX-512 is a path of its own because it is 1.5 times as fast as AVX2 at 4 KiB, and no
// slower elsewhere. Below 16 bytes, on both architectures, the pure loop is the faster one.
//
// UTF-8 is checked by the lookup method of Keiser and Lemire, on AVX2 from 36 bytes on and on NEON
// from 20. The vectors only say how far all is well; the bytes after that go through the state
// machine, which alone declares a fault, and which knows a character that the next piece completes.
// AVX2 is 3 to 4 times as fast as the pure loop on ASCII from 1 KiB up, and 5 to 9 times on
// everything else. Unmasking in the same pass takes 1.1 times as long as the check alone, a
// nanosecond or two more for short texts; one after the other takes 1.5 to 2 times as long at 125
// bytes.
//
// A length that is wrong is reported once its whole field is there, masking key or not. Failing at
// the first wrong byte would gain nothing, for a peer that sends seven bytes of a length sends the
// eighth, and so the answer is the same however the stream was cut into reads.
package frame
