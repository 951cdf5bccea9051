package store

// Compact checks a message as every Store does, and returns it without the white space between its
// tokens, for stores outside this package. maxSize bounds what is returned, in bytes. Errors:
// ErrNotObject, ErrTooDeep, ErrTooLarge. message is not kept.
func Compact(message []byte, maxSize int) ([]byte, error) {
	o, err := checkObject(message, maxSize)
	if err != nil {
		return nil, err
	}
	return o.appendTo(make([]byte, 0, o.size)), nil
}

// Lend makes a Delivery for a store outside this package. id says which message is lent out, loan which
// time; id and loan 0 together are those of a Delivery that was lent out by nobody.
func Lend(m Message, id uint64, loan uint32) Delivery { return Delivery{m, ticket{id, loan}} }

// Loan returns what Lend was given.
func (d Delivery) Loan() (id uint64, loan uint32) { return d.ticket.id, d.ticket.loan }
