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
// The mask and UTF-8 loops take eight bytes at a time through encoding/binary instead of unsafe:
// the compiler turns those loads into single instructions, no alignment needs care, and the package
// stays free of unsafe. Three unexported functions hold those loops, maskWords, validPrefix and
// unmaskASCII, which does both at once while text is ASCII; assembly can take over there without a
// change to anything above them.
//
// A length that is wrong is reported once its whole field is there, masking key or not. Failing at
// the first wrong byte would gain nothing, for a peer that sends seven bytes of a length sends the
// eighth, and so the answer is the same however the stream was cut into reads.
package frame
