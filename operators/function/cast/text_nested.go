package cast

import (
	"bytes"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Text of nested values, as toText writes it: [a, 'b c'], {'a': 1, 'b': 2},
// (1, 2), {k=v}. Elements may be quoted with ' or ", in which a backslash escapes
// the next character; an unquoted NULL is NULL, blanks around elements do not
// count.

// cutter walks the elements of one nested text.
type cutter struct {
	s   []byte
	pos int
}

func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (t *cutter) skip() {
	for t.pos < len(t.s) && blank(t.s[t.pos]) {
		t.pos++
	}
}

// open reads the bracket b.
func (t *cutter) open(b byte) bool {
	t.skip()
	if t.pos < len(t.s) && t.s[t.pos] == b {
		t.pos++
		return true
	}
	return false
}

// done reports that nothing but blanks is left.
func (t *cutter) done() bool {
	t.skip()
	return t.pos == len(t.s)
}

// piece reads up to one of the stops outside quotes and brackets, consumes it,
// and returns the text before it without blanks around, and the stop.
func (t *cutter) piece(stops string) (text []byte, stop byte, ok bool) {
	t.skip()
	start, depth := t.pos, 0
	var quote byte
	for ; t.pos < len(t.s); t.pos++ {
		c := t.s[t.pos]
		switch {
		case c == '\\' && escapes(t.s, t.pos, quote != 0 || depth > 0):
			t.pos++
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '"' || c == '\'':
			quote = c
			continue
		}
		if quote != 0 || c == '\\' {
			continue
		}
		if depth == 0 {
			for k := range len(stops) {
				if c == stops[k] {
					text = types.TrimSpace(t.s[start:t.pos])
					t.pos++
					return text, c, true
				}
			}
		}
		switch c {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			if depth == 0 {
				return nil, 0, false
			}
			depth--
		}
	}
	return nil, 0, false
}

// escapes reports whether the backslash at s[i] escapes what follows: anything
// within quotes, only a quote outside of them.
func escapes(s []byte, i int, quoted bool) bool {
	return i+1 < len(s) && (quoted || s[i+1] == '"' || s[i+1] == '\'')
}

// unquote returns the value of an element's text, without quotes and escapes:
// isNull for an unquoted NULL. buf is memory for texts that have them.
func unquote(s, buf []byte) (value, newBuf []byte, isNull bool) {
	if len(s) == 4 && (s[0]|0x20) == 'n' && (s[1]|0x20) == 'u' && (s[2]|0x20) == 'l' && (s[3]|0x20) == 'l' {
		return nil, buf, true
	}
	if bytes.IndexByte(s, '\\') < 0 && bytes.IndexByte(s, '"') < 0 && bytes.IndexByte(s, '\'') < 0 {
		return s, buf, false
	}
	buf = buf[:0]
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && escapes(s, i, quote != 0):
			i++
			buf = append(buf, s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			buf = append(buf, c)
		}
	}
	return buf, buf, false
}

// elementTexts is a growing VARCHAR vector of element texts.
// Those of nested elements stay as they are, for the next level to read.
type elementTexts struct {
	vec    *vector.Vector
	buf    []byte
	nested bool
}

func newTexts(n int, elem types.Type) elementTexts {
	t := elementTexts{vec: vector.New(types.Of(types.Varchar)), nested: elem.IsNested() && elem.ID != types.Enum}
	t.vec.Resize(n)
	return t
}

// set stores an element's text at position i.
func (t *elementTexts) set(i int, s []byte) {
	value, buf, isNull := unquote(s, t.buf)
	t.buf = buf
	if t.nested && len(s) > 0 && s[0] != '"' && s[0] != '\'' {
		value = s
	}
	if isNull {
		t.vec.SetNull(i)
		return
	}
	if t.vec.Valid != nil {
		t.vec.Valid.Set(i)
	}
	t.vec.PutString(i, value)
}

func (t *elementTexts) add(s []byte) {
	i := t.vec.Len
	t.vec.Grow(1)
	t.set(i, s)
}

// badNested handles a text that is not one of the target type.
func (c *call) badNested(s []byte, out *vector.Vector, p int) error {
	if !c.try {
		return errText(s, c.to)
	}
	out.SetNull(p)
	return nil
}

func textToList(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[types.ListEntry](out)
	elems := newTexts(0, *c.to.Ext.Child)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		start := elems.vec.Len
		if !cutList(s, func(e []byte) { elems.add(e) }) {
			if err := c.badNested(s, out, p); err != nil {
				return err
			}
		}
		dst[p] = types.ListEntry{Offset: uint32(start), Length: uint32(elems.vec.Len - start)}
	}
	n := elems.vec.Len
	out.Children[0].Resize(n)
	return c.element(0, nil, n, n, elems.vec, out.Children[0])
}

