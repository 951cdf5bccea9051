package envelope

// splitter cuts a JSON object into its members. It tells values from what is
// between them and looks no deeper: a value that isn't right JSON passes.
type splitter struct {
	text []byte
	i    int // next byte
	any  bool
}

// begin reads up to the first member.
func (s *splitter) begin() error {
	s.space()
	switch s.peek() {
	case '{':
		s.i++
		return nil
	case '[', '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return errNotObject
	case 't', 'f', 'n':
		switch string(trimSpace(s.text)) {
		case "true", "false", "null":
			return errNotObject
		}
	}
	return errSyntax
}

// member reads a member with its quoted key; more is false at the object's end.
func (s *splitter) member() (key []byte, v Value, more bool, err error) {
	s.space()
	if !s.any && s.peek() == '}' || s.any && s.peek() != ',' {
		return nil, nil, false, s.end()
	}
	if s.any {
		s.i++
		s.space()
	}
	s.any = true
	if key = s.str(); key == nil {
		return nil, nil, false, errSyntax
	}
	s.space()
	if s.peek() != ':' {
		return nil, nil, false, errSyntax
	}
	s.i++
	s.space()
	if v = s.value(); len(v) == 0 {
		return nil, nil, false, errSyntax
	}
	return key, v, true, nil
}

// end reads the closing brace, behind which only white space may come.
func (s *splitter) end() error {
	if s.peek() != '}' {
		return errSyntax
	}
	s.i++
	s.space()
	if s.i < len(s.text) {
		return errSyntax
	}
	return nil
}

// value reads up to the comma or brace behind a value. It returns nothing if there
// is none.
func (s *splitter) value() Value {
	start, end, depth := s.i, s.i, 0
	for s.i < len(s.text) {
		switch s.text[s.i] {
		case '"':
			if s.str() == nil {
				return nil
			}
			end = s.i
			continue
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return Value(s.text[start:end])
			}
			if s.text[s.i] != ',' {
				depth--
			}
		case ' ', '\n', '\r', '\t':
			s.i++
			continue
		}
		s.i++
		end = s.i
	}
	return nil
}

// str reads a string with its quotes, nil if there is none.
func (s *splitter) str() []byte {
	if s.peek() != '"' {
		return nil
	}
	for i := s.i + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '"':
			str := s.text[s.i : i+1]
			s.i = i + 1
			return str
		}
	}
	return nil
}

// peek returns the next byte, 0 at the end.
func (s *splitter) peek() byte {
	if s.i < len(s.text) {
		return s.text[s.i]
	}
	return 0
}

func (s *splitter) space() {
	for s.i < len(s.text) && isSpace(s.text[s.i]) {
		s.i++
	}
}

// isSpace reports white space as JSON knows it (RFC 8259 §2).
func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

func trimSpace(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
