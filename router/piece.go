package router

// Piece is a part of a pattern: text, or a parameter. Forms and lists are built of them.
type Piece struct {
	Text string // as it is matched, not escaped; "" for a parameter
	Name string // the parameter's; "" for text
	Type string // int, float, bool, uuid, str or path; a regular expression as written
}

// Pieces takes a pattern to pieces, from left to right: the pieces of /room/{int:id}/log are the text
// "/room/", the int called id, and the text "/log". The error is a *RouteError that wraps ErrPattern.
func Pieces(pattern string) ([]Piece, error) {
	p, err := parsePattern(pattern, Config{})
	if err != nil {
		return nil, &RouteError{Pattern: pattern, Err: ErrPattern, Reason: err.Error()}
	}
	var pieces []Piece
	text := ""
	for _, s := range p.segments {
		text += "/" + s.text
		for i := range s.params {
			if text != "" {
				pieces = append(pieces, Piece{Text: text})
			}
			param := &s.params[i]
			pieces = append(pieces, Piece{Name: param.name, Type: kindNames[param.kind] + param.source})
			text = param.after
		}
	}
	if text != "" {
		pieces = append(pieces, Piece{Text: text})
	}
	return pieces, nil
}
