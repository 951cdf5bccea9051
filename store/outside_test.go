package store_test

import (
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

func TestCompact(t *testing.T) {
	tests := map[string]struct {
		in, want string
		max      int
		err      error
	}{
		"spaces":    {" { \"a\" : [ 1 ] } ", `{"a":[1]}`, 9, nil},
		"compact":   {`{}`, `{}`, 2, nil},
		"too-long":  {`{"a":1}`, "", 6, store.ErrTooLarge},
		"no-object": {`[1]`, "", 99, store.ErrNotObject},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := []byte(tt.in)
			got, err := store.Compact(in, tt.max)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Compact = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			if len(got) > 0 {
				in[len(in)/2] = 'x'
				if string(got) != tt.want {
					t.Errorf("the result changed with the message")
				}
			}
		})
	}
}

func TestLend(t *testing.T) {
	d := store.Lend(store.Message{Seq: 7, Payload: []byte("{}")}, 8, 9)
	if id, loan := d.Loan(); id != 8 || loan != 9 || d.Seq != 7 || string(d.Payload) != "{}" {
		t.Errorf("Lend = %+v, %d, %d", d.Message, id, loan)
	}
	if id, loan := new(store.Delivery).Loan(); id != 0 || loan != 0 {
		t.Errorf("the zero Delivery was lent: %d, %d", id, loan)
	}
}
