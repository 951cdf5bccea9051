package router

import (
	"fmt"
	"reflect"
)

// Binder fills fields of a struct with parameters. A field is bound by its tag:
//
//	type Room struct {
//		ID   int64  `path:"room_id"` // of /room/{int:room_id}/{topic}
//		Name string `path:"topic"`
//	}
//
// Which Go types fit: for int all integer types, for float float32 and float64, for bool bool, for uuid
// UUID and every other [16]byte, and for every parameter string, which gets the decoded text; also
// types defined as one of these. Fields of embedded structs count. Parameters without a field are left
// alone, as are fields without a tag.
//
// All checks and all looking up of fields happen in NewBinder. A Binder is never changed and may be
// used from any goroutine.
type Binder struct {
	pattern string
	typ     reflect.Type
	fields  []boundField
}

// boundField is a field and the parameter that goes there.
type boundField struct {
	index []int // for reflect.Value.FieldByIndex
	slot  int   // of the Match
	kind  kind  // of the parameter
}

// tagKey is the key of the tag that names a field's parameter.
const tagKey = "path"

// NewBinder prepares to fill the fields of typ, a struct or a pointer to one, from matches of pattern,
// which is complete with its groups' prefixes. A type that is no struct has no fields to fill. The
// error is a *RouteError: ErrPattern if the pattern is invalid; ErrBind, with the field and what to
// change, if a tag names no parameter of it, if the field's type doesn't fit the parameter's, or if
// the field can't be set, being unexported or reached through an embedded pointer.
func NewBinder(typ reflect.Type, pattern string) (*Binder, error) {
	// Whether a trailing slash counts makes no difference to the parameters.
	p, err := parsePattern(pattern, Config{IgnoreTrailingSlash: true})
	if err != nil {
		return nil, &RouteError{Pattern: rooted(pattern), Reason: err.Error(), Err: ErrPattern}
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	b := &Binder{pattern: p.text, typ: typ}
	if typ.Kind() != reflect.Struct {
		return b, nil
	}
	for _, f := range reflect.VisibleFields(typ) {
		name, tagged := f.Tag.Lookup(tagKey)
		if !tagged {
			continue
		}
		slot := p.index(name)
		if err := checkField(typ, f, p, slot); err != nil {
			return nil, &RouteError{Pattern: p.text, Reason: err.Error(), Err: ErrBind}
		}
		b.fields = append(b.fields, boundField{f.Index, slot, p.params[slot].kind})
	}
	return b, nil
}

// checkField makes sure that the parameter in slot, -1 for none, can go into field f of typ.
func checkField(typ reflect.Type, f reflect.StructField, p *pattern, slot int) error {
	field := fmt.Sprintf("field %s of %s, tagged `%s`,", f.Name, typ, f.Tag)
	if slot < 0 {
		return fmt.Errorf("%s names no parameter of the route; %s", field, p.names())
	}
	if !f.IsExported() {
		return fmt.Errorf("%s can't be set; begin its name with a capital letter", field)
	}
	if behindPointer(typ, f.Index) {
		return fmt.Errorf("%s is reached through a pointer; embed the struct itself", field)
	}
	param := &p.params[slot]
	if !fits(f.Type, param.kind) {
		return fmt.Errorf("%s is of type %s, and %s needs %s; change the field's type or the parameter's",
			field, f.Type, param.shape(), wanted(param.kind))
	}
	return nil
}

// behindPointer says whether a pointer stands on the way to the field.
func behindPointer(typ reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		typ = typ.Field(i).Type
		if typ.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// fits says whether a field of type t can hold a parameter of kind k.
func fits(t reflect.Type, k kind) bool {
	if t.Kind() == reflect.String {
		return true
	}
	switch k {
	case kindInt:
		return reflect.Int <= t.Kind() && t.Kind() <= reflect.Uint64
	case kindFloat:
		return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
	case kindBool:
		return t.Kind() == reflect.Bool
	case kindUUID:
		return t.Kind() == reflect.Array && t.Len() == len(UUID{}) && t.Elem().Kind() == reflect.Uint8
	}
	return false
}

// wanted names the types that fit, for messages.
func wanted(k kind) string {
	switch k {
	case kindInt:
		return "an integer or string"
	case kindFloat:
		return "float32, float64 or string"
	case kindBool:
		return "bool or string"
	case kindUUID:
		return "router.UUID, [16]byte or string"
	}
	return "string"
}

// Bind fills the fields of dst, a pointer to the struct of NewBinder, with the values of m, a match of
// NewBinder's pattern; anything else is an error. A value that doesn't fit into its field, such as 300
// into an int8, is an error that wraps ErrNotFound: the route has no such path. Strings are parts of
// the path that was looked up, unless m was detached. It does not allocate.
func (b *Binder) Bind(dst any, m *Match) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != b.typ {
		return fmt.Errorf("router: the fields of %s can't be bound in a %T", b.typ, dst)
	}
	if m.Pattern() != b.pattern {
		return fmt.Errorf("router: the fields of %s are bound to %q, and the match is of %q",
			b.typ, b.pattern, m.Pattern())
	}
	v = v.Elem()
	for i := range b.fields {
		f := &b.fields[i]
		if !f.set(v.FieldByIndex(f.index), m.at(f.slot)) {
			return fmt.Errorf("%w: %s is too large for field %s of %s",
				ErrNotFound, m.at(f.slot).text, b.typ.FieldByIndex(f.index).Name, b.typ)
		}
	}
	return nil
}

// set puts the parameter's value into field, unless it is too large for it.
func (f *boundField) set(field reflect.Value, v value) bool {
	switch kind := field.Kind(); {
	case kind == reflect.String:
		field.SetString(v.text)
	case f.kind == kindInt && field.CanInt():
		if field.OverflowInt(int64(v.bits)) {
			return false
		}
		field.SetInt(int64(v.bits))
	case f.kind == kindInt:
		if field.OverflowUint(v.bits) {
			return false
		}
		field.SetUint(v.bits)
	case f.kind == kindFloat:
		if field.OverflowFloat(v.float()) {
			return false
		}
		field.SetFloat(v.float())
	case f.kind == kindBool:
		field.SetBool(v.bits != 0)
	case f.kind == kindUUID:
		u, _ := parseUUID(v.text) // the match has made sure
		copy(field.Bytes(), u[:])
	}
	return true
}
