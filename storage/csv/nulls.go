package csv

import (
	"slices"
)

// nullSet is the texts that mean NULL in a column.
type nullSet struct {
	onlyEmpty bool // the empty text and no other, quoted or not
	unquoted  bool // texts in quotes are not NULL
	texts     []string
	blank     []string // texts that are empty ones: the null strings of force_not_null
}

// is reports whether a field with the content b is NULL.
func (n *nullSet) is(b []byte, quoted bool) bool {
	return !(n.unquoted && quoted) && n.has(b)
}

func (n *nullSet) has(b []byte) bool {
	if n.onlyEmpty {
		return len(b) == 0
	}
	return slices.Contains(n.texts, string(b))
}

// nullsOf returns the null strings of column ord.
func (o *options) nullsOf(ord int) nullSet {
	if slices.Contains(o.neverNull, ord) {
		n := nullSet{}
		if len(o.nulls) > 1 || o.nulls[0] != "" {
			n.blank = o.nulls
		}
		return n
	}
	return nullSet{onlyEmpty: len(o.nulls) == 1 && o.nulls[0] == "" && !o.unquotedNulls, unquoted: o.unquotedNulls, texts: o.nulls}
}