// cutList calls add with the texts of a list's elements; false when s is not
// the text of a list.
func cutList(s []byte, add func([]byte)) bool {
	t := cutter{s: s}
	if !t.open('[') {
		return false
	}
	if t.open(']') {
		return t.done()
	}
	for {
		e, stop, ok := t.piece(",]")
		if !ok {
			return false
		}
		add(e)
		if stop == ']' {
			return t.done()
		}
	}
}

func textToArray(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	size := c.to.Ext.Size
	elems := newTexts(c.size*size, *c.to.Ext.Child)
	sel := make([]uint32, 0, c.n*size)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		n := 0
		ok := cutList(s, func(e []byte) {
			if n < size {
				elems.set(p*size+n, e)
			}
			n++
		})
		if !ok || n != size {
			if err := c.badNested(s, out, p); err != nil {
				return err
			}
			continue
		}
		for j := range size {
			sel = append(sel, uint32(p*size+j))
		}
	}
	out.Children[0].Resize(c.size * size)
	return c.element(0, sel, len(sel), c.size*size, elems.vec, out.Children[0])
}

func textToStruct(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	fields := c.to.Ext.Fields
	texts := make([]elementTexts, len(fields))
	for f := range texts {
		texts[f] = newTexts(c.size, fields[f].Type)
	}
	sel := make([]uint32, 0, c.n)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		for f := range texts {
			texts[f].vec.SetNull(p)
		}
		if !cutStruct(s, fields, texts, p) {
			if err := c.badNested(s, out, p); err != nil {
				return err
			}
			continue
		}
		sel = append(sel, uint32(p))
	}
	for f, child := range out.Children {
		child.Resize(c.size)
		if err := c.element(f, sel, len(sel), c.size, texts[f].vec, child); err != nil {
			return err
		}
	}
	return nil
}

// cutStruct stores the texts of a struct's fields at position p.
func cutStruct(s []byte, fields []types.Field, texts []elementTexts, p int) bool {
	t := cutter{s: s}
	if t.open('(') {
		for f := range fields {
			e, stop, ok := t.piece(",)")
			if !ok || (stop == ')') != (f == len(fields)-1) {
				return false
			}
			texts[f].set(p, e)
		}
		return t.done()
	}
	if !t.open('{') {
		return false
	}
	if t.open('}') {
		return t.done()
	}
	var buf []byte
	for {
		key, _, ok := t.piece(":")
		if !ok {
			return false
		}
		var name []byte
		if name, buf, _ = unquote(key, buf); name == nil {
			name = key
		}
		at := -1
		for f := range fields {
			if fields[f].Name == string(name) {
				at = f
			}
		}
		e, stop, ok := t.piece(",}")
		if !ok || at < 0 {
			return false
		}
		texts[at].set(p, e)
		if stop == '}' {
			return t.done()
		}
	}
}

// textToMap reads {k=v, …}; a key that occurs twice is error 22030.
func textToMap(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[types.ListEntry](out)
	keys, values := newTexts(0, c.to.Ext.Fields[0].Type), newTexts(0, c.to.Ext.Fields[1].Type)
	seen := map[string]struct{}{}
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		start := keys.vec.Len
		clear(seen)
		if !cutMap(s, &keys, &values) {
			if err := c.badNested(s, out, p); err != nil {
				return err
			}
		}
		for j := start; j < keys.vec.Len; j++ {
			key := vector.Str(&vector.Values[types.StringRef](keys.vec)[j], keys.vec.Bufs)
			if _, dup := seen[raw.String(key)]; dup || keys.vec.IsNull(j) {
				if !c.try {
					if dup {
						return sqlerr.New(sqlerr.CodeDuplicateObjectKey, "map keys must be unique: %s", shown(key))
					}
					return sqlerr.New(sqlerr.CodeNullNotAllowed, "map keys must not be NULL")
				}
				out.SetNull(p)
			}
			seen[string(key)] = struct{}{}
		}
		dst[p] = types.ListEntry{Offset: uint32(start), Length: uint32(keys.vec.Len - start)}
	}
	n := keys.vec.Len
	entry := out.Children[0]
	entry.Resize(n)
	if err := c.element(0, nil, n, n, keys.vec, entry.Children[0]); err != nil {
		return err
	}
	return c.element(1, nil, n, n, values.vec, entry.Children[1])
}

func cutMap(s []byte, keys, values *elementTexts) bool {
	t := cutter{s: s}
	if !t.open('{') {
		return false
	}
	if t.open('}') {
		return t.done()
	}
	for {
		key, _, ok := t.piece("=")
		if !ok {
			return false
		}
		value, stop, ok := t.piece(",}")
		if !ok {
			return false
		}
		keys.add(key)
		values.add(value)
		if stop == '}' {
			return t.done()
		}
	}
}
