package lexer

import (
	"sort"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// all returns the tokens of a text, without EOF.
func all(text string) (tokens []Token, l *Lexer) {
	lex := New(text)
	for {
		t := lex.Next()
		if t.Kind == EOF {
			return tokens, &lex
		}
		tokens = append(tokens, t)
	}
}

func TestKinds(t *testing.T) {
	cases := []struct {
		text string
		want []Kind
	}{
		{"", nil}, {" \t\r\n\f\v", nil}, {"-- x", nil}, {"/* a /* b */ c */ x", []Kind{Ident}}, {"\ufeffa\u00a0b\u3000c", []Kind{Ident, Ident, Ident}},
		{"a.b", []Kind{Ident, Dot, Ident}}, {"a$1", []Kind{Ident}}, {"ä_1", []Kind{Ident}}, {`"a""b"`, []Kind{QuotedIdent}},
		{"1 1_000 0xFF 0b11 0o17", []Kind{Integer, Integer, Integer, Integer, Integer}},
		{"1.5 .5 1. 1e3 1.e-3 1E+3", []Kind{Decimal, Decimal, Decimal, Float, Float, Float}},
		{"1x 0xg 1e 1_ 1__0", []Kind{Integer, Ident, Integer, Ident, Integer, Ident, Integer, Ident, Integer, Ident}},
		{"'a' 'b''c' E'\\'' $$x$$ $t$ $$ $t$ X'00' B'1' e", []Kind{String, String, EString, Dollar, Dollar, HexString, BitString, Ident}},
		{"$1 $x ? :y #1", []Kind{Param, NamedParam, Question, Colon, Ident, Hash, Integer}},
		{"a::b:=c=>d", []Kind{Ident, Typecast, Ident, Assign, Ident, FatArrow, Ident}},
		{"-> ->> - -1", []Kind{Arrow, LongArrow, Minus, Minus, Integer}},
		{"a--b\n-c", []Kind{Ident, Minus, Ident}}, {"a-/*x*/b", []Kind{Ident, Minus, Ident}}, {"*/*x*/*", []Kind{Star, Star}},
		{"= == <> != < <= > >= || // ** ^ %", []Kind{Eq, Eq, NotEq, NotEq, Lt, LtEq, Gt, GtEq, Concat, DoubleSlash, StarStar, Caret, Percent}},
		{"~~ !~~ ~~* !~~* ~~~ ~ !~ ~* !~* ^@ @> <@ && << >> & | <-> <=> @ !", []Kind{OtherOp, OtherOp, OtherOp, OtherOp, OtherOp,
			OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp, OtherOp}},
		{"a=-1", []Kind{Ident, Eq, Minus, Integer}}, {"a||-1", []Kind{Ident, Concat, Minus, Integer}}, {"a<-1", []Kind{Ident, Lt, Minus, Integer}},
		{"(){}[],;", []Kind{LParen, RParen, LBrace, RBrace, LBracket, RBracket, Comma, Semicolon}},
	}
	for _, c := range cases {
		got, l := all(c.text)
		if l.Err() != nil {
			t.Errorf("%q: %v", c.text, l.Err())
			continue
		}
		kinds := make([]Kind, len(got))
		for i := range got {
			kinds[i] = got[i].Kind
		}
		if len(kinds) != len(c.want) {
			t.Errorf("%q: got %v, want %v", c.text, kinds, c.want)
			continue
		}
		for i := range kinds {
			if kinds[i] != c.want[i] {
				t.Errorf("%q: token %d (%s) is %v, want %v", c.text, i, l.Raw(got[i]), kinds[i], c.want[i])
			}
		}
	}
}

func TestValues(t *testing.T) {
	strs := map[string]string{`'a'`: "a", `'a''b'`: "a'b", `''`: "", `E'a\n\t\\\''''`: "a\n\t\\''", `E'\x41\101\u00e4\U0001F600'`: "AAä😀",
		`$$a'b$$`: "a'b", `$t$a$$b$t$`: "a$$b", `$t$$t$`: "", `E'\q'`: "q"}
	for text, want := range strs {
		toks, l := all(text)
		if len(toks) != 1 || l.StringValue(toks[0]) != want {
			t.Errorf("%s: got %q, want %q (%v)", text, l.StringValue(toks[0]), want, l.Err())
		}
	}
	nums := map[string]string{"007": "7", "0": "0", "1_000": "1000", ".5": ".5", "1.": "1.", "00.50": "0.50", "1.e3": "1.e3", "0xfF": "255",
		"0b101": "5", "0o17": "15", "0x0": "0", "0xFFFFFFFFFFFFFFFFFF": "4722366482869645213695"}
	for text, want := range nums {
		toks, l := all(text)
		if len(toks) != 1 || l.NumberValue(toks[0]) != want {
			t.Errorf("%s: got %q, want %q", text, l.NumberValue(toks[0]), want)
		}
	}
	toks, l := all(`Ab "c""d" $e`)
	for i, want := range []string{"Ab", `c"d`, "e"} {
		if got := l.IdentValue(toks[i]); got != want {
			t.Errorf("identifier %d: %q", i, got)
		}
	}
}

func TestErrors(t *testing.T) {
	cases := []struct {
		text string
		pos  int
		code string
		open Unclosed
	}{
		{"a 'b", 2, sqlerr.CodeSyntax, OpenString}, {`a "b`, 2, sqlerr.CodeSyntax, OpenIdent}, {`""`, 0, sqlerr.CodeSyntax, Closed},
		{"a /* /* */", 2, sqlerr.CodeSyntax, OpenComment}, {"$$ a $", 0, sqlerr.CodeSyntax, OpenDollar}, {"a $ b", 2, sqlerr.CodeSyntax, Closed},
		{"a \x00", 2, sqlerr.CodeSyntax, Closed}, {"ab\xff", 2, sqlerr.CodeInvalidEncoding, Closed}, {`E'\uD800'`, 2, sqlerr.CodeSyntax, Closed},
		{"E'a", 0, sqlerr.CodeSyntax, OpenString}, {`E'a\`, 0, sqlerr.CodeSyntax, OpenString}, {`E'\xff'`, 2, sqlerr.CodeSyntax, Closed},
		{"a \\ b", 2, sqlerr.CodeSyntax, Closed}, {strings.Repeat(" ", MaxText+1), 0, sqlerr.CodeLimitExceeded, Closed},
	}
	for _, c := range cases {
		_, l := all(c.text)
		e, ok := l.Err().(*sqlerr.Error)
		if !ok || e.Pos != c.pos || e.Code != c.code || l.Unclosed() != c.open {
			t.Errorf("%.20q: %+v, open %v", c.text, l.Err(), l.Unclosed())
		}
	}
}

func TestKeywords(t *testing.T) {
	words := Keywords()
	if !sort.StringsAreSorted(words) || len(words) < 400 {
		t.Errorf("%d keywords", len(words))
	}
	for i, w := range words {
		if len(w) > maxKeywordLen {
			t.Errorf("%s is longer than maxKeywordLen", w)
		}
		for _, form := range []string{w, strings.ToUpper(w), strings.ToUpper(w[:1]) + w[1:]} {
			if got := Lookup(form); int(got) != i+1 || got.String() != w {
				t.Errorf("Lookup(%s) = %v", form, got)
			}
			toks, _ := all(form)
			if len(toks) != 1 || int(toks[0].Keyword) != i+1 {
				t.Errorf("token of %s", form)
			}
		}
		if Lookup(w+"x") == Keyword(i+1) {
			t.Errorf("%sx is taken for a keyword", w)
		}
	}
	for _, w := range []string{"", "x", "selec", "sel\x45ct_", "ſelect", strings.Repeat("a", 100)} {
		if Lookup(w) != NotKeyword {
			t.Errorf("%q is a keyword", w)
		}
	}
	if KwSelect.Category() != Reserved || KwName.Category() != Unreserved || KwValues.Category() != ColumnName || KwLeft.Category() != TypeFunction {
		t.Error("categories")
	}
	if Keyword(60000).String() != "" || Keyword(60000).Category() != Unreserved {
		t.Error("out of range")
	}
}

func TestNoAllocation(t *testing.T) {
	text := "SELECT a, \"b\", 'c', 1.5 FROM t WHERE a >= 3 -- end"
	n := testing.AllocsPerRun(100, func() {
		l := New(text)
		for l.Next().Kind != EOF {
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzLexer(f *testing.F) {
	for _, s := range []string{"SELECT 'a' FROM t", `E'\u00e4' $$x$$ $a$b$a$`, "/* /* */ */ -- x", "1.5e-3 0xFF 1_0 .5", `"a""b" a::b ->> !~~*`,
		"\ufeff\u00a0x", "$1 $x ?1 :y #2", "'unclosed"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := New(text)
		last := int32(0)
		for i := 0; ; i++ {
			tok := l.Next()
			if tok.Start < last || tok.End < tok.Start || int(tok.End) > len(text) {
				t.Fatalf("token %+v after offset %d of %q", tok, last, text)
			}
			last = tok.End
			switch {
			case tok.Kind == EOF:
				if l.Next().Kind != EOF {
					t.Fatal("a token after EOF")
				}
				return
			case tok.Kind == Invalid:
				if l.Err() == nil {
					t.Fatal("no error")
				}
			case tok.Start == tok.End:
				t.Fatalf("empty token %+v in %q", tok, text)
			}
			switch tok.Kind {
			case String, EString, Dollar, HexString, BitString:
				l.StringValue(tok)
			case Ident, QuotedIdent, NamedParam:
				l.IdentValue(tok)
			case Integer, Decimal, Float:
				l.NumberValue(tok)
			}
		}
	})
}

func BenchmarkLexer(b *testing.B) {
	text := strings.Repeat("SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem WHERE l_shipdate >= DATE '1994-01-01';\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		l := New(text)
		for l.Next().Kind != EOF {
		}
	}
}

// TestKeywordNumbers: the words of the categories are as many as the constants, and
// in their order.
func TestKeywordNumbers(t *testing.T) {
	for k, name := range map[Keyword]string{KwAbort: "abort", KwCollate: "collate", KwSelect: "select", KwYes: "yes", numKeywords - 1: "zone"} {
		if k.String() != name || Lookup(name) != k {
			t.Errorf("keyword %d is %q, want %q", k, k.String(), name)
		}
	}
	for k := Keyword(1); k < numKeywords; k++ {
		if k.String() == "" || k > 1 && k.String() <= (k-1).String() {
			t.Errorf("keyword %d is %q", k, k)
		}
	}
}
