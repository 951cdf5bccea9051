package conformance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// variant is a way to negotiate permessage-deflate (RFC 7692 §7.1): what the peer
// wishes of the endpoint under test, in order of preference.
type variant struct {
	wishes []wish
	// hint makes a client say that it may go without context takeover itself.
	hint bool
	// own restricts the peer's own side, of its own accord.
	own bounds
}

// wish is what one side wants of the other one's compressor.
type wish struct {
	forget bool // no context takeover
	bits   int  // max window bits; 0: as it likes
}

// bounds are the limits of one direction.
type bounds struct {
	forget bool
	bits   int // 8 to 15; 0 means 15
}

// anyVariant wishes for nothing.
func anyVariant() *variant { return &variant{wishes: []wish{{}}} }

const extensionName = "permessage-deflate"

// request returns the header field of a client: an offer for each wish.
func (v *variant) request() string {
	var offers []string
	for _, w := range v.wishes {
		offer := extensionName
		if v.hint || v.own.forget {
			offer += "; client_no_context_takeover"
		}
		offer += "; client_max_window_bits"
		if v.own.bits != 0 {
			offer += "=" + strconv.Itoa(v.own.bits)
		}
		offers = append(offers, offer+w.params("server"))
	}
	return strings.Join(offers, ", ")
}

// params returns the parameters that ask one side for what is wished.
func (w wish) params(side string) string {
	var s string
	if w.forget {
		s += "; " + side + "_no_context_takeover"
	}
	if w.bits != 0 {
		s += "; " + side + "_max_window_bits=" + strconv.Itoa(w.bits)
	}
	return s
}

// agreed judges a server's answer and makes the codec of it. The first wish must
// be met: it is one that every server can meet.
func (v *variant) agreed(answer string) (*codec, error) {
	params, err := parseExtension(answer)
	if err != nil {
		return nil, err
	}
	w := v.wishes[0]
	theirs := bounds{forget: params.has("server_no_context_takeover"), bits: params.bits("server_max_window_bits")}
	ours := bounds{forget: v.hint || v.own.forget || params.has("client_no_context_takeover"), bits: params.bits("client_max_window_bits")}
	switch {
	case w.forget && !theirs.forget:
		return nil, fmt.Errorf("answer %q lacks server_no_context_takeover", answer)
	case w.bits != 0 && (theirs.bits == 0 || theirs.bits > w.bits):
		return nil, fmt.Errorf("answer %q doesn't keep to server_max_window_bits=%d", answer, w.bits)
	case v.own.bits != 0 && ours.bits > v.own.bits:
		return nil, fmt.Errorf("answer %q allows us more than client_max_window_bits=%d", answer, v.own.bits)
	}
	if ours.bits == 0 {
		ours.bits = v.own.bits
	}
	return newCodec(ours, theirs), nil
}

// answer chooses among a client's offers: the first wish that one of them allows.
// A server may always ask for client_no_context_takeover (RFC 7692 §7.1.1.2), but
// for a window only where the offer has the parameter (RFC 7692 §7.1.2.2).
func (v *variant) answer(fields []string) (string, *codec, error) {
	offers := strings.Split(strings.Join(fields, ","), ",")
	for _, w := range v.wishes {
		for _, offer := range offers {
			params, err := parseExtension(strings.TrimSpace(offer))
			if err != nil {
				return "", nil, err
			}
			theirs := bounds(w)
			if offered := params.bits("client_max_window_bits"); w.bits != 0 && (!params.has("client_max_window_bits") || offered != 0 && offered < w.bits) {
				continue
			}
			ours := bounds{v.own.forget || params.has("server_no_context_takeover"), narrower(v.own.bits, params.bits("server_max_window_bits"))}
			answer := extensionName + wish(ours).params("server") + w.params("client")
			return answer, newCodec(ours, theirs), nil
		}
	}
	return "", nil, fmt.Errorf("no offer of %q allows any of %+v", fields, v.wishes)
}

// narrower returns the smaller of two windows, of which 0 is none.
func narrower(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// extension is the parameters of one offer or answer.
type extension map[string]string

// parseExtension is strict: known parameters, each once, values where they belong
// (RFC 7692 §7.1).
func parseExtension(s string) (extension, error) {
	parts := strings.Split(s, ";")
	if strings.TrimSpace(parts[0]) != extensionName {
		return nil, fmt.Errorf("extension %q, want %s", s, extensionName)
	}
	params := extension{}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := params[name]; twice {
			return nil, fmt.Errorf("%q has %s twice", s, name)
		}
		if err := checkParameter(name, value); err != nil {
			return nil, fmt.Errorf("extension %q: %w", s, err)
		}
		params[name] = value
	}
	return params, nil
}

func checkParameter(name, value string) error {
	switch name {
	case "server_no_context_takeover", "client_no_context_takeover":
		if value != "" {
			return errors.New(name + " has a value")
		}
		return nil
	case "client_max_window_bits":
		if value == "" {
			return nil
		}
		fallthrough
	case "server_max_window_bits":
		switch value {
		case "8", "9", "10", "11", "12", "13", "14", "15":
			return nil
		}
		return fmt.Errorf("%s=%q", name, value)
	}
	return errors.New("unknown parameter " + name)
}

func (e extension) has(name string) bool { _, ok := e[name]; return ok }

// bits returns the value of a window's parameter, 0 if it has none.
func (e extension) bits(name string) int {
	n, _ := strconv.Atoi(e[name]) // checked by parseExtension
	return n
}
