package frame

// maskGeneric is Mask, one byte at a time: the reference that faster ones are tested against. Built
// everywhere.
func maskGeneric(p []byte, key uint32) (next uint32) {
	for i := range p {
		p[i] ^= byte(key)
		key = key>>8 | key<<24
	}
	return key
}
