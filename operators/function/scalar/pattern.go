package scalar

import (
	"bytes"
	"unicode/utf8"
)

// pattern is a compiled LIKE pattern: pieces between % signs. The first piece
// is anchored at the start and the last at the end; those between are found
// from left to right, which is right because each matches a fixed number of
// characters. Time is at most the text's length times the pattern's.
type pattern struct {
	fold bool // compare in lower case
	// dangling: the pattern ends with its escape character. It matches texts that
	// get there and go on, for which LIKE is an error.
	dangling bool
	single   bool // no %: first must match all of the text
	first    piece
	middle   []piece
	last     piece
	min      int // least number of bytes of a match
	plain    bool
}

// piece is a run of literals and _ signs. lits[i] follows skips[i] characters;
// lit is the whole piece when it has no _.
type piece struct {
	lit   []byte
	skips []int
	lits  [][]byte
	chars int // characters that it matches
	wild  bool
}

// compileLike compiles pat with the escape character esc (0: none). fold makes
// it ILIKE.
func compileLike(pat []byte, esc rune, fold bool) *pattern {
	p := &pattern{fold: fold, plain: true}
	if fold {
		pat = appendLower(nil, pat)
	}
	var cur piece
	var lit []byte
	skip := 0
	flush := func() {
		if len(lit) > 0 || skip > 0 {
			cur.skips = append(cur.skips, skip)
			cur.lits = append(cur.lits, lit)
		}
		lit, skip = nil, 0
	}
	var pieces []piece
	end := func() {
		flush()
		for i, n := range cur.skips {
			cur.wild = cur.wild || n > 0
			cur.chars += n + utf8.RuneCount(cur.lits[i])
			cur.lit = append(cur.lit, cur.lits[i]...)
			p.min += n + len(cur.lits[i])
		}
		p.plain = p.plain && !cur.wild
		pieces = append(pieces, cur)
		cur = piece{}
	}
	for i := 0; i < len(pat); {
		r, n := utf8.DecodeRune(pat[i:])
		switch {
		case esc != 0 && r == esc:
			i += n
			if i >= len(pat) {
				// One more character, and any others.
				p.dangling = true
				if len(lit) > 0 {
					flush()
				}
				skip++
				end()
				n = 0
				break
			}
			_, n = utf8.DecodeRune(pat[i:])
			lit = append(lit, pat[i:i+n]...)
		case r == '%':
			end()
		case r == '_':
			if len(lit) > 0 {
				flush()
			}
			skip++
		default:
			lit = append(lit, pat[i:i+n]...)
		}
		i += n
	}
	end()
	p.single = len(pieces) == 1
	p.first = pieces[0]
	if !p.single {
		p.last = pieces[len(pieces)-1]
		for _, m := range pieces[1 : len(pieces)-1] {
			if m.chars > 0 {
				p.middle = append(p.middle, m)
			}
		}
	}
	return p
}

// match reports whether s, in lower case when the pattern folds, matches.
func (p *pattern) match(s []byte) bool {
	if len(s) < p.min {
		return false
	}
	if !p.plain {
		return p.matchWild(s)
	}
	if p.single {
		return bytes.Equal(s, p.first.lit)
	}
	if !bytes.HasPrefix(s, p.first.lit) || !bytes.HasSuffix(s, p.last.lit) {
		return false
	}
	s = s[len(p.first.lit) : len(s)-len(p.last.lit)]
	for i := range p.middle {
		lit := p.middle[i].lit
		at := bytes.Index(s, lit)
		if at < 0 {
			return false
		}
		s = s[at+len(lit):]
	}
	return true
}

func (p *pattern) matchWild(s []byte) bool {
	n := p.first.matchAt(s)
	if n < 0 {
		return false
	}
	if p.single {
		return n == len(s)
	}
	s = s[n:]
	// The last piece takes the last characters.
	tail := len(s)
	for range p.last.chars {
		if tail == 0 {
			return false
		}
		_, w := utf8.DecodeLastRune(s[:tail])
		tail -= w
	}
	if p.last.matchAt(s[tail:]) != len(s)-tail {
		return false
	}
	s = s[:tail]
	for i := range p.middle {
		at := p.middle[i].find(s)
		if at < 0 {
			return false
		}
		s = s[at:]
	}
	return true
}

// matchAt matches the piece at the start of s and returns the bytes it took,
// -1 for no match.
func (p *piece) matchAt(s []byte) int {
	i := 0
	for k, skip := range p.skips {
		for range skip {
			if i >= len(s) {
				return -1
			}
			if s[i] < utf8.RuneSelf {
				i++
				continue
			}
			_, w := utf8.DecodeRune(s[i:])
			i += w
		}
		if !bytes.HasPrefix(s[i:], p.lits[k]) {
			return -1
		}
		i += len(p.lits[k])
	}
	return i
}

// find returns the end of the first match of the piece in s, -1 for none.
func (p *piece) find(s []byte) int {
	if !p.wild {
		at := bytes.Index(s, p.lit)
		if at < 0 {
			return -1
		}
		return at + len(p.lit)
	}
	for at := 0; at <= len(s); {
		if n := p.matchAt(s[at:]); n >= 0 {
			return at + n
		}
		if at == len(s) {
			break
		}
		_, w := utf8.DecodeRune(s[at:])
		at += w
	}
	return -1
}

// matchGlob matches s against a shell pattern: * any text, ? one character,
// [a-z] and [!a-z] classes, \ escapes. It tries again only from the last *, so
// its time is at most the product of the lengths.
func matchGlob(pat, s []byte) bool {
	pi, si := 0, 0
	starP, starS := -1, 0
	for si < len(s) {
		if pi < len(pat) && pat[pi] == '*' {
			pi++
			starP, starS = pi, si
			continue
		}
		if next, w, ok := globOne(pat[pi:], s[si:]); ok {
			pi += next
			si += w
			continue
		}
		if starP < 0 {
			return false
		}
		_, w := utf8.DecodeRune(s[starS:])
		starS += w
		pi, si = starP, starS
	}
	for pi < len(pat) && pat[pi] == '*' {
		pi++
	}
	return pi == len(pat)
}

// globOne matches one character of s with the start of pat and returns what
// each took.
func globOne(pat, s []byte) (np, ns int, ok bool) {
	if len(pat) == 0 {
		return 0, 0, false
	}
	r, w := utf8.DecodeRune(s)
	switch pat[0] {
	case '?':
		return 1, w, true
	case '\\':
		if len(pat) < 2 {
			return 0, 0, false
		}
		q, n := utf8.DecodeRune(pat[1:])
		return 1 + n, w, q == r
	case '[':
		i, negated := 1, false
		if i < len(pat) && (pat[i] == '!') {
			negated = true
			i++
		}
		found := false
		for first := true; ; first = false {
			if i >= len(pat) {
				return 0, 0, false
			}
			if pat[i] == ']' && !first {
				return i + 1, w, found != negated
			}
			lo, n := utf8.DecodeRune(pat[i:])
			i += n
			hi := lo
			if i+1 < len(pat) && pat[i] == '-' && pat[i+1] != ']' {
				hi, n = utf8.DecodeRune(pat[i+1:])
				i += 1 + n
			}
			found = found || lo <= r && r <= hi
		}
	}
	q, n := utf8.DecodeRune(pat)
	return n, w, q == r && (q != utf8.RuneError || n == w && pat[0] == s[0])
}
