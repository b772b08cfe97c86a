package scalar

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/gannetdb/gannet/vector/types"
)

// naiveLike is LIKE by its definition.
func naiveLike(pat, s []rune) bool {
	if len(pat) == 0 {
		return len(s) == 0
	}
	switch pat[0] {
	case '%':
		for i := 0; i <= len(s); i++ {
			if naiveLike(pat[1:], s[i:]) {
				return true
			}
		}
		return false
	case '_':
		return len(s) > 0 && naiveLike(pat[1:], s[1:])
	}
	return len(s) > 0 && s[0] == pat[0] && naiveLike(pat[1:], s[1:])
}

func naiveGlob(pat, s []rune) bool {
	if len(pat) == 0 {
		return len(s) == 0
	}
	switch pat[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if naiveGlob(pat[1:], s[i:]) {
				return true
			}
		}
		return false
	case '?':
		return len(s) > 0 && naiveGlob(pat[1:], s[1:])
	}
	return len(s) > 0 && s[0] == pat[0] && naiveGlob(pat[1:], s[1:])
}

func TestPatternsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet []rune, n int) []rune {
		out := make([]rune, r.IntN(n))
		for i := range out {
			out[i] = alphabet[r.IntN(len(alphabet))]
		}
		return out
	}
	for range 60000 {
		s := text([]rune("aabé"), 9)
		pat := text([]rune("aab%%_é"), 8)
		if got, want := compileLike([]byte(string(pat)), 0, false).match([]byte(string(s))), naiveLike(pat, s); got != want {
			t.Fatalf("%q LIKE %q: %v", string(s), string(pat), got)
		}
		glob := text([]rune("aab**?é"), 8)
		if got, want := matchGlob([]byte(string(glob)), []byte(string(s))), naiveGlob(glob, s); got != want {
			t.Fatalf("%q GLOB %q: %v", string(s), string(glob), got)
		}
	}
}

func TestSubstringAgainstRunes(t *testing.T) {
	for _, s := range []string{"", "hello", "héllo wörld", "日本"} {
		n := int64(utf8.RuneCountInString(s))
		for from := int64(0); from <= n+1; from++ {
			for to := from; to <= n+2; to++ {
				want := string([]rune(s)[min(from, n):min(to, n)])
				if got := string(slice([]byte(s), from, to)); got != want {
					t.Fatalf("slice(%q, %d, %d) = %q, want %q", s, from, to, got, want)
				}
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a%b_", "aXbY")
	f.Add("[a-", "a")
	f.Add("%Y-%m-%d %z", "2020-01-01 +02")
	f.Fuzz(func(t *testing.T, a, b string) {
		compileLike([]byte(a), '\\', true).match(appendLower(nil, []byte(b)))
		matchGlob([]byte(a), []byte(b))
		if types.CheckDateFormat([]byte(a)) == nil {
			appendFormatted(nil, []byte(a), 1582979696789000, 3600, "X")
			types.ParseByFormat([]byte(b), []byte(a))
		}
		parsePart([]byte(a))
		splitPart([]byte(a), []byte(b), -2)
		substring([]byte(a), -2, 3)
		if e, err := compileRegexp(a, "", regexpReplace); err == nil {
			e.replace(nil, []byte(b), []byte(a))
		}
		if s := string(appendUpper(nil, []byte(a))); utf8.ValidString(a) && !utf8.ValidString(s) {
			t.Errorf("upper of %q is %q", a, s)
		}
		if got := string(appendReverse(nil, appendReverse(nil, []byte(a)))); len(got) != len(a) {
			t.Errorf("reverse of %q loses bytes", a)
		}
	})
}
