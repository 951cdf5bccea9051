package fuzz_test

import (
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// rules are those of a connection's receiving side.
type rules struct {
	role        protocol.Role
	compression bool // agreed on, with a window of 32 KiB
	noTakeover  bool
	maxSize     int // bytes a message; negative: no limit
	maxFrames   int // frames a message; negative: no limit
	discard     bool
}

// said is one thing that a peer said.
type said struct {
	Kind    protocol.Kind // Message, Ping, Pong or Close
	Opcode  frame.Opcode
	Payload string
	Code    frame.Code
	Reason  string
}

// account is what a stream comes to.
type account struct {
	Said    []said
	Fault   frame.Code // what to fail the connection with; 0: nothing
	Pending bool       // the stream ends inside a message or frame; says nothing after a Fault or Close
}

// model is a receiver that has the whole stream before it: it takes one frame
// after the other, with all of its payload that will ever come.
type model struct {
	rules
	account
	closed bool

	inMessage  bool // a fragmented message is under way
	opcode     frame.Opcode
	compressed bool
	frames     int
	announced  uint64
	payload    []byte // of the message so far, as it was sent
	partial    []byte // of the message so far, as far as it can be handed out
	half       []byte // the character that its text ends in the middle of
	inflater   slowInflater
}

// modelOf returns the account of a stream. With it comes the beginning of the
// message that the stream leaves unfinished.
func modelOf(r rules, stream []byte) (account, []byte) {
	m := &model{rules: r, inflater: slowInflater{window: 1 << 15, noTakeover: r.noTakeover}}
	for len(stream) > 0 && m.Fault == 0 && !m.closed {
		h, n, v := wireHeader(stream)
		if v == short {
			m.Pending = true
			break
		}
		if v == broken {
			m.Fault = frame.CodeProtocolError // RFC 6455 §5.2
			break
		}
		body := stream[n:]
		complete := int64(len(body)) >= h.Length
		if complete {
			body = body[:h.Length]
		}
		m.Pending = !complete
		m.frame(h, xor(body, h.Key, 0), complete)
		stream = stream[n+len(body):]
	}
	m.Pending = m.Pending || m.inMessage
	return m.account, m.partial
}

// frame takes a frame, of which the stream may lack the end.
func (m *model) frame(h frame.Header, body []byte, complete bool) {
	control := h.Opcode >= 8
	switch {
	case m.breaks(h):
		m.Fault = frame.CodeProtocolError
	case control && complete:
		m.control(h.Opcode, body)
	case control:
	default:
		m.data(h, body, complete)
	}
}

// breaks lists what a header may not be (RFC 6455 §5.1, §5.2, §5.4, §5.5;
// RFC 7692 §6.1).
func (m *model) breaks(h frame.Header) bool {
	control, continuation := h.Opcode >= 8, h.Opcode == frame.Continuation
	known := []frame.Opcode{frame.Continuation, frame.Text, frame.Binary, frame.Close, frame.Ping, frame.Pong}
	return h.Rsv2 || h.Rsv3 ||
		h.Rsv1 && (!m.compression || control || continuation) ||
		!slices.Contains(known, h.Opcode) ||
		h.Masked != (m.role == protocol.Server) ||
		control && (!h.Fin || h.Length > 125) ||
		!control && continuation != m.inMessage
}

func (m *model) control(op frame.Opcode, body []byte) {
	switch op {
	case frame.Ping:
		m.Said = append(m.Said, said{Kind: protocol.Ping, Payload: string(body)})
	case frame.Pong:
		m.Said = append(m.Said, said{Kind: protocol.Pong, Payload: string(body)})
	case frame.Close:
		code, reason, fault := wireClose(body)
		if m.Fault = fault; fault == 0 {
			m.closed = true
			m.Said = append(m.Said, said{Kind: protocol.Close, Code: code, Reason: reason})
		}
	}
}

func (m *model) data(h frame.Header, body []byte, complete bool) {
	if !m.inMessage {
		m.opcode, m.compressed = h.Opcode, h.Rsv1
		m.frames, m.announced = 0, 0
		m.payload, m.partial, m.half = nil, nil, nil
	}
	m.frames++
	m.announced += uint64(h.Length)
	if m.Fault = m.past(); m.Fault != 0 {
		return
	}
	m.inMessage = !h.Fin || !complete
	m.payload = append(m.payload, body...)
	if !m.compressed {
		m.uncompressed(body)
	}
	if h.Fin && complete && m.Fault == 0 {
		m.end()
	}
}

// past returns the code for a message that is past a limit by what its headers
// say. One that is compressed may be an eighth longer than the limit, and 1 KiB,
// and 16 B a frame: by then it is too long whatever it inflates to, or blown up.
func (m *model) past() frame.Code {
	limit := uint64(m.maxSize)
	if m.compressed {
		limit += limit/8 + 1024 + 16*uint64(m.frames)
	}
	switch {
	case m.maxFrames >= 0 && m.frames > m.maxFrames:
		return frame.CodePolicyViolation
	case m.maxSize < 0 && m.announced >= 1<<63, m.maxSize >= 0 && m.announced > limit:
		return frame.CodeMessageTooBig
	}
	return 0
}

// uncompressed takes more of a message that can be handed out as it comes.
func (m *model) uncompressed(body []byte) {
	m.partial = append(m.partial, body...)
	if m.opcode != frame.Text || m.discard {
		return
	}
	var ok bool
	if m.half, ok = undecided(slices.Concat(m.half, body)); !ok {
		m.Fault = frame.CodeInvalidPayload // RFC 6455 §8.1, however much is still to come
	}
}

// end takes the end of a message.
func (m *model) end() {
	message := m.payload
	if m.compressed && !m.discard {
		var err error
		message, err = m.inflater.inflate(m.payload, m.maxSize)
		if m.Fault = inflateFault(err); m.Fault != 0 {
			return
		}
	}
	switch {
	case m.discard:
	case m.opcode == frame.Text && !utf8.Valid(message):
		m.Fault = frame.CodeInvalidPayload
	default:
		m.Said = append(m.Said, said{Kind: protocol.Message, Opcode: m.opcode, Payload: string(message)})
		m.partial = nil
	}
}

// inflateFault returns the code for a message that can't be inflated, or 0.
func inflateFault(err error) frame.Code {
	switch {
	case errors.Is(err, errTooBig):
		return frame.CodeMessageTooBig
	case err != nil:
		return frame.CodeInvalidPayload
	}
	return 0
}
