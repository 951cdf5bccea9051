package store

import (
	"fmt"
	"unicode/utf8"
)

// object is a message that was checked: src holds one JSON object, and whatever white space around and
// between its tokens, size is its length without that white space.
type object struct {
	src  []byte
	size int
}

// checkObject looks at a message before anything is locked or reserved. maxSize bounds the size that
// will be stored.
func checkObject(src []byte, maxSize int) (object, error) {
	if !utf8.Valid(src) {
		return object{}, fmt.Errorf("%w: bytes that aren't UTF-8", ErrNotObject)
	}
	c := checker{src: src}
	if err := c.message(); err != nil {
		return object{}, err
	}
	size := len(src) - c.blank
	if size > maxSize {
		return object{}, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, size, maxSize)
	}
	return object{src, size}, nil
}

// checkObjects checks each message of a group.
func checkObjects(messages [][]byte, maxSize int) ([]object, error) {
	objects := make([]object, len(messages))
	for i, m := range messages {
		o, err := checkObject(m, maxSize)
		if err != nil {
			return nil, fmt.Errorf("message %d of %d: %w", i+1, len(messages), err)
		}
		objects[i] = o
	}
	return objects, nil
}

// totalSize is the sum of the objects' sizes.
func totalSize(objects []object) (total int64) {
	for _, o := range objects {
		total += int64(o.size)
	}
	return total
}

// appendTo appends the object to dst without white space.
func (o object) appendTo(dst []byte) []byte {
	if o.size == len(o.src) {
		return append(dst, o.src...)
	}
	inString := false
	for i := 0; i < len(o.src); i++ {
		b := o.src[i]
		switch {
		case inString && b == '\\':
			dst = append(dst, b, o.src[i+1])
			i++
			continue
		case b == '"':
			inString = !inString
		case !inString && isBlank(b):
			continue
		}
		dst = append(dst, b)
	}
	return dst
}

// isBlank reports white space as JSON knows it (RFC 8259 §2).
func isBlank(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t'
}
