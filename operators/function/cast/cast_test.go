package cast

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// typ reads a type: a name of types.Lookup, DECIMAL(w,s), t[], t[n],
// STRUCT(a t, …), MAP(k, v) or ENUM(a, b).
func typ(t testing.TB, s string) types.Type {
	t.Helper()
	s = strings.TrimSpace(s)
	up := strings.ToUpper(s)
	switch {
	case strings.HasSuffix(s, "]"):
		i := strings.LastIndexByte(s, '[')
		child := typ(t, s[:i])
		if i == len(s)-2 {
			return types.ListOf(child)
		}
		n := 0
		for _, c := range s[i+1 : len(s)-1] {
			n = n*10 + int(c-'0')
		}
		return types.ArrayOf(child, n)
	case strings.HasPrefix(up, "STRUCT("):
		var fs []types.Field
		for _, f := range split(s[7 : len(s)-1]) {
			name, rest, _ := strings.Cut(strings.TrimSpace(f), " ")
			fs = append(fs, types.Field{Name: name, Type: typ(t, rest)})
		}
		return types.StructOf(fs...)
	case strings.HasPrefix(up, "MAP("):
		kv := split(s[4 : len(s)-1])
		return types.MapOf(typ(t, kv[0]), typ(t, kv[1]))
	case strings.HasPrefix(up, "ENUM("):
		d := &types.EnumDict{}
		for _, l := range split(s[5 : len(s)-1]) {
			d.Labels = append(d.Labels, strings.TrimSpace(l))
		}
		return types.EnumOf(d)
	case strings.HasPrefix(up, "DECIMAL("):
		var w, sc uint8
		into := &w
		for _, c := range s[8 : len(s)-1] {
			if c == ',' {
				into = &sc
				continue
			}
			*into = *into*10 + uint8(c-'0')
		}
		return types.DecimalOf(w, sc)
	}
	ty, err := types.Lookup(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

func split(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

func TestCasts(t *testing.T) {
	for _, c := range []struct{ in, chain, want string }{
		{"12.5", "int", "13"}, {"128", "tinyint", "!22018"}, {"-1", "utinyint", "!22018"}, {"255.4", "utinyint", "255"},
		{"true", "bool int", "1"}, {"true", "bool double", "1.0"}, {"true", "bool decimal(3,1)", "1.0"}, {"true", "bool decimal(1,1)", ".1"},
		{"2", "int bool", "true"}, {"0", "double bool", "false"}, {"0.1", "decimal(3,1) bool", "true"}, {"300", "int tinyint", "!22003"},
		{"-1", "int ubigint", "!22003"}, {"18446744073709551615", "ubigint bigint", "!22003"}, {"18446744073709551615", "ubigint hugeint", "18446744073709551615"},
		{"2.5", "double int", "2"}, {"3.5", "double int", "4"}, {"-2.5", "double int", "-2"}, {"2147483647.5", "double int", "!22003"},
		{"2147483647.4", "double int", "2147483647"}, {"nan", "double int", "!22003"}, {"1e30", "double hugeint", "1000000000000000019884624838656"},
		{"1e39", "double hugeint", "!22003"}, {"1e39", "double float", "!22003"}, {"1.5", "double hugeint", "2"}, {"1e10", "double float", "10000000000.0"},
		{"1", "int decimal(3,2)", "1.00"}, {"100", "int decimal(3,1)", "!22003"}, {"99.95", "decimal(4,2) decimal(3,1)", "!22003"}, {"99.94", "decimal(4,2) decimal(3,1)", "99.9"},
		{"1.005", "decimal(4,3) decimal(4,2)", "1.01"}, {"-1.005", "decimal(4,3) decimal(4,2)", "-1.01"}, {"1.15", "double decimal(3,1)", "1.2"}, {"1.25", "double decimal(3,1)", "1.3"},
		{"0.285", "double decimal(10,2)", "0.28"}, {"1e10", "double decimal(5,1)", "!22003"}, {"1.5", "decimal(2,1) bigint", "2"}, {"2.5", "decimal(2,1) int", "3"},
		{"-2.5", "decimal(2,1) int", "-3"}, {"99999", "decimal(5,0) smallint", "!22003"}, {"1.0", "decimal(2,1) hugeint", "1"}, {"123", "hugeint double", "123.0"},
		{"170141183460469231731687303715884105727", "hugeint double", "1.7014118346046923e+38"}, {"123.456", "decimal(10,3) double", "123.456"}, {"16777217", "int float", "16777216.0"},
		{"1.5", "decimal(38,10) decimal(5,2)", "1.50"}, {"1.5", "decimal(5,2) decimal(38,10)", "1.5000000000"}, {"255.5", "decimal(5,1) utinyint", "!22003"}, {"255.4", "decimal(5,1) utinyint", "255"},
		{"340282366920938463463374607431768211455", "uhugeint hugeint", "!22003"}, {"5", "uhugeint hugeint", "5"}, {"5", "uhugeint ubigint", "5"}, {"340282366920938463463374607431768211455", "uhugeint double", "3.402823669209385e+38"},
		{"nan", "float decimal(4,1)", "!22003"}, {"1.5", "decimal(18,2) decimal(18,3)", "1.500"}, {"9999999999999999.99", "decimal(18,2) decimal(18,3)", "!22003"},
		{"2020-01-01", "date timestamp", "2020-01-01 00:00:00"}, {"1969-12-31 12:00:00", "timestamp date", "1969-12-31"}, {"1969-12-31 12:00:00", "timestamp time", "12:00:00"},
		{"2020-01-01 12:00:00.5", "timestamp timestamp_s", "2020-01-01 12:00:01"}, {"1969-12-31 23:59:59.5", "timestamp timestamp_s", "1969-12-31 23:59:59"},
		{"2020-01-01 12:00:00.123456", "timestamp timestamp_ms", "2020-01-01 12:00:00.123"}, {"2020-01-01 12:00:00.123456", "timestamp timestamp_ns", "2020-01-01 12:00:00.123456"},
		{"290000-01-01", "timestamp timestamp_ns", "!22003"}, {"infinity", "date timestamp", "infinity"}, {"infinity", "timestamp date", "infinity"}, {"infinity", "timestamp time", "!22003"},
		{"5881580-07-10", "date timestamp", "!22003"}, {"1000-01-01", "date timestamp_ns", "!22003"}, {"2020-01-01 12:00:00.1234565", "timestamp_ns timestamp", "2020-01-01 12:00:00.123456"},
		{"2020-01-01 12:00:00.0005", "timestamp timestamp_ms", "2020-01-01 12:00:00.001"}, {"1960-01-01 12:00:00.0015", "timestamp timestamp_ms", "1960-01-01 12:00:00.001"},
		{"2020-06-01 12:00:00", "timestamptz timestamp", "2020-06-01 12:00:00"}, {"2020-06-01 12:00:00", "timestamp timestamptz", "2020-06-01 12:00:00+02"}, {"2020-06-01", "date timestamptz", "2020-06-01 00:00:00+02"},
		{"2020-06-01 23:00:00+00", "timestamptz date", "2020-06-02"}, {"2020-06-01 12:00:00+00", "timestamptz timetz", "14:00:00+02"}, {"12:00:00+02", "timetz time", "12:00:00"},
		{"12:00:00", "time timestamp", "!42846"}, {"5", "int date", "!42846"}, {"2020-01-01", "date int", "!42846"}, {"12:00:00", "time interval", "!42846"},
		{`\xFF`, "blob varchar", `\xFF`}, {"é", "blob", "!22018"}, {"101", "bit varchar", "101"}, {"x", "enum(x,y)", "x"}, {"z", "enum(x,y)", "!22018"}, {"x", "enum(x,y) enum(y,x)", "x"},
		{"z", "enum(x,z) enum(y,x)", "!22018"}, {"7", "enum(7,8) int", "7"}, {"5", "int enum(x,y)", "!42846"},
		{"[1, 2]", "int[]", "[1, 2]"}, {"[1, null, 3]", "int[]", "[1, NULL, 3]"}, {"[[1],[2]]", "int[][]", "[[1], [2]]"}, {`[a, "b,c", d e ]`, "varchar[]", "[a, 'b,c', d e]"},
		{"[1,2", "int[]", "!22018"}, {"[1, a]", "int[]", "!22018"}, {"[]", "int[]", "[]"}, {"1", "int[]", "!22018"}, {" [ 1 , 2 ] ", "int[]", "[1, 2]"}, {"[1,,2]", "int[]", "!22018"},
		{"[,]", "varchar[]", "['', '']"}, {`[ "a" , 'b' , c d , "e\"f" , null, NULL, "null" ]`, "varchar[]", `[a, b, c d, 'e"f', NULL, NULL, 'null']`}, {"['a',b]x", "varchar[]", "!22018"},
		{"{a:1,b:2}", "struct(a int, b int)", "{'a': 1, 'b': 2}"}, {"{b:1}", "struct(a int, b int)", "{'a': NULL, 'b': 1}"}, {"{c:1}", "struct(a int)", "!22018"},
		{`{"a":1}`, "struct(a int)", "{'a': 1}"}, {"{'a':[1,2]}", "struct(a int[])", "{'a': [1, 2]}"}, {"(1,2)", "struct(a int, b int)", "{'a': 1, 'b': 2}"}, {"{}", "struct(a int)", "{'a': NULL}"},
		{"{a: {b: 1}}", "struct(a struct(b int))", "{'a': {'b': 1}}"}, {"{a: }", "struct(a varchar)", "{'a': ''}"}, {"{a=1, b=2}", "map(varchar,int)", "{a=1, b=2}"}, {"{}", "map(varchar,int)", "{}"},
		{"{a=1,a=2}", "map(varchar,int)", "!22030"}, {"{a:1}", "map(varchar,int)", "!22018"}, {`{"a"=1, 'b'=null}`, "map(varchar,int)", "{a=1, b=NULL}"},
		{"[1,2,3]", "int[3]", "[1, 2, 3]"}, {"[1,2]", "int[3]", "!22018"}, {"[1,2]", "int[] varchar[]", "[1, 2]"}, {"[1,2,300]", "int[] tinyint[]", "!22003"}, {"[1,2]", "int[] int[3]", "!22018"},
		{"[1,2,3]", "int[] tinyint[3] varchar[] int[]", "[1, 2, 3]"}, {"{a:1,b:2}", "struct(a int, b int) struct(b varchar, a double)", "{'b': 2, 'a': 1.0}"}, {"{a:1}", "struct(a int) struct(a varchar, b int)", "{'a': 1, 'b': NULL}"},
		{"{a:1}", "struct(a int) struct(c int)", "!42846"}, {"{a:1}", "struct(A int) ", "!22018"}, {"{1=2}", "map(int,int) map(bigint,varchar)", "{1=2}"}, {"[[1, null], null]", "int[][] varchar[][]", "[[1, NULL], NULL]"},
		{"[1]", "int[] int", "!42846"}, {"1", "int int[]", "!42846"}, {"[1, null]", "int[2] bigint[2]", "[1, NULL]"},
	} {
		for _, form := range []string{"constant", "flat", "dictionary", "selected"} {
			got := convert(t, c.in, strings.FieldsFunc(chainSpec(c.chain), func(r rune) bool { return r == ';' }), form, false)
			if got != c.want {
				t.Errorf("%s %q as %s: got %q, want %q", form, c.in, c.chain, got, c.want)
			}
			if strings.HasPrefix(c.want, "!") {
				if got := convert(t, c.in, strings.FieldsFunc(chainSpec(c.chain), func(r rune) bool { return r == ';' }), form, true); strings.HasPrefix(got, "!") {
					t.Errorf("%s try %q as %s: %s", form, c.in, c.chain, got)
				}
			}
		}
	}
}

// chainSpec puts semicolons between the types of a chain.
func chainSpec(s string) string {
	b := []byte(s)
	depth := 0
	for i, c := range b {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ' ':
			if depth == 0 {
				b[i] = ';'
			}
		}
	}
	return string(b)
}

var berlin = &function.Session{TimeZone: "Europe/Berlin"}

// convert casts a text along a chain of types in vectors of the given form,
// and back to text. All rows are alike, save NULLs around.
func convert(t *testing.T, text string, chain []string, form string, try bool) string {
	t.Helper()
	v := vector.New(types.Of(types.Varchar))
	n := 5
	var sel []uint32
	switch form {
	case "constant":
		v.SetConstant(types.StringValue(text), n)
	case "dictionary":
		d := vector.New(v.Type)
		d.Resize(3)
		d.SetValue(0, types.StringValue("dead"))
		d.SetValue(1, types.StringValue(text))
		d.SetNull(2)
		v.SetDictionary(d, []uint32{1, 2, 1, 2, 1}, 0)
	default:
		v.Resize(n)
		for i := range n {
			v.SetValue(i, types.StringValue(text))
		}
		v.SetNull(1)
		v.SetNull(3)
		if form == "selected" {
			v.SetValue(0, types.StringValue("dead"))
			sel = []uint32{1, 2, 3, 4}
		}
	}
	for _, name := range append(chain, "varchar") {
		to := typ(t, name)
		b, err := Find(v.Type, to, try)
		if err != nil {
			return "!" + sqlerr.Code(err)
		}
		out := vector.New(to)
		out.Resize(n)
		c := &function.Call{Ctx: context.Background(), N: n, Sel: sel, Bound: b, Session: berlin}
		if err := b.Kernel(c, []*vector.Vector{v}, out); err != nil {
			return "!" + sqlerr.Code(err)
		}
		v = out
	}
	first := v.Value(2)
	if form != "constant" {
		if !v.IsNull(1) || !v.IsNull(3) || v.Value(4).String() != first.String() {
			t.Errorf("%s as %v, %s: NULLs or values out of place", text, chain, form)
		}
	}
	return first.S + map[bool]string{true: "NULL"}[first.IsNull]
}

func TestCastValue(t *testing.T) {
	v, err := CastValue(types.StringValue("12"), types.Of(types.Integer), nil)
	if err != nil || v.I != 12 || v.Type.ID != types.Integer {
		t.Error(v, err)
	}
	if _, err := CastValue(types.StringValue("x"), types.Of(types.Integer), nil); err == nil || err.Error() != `could not convert string "x" to INTEGER` {
		t.Error(err)
	}
	if v := TryCastValue(types.StringValue("x"), types.Of(types.Integer), nil); !v.IsNull {
		t.Error(v)
	}
	if v, err := CastValue(types.NullOf(types.Of(types.Null)), types.ListOf(types.Of(types.Date)), nil); err != nil || !v.IsNull {
		t.Error(v, err)
	}
}

// TestEveryPair casts a few values between all pairs of simple types: nothing
// panics, and integers agree with 128-bit arithmetic.
func TestEveryPair(t *testing.T) {
	ids := []string{"bool", "tinyint", "smallint", "int", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
		"float", "double", "decimal(4,1)", "decimal(9,3)", "decimal(18,6)", "decimal(18,0)", "decimal(38,10)", "decimal(38,38)", "varchar", "blob", "bit", "date", "time", "timetz", "timestamp_s",
		"timestamp_ms", "timestamp", "timestamp_ns", "timestamptz", "interval", "uuid", "enum(a,b)"}
	r := rand.New(rand.NewPCG(1, 1))
	for _, f := range ids {
		from := typ(t, f)
		src := vector.New(from)
		const n = 70
		src.Resize(n)
		clear(src.Data)
		if from.ID != types.Varchar && from.ID != types.Blob && from.ID != types.Bit && from.ID != types.Enum {
			for i := range src.Data {
				src.Data[i] = byte(r.Uint32())
			}
		}
		if from.ID == types.Boolean {
			for i := range src.Data {
				src.Data[i] &= 1
			}
		}
		for i := range n {
			if i%2 == 0 && from.IsNumeric() && !from.IsFloat() {
				src.SetValue(i, types.Value{Type: from, I: int64(i % 8)})
			}
			if i%7 == 0 {
				src.SetNull(i)
			}
		}
		for _, g := range ids {
			to := typ(t, g)
			for _, try := range []bool{false, true} {
				b, err := Find(from, to, try)
				if err != nil {
					continue
				}
				out := vector.New(to)
				out.Resize(n)
				c := &function.Call{Ctx: context.Background(), N: n, Bound: b}
				err = b.Kernel(c, []*vector.Vector{src}, out)
				if try && err != nil {
					t.Fatalf("%s to %s: try fails: %v", from, to, err)
				}
				if err != nil {
					continue
				}
				for i := range n {
					x, y := src.Value(i), out.Value(i)
					if x.IsNull && !y.IsNull {
						t.Fatalf("%s to %s: NULL became %s", from, to, y)
					}
					if !y.IsNull && from.IsInteger() && to.IsInteger() && x.String() != y.String() {
						t.Fatalf("%s to %s: %s became %s", from, to, x, y)
					}
					if y.IsNull && !x.IsNull && from.ID != types.Varchar && to.ID == types.Varchar {
						t.Fatalf("%s to %s: %s became NULL", from, to, x)
					}
				}
			}
		}
	}
}

func FuzzNestedText(f *testing.F) {
	for _, s := range []string{"[1, 2]", "{a: [1]}", "{'k'=1}", `["\"]`, "(1,2)", "[[[[", `[\`} {
		f.Add(s)
	}
	var ts []types.Type
	for _, n := range []string{"int[]", "varchar[][]", "struct(a int[], b varchar)", "map(varchar,int)", "int[2]"} {
		ts = append(ts, typ(f, n))
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, to := range ts {
			v, err := CastValue(types.StringValue(s), to, nil)
			if err != nil {
				continue
			}
			text, err := CastValue(v, types.Of(types.Varchar), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text.S != v.String() {
				t.Fatalf("vector text %q, value text %q", text.S, v.String())
			}
			again, err := CastValue(text, to, nil)
			if err != nil || types.Compare(v, again) != 0 {
				t.Fatalf("%q reads as %s, printed %q, reads as %s, %v", s, v, text.S, again, err)
			}
		}
	})
}

func BenchmarkCast(b *testing.B) {
	for _, c := range [][3]string{{"int", "bigint", "7"}, {"int", "double", "7"}, {"varchar", "int", "123456"}, {"varchar", "date", "2020-01-31"}, {"varchar", "decimal(15,2)", "1234.56"}, {"decimal(15,2)", "decimal(18,4)", "1234.56"}, {"decimal(15,2)", "double", "12.34"}, {"int", "varchar", "123456"}} {
		b.Run(c[0]+" to "+c[1], func(b *testing.B) {
			from, to := typ(b, c[0]), typ(b, c[1])
			val, err := CastValue(types.StringValue(c[2]), from, nil)
			if err != nil {
				b.Fatal(err)
			}
			src, out := vector.New(from), vector.New(to)
			src.Resize(vector.Capacity)
			for i := range vector.Capacity {
				src.SetValue(i, val)
			}
			bd, _ := Find(from, to, false)
			call := &function.Call{Ctx: context.Background(), N: vector.Capacity, Bound: bd}
			b.ReportAllocs()
			for b.Loop() {
				out.Resize(vector.Capacity)
				if err := bd.Kernel(call, []*vector.Vector{src}, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Capacity), "ns/row")
		})
	}
}
