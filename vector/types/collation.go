package types

import "strings"

// Collation says how texts are compared: as they are, or what is left of them
// without some differences. It is of a VARCHAR's type, but no part of what makes
// types equal: values are the same under each.
type Collation uint8

// The collations, which combine. Binary is for texts that are compared as they are
// whatever the session's default is.
const (
	NoCase   Collation = 1 << iota // without case
	NoAccent                       // without accents
	NFC                            // in Unicode's normal form C
	Binary
)

var collations = []struct {
	name string
	c    Collation
}{{"nocase", NoCase}, {"noaccent", NoAccent}, {"nfc", NFC}, {"binary", Binary}, {"c", Binary}, {"posix", Binary}}

// ParseCollation reads names joined by dots, in any case; "" is no collation. When
// one is not known, ok is false and unknown its name.
func ParseCollation(s string) (c Collation, unknown string, ok bool) {
	if s == "" {
		return 0, "", true
	}
names:
	for name := range strings.SplitSeq(s, ".") {
		for _, k := range collations {
			if strings.EqualFold(k.name, name) {
				c |= k.c
				continue names
			}
		}
		return 0, name, false
	}
	return c, "", true
}

// String returns the names of c joined by dots.
func (c Collation) String() string {
	var names []string
	for _, k := range collations[:4] {
		if c&k.c != 0 {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, ".")
}

// Collated returns t under another collation.
func (t Type) Collated(c Collation) Type {
	t.Collation = c
	return t
}
