package csv

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// The expected types and values are DuckDB's.
func TestDateForms(t *testing.T) {
	for _, c := range []struct{ text, columns, rows string }{
		{"a\n01/02/2020\n", "a DATE", "2020-02-01"},
		{"a\n13/02/2020\n01/02/2020\n", "a DATE", "2020-02-13;2020-02-01"},
		{"a\n01/13/2020\n01/02/2020\n", "a DATE", "2020-01-13;2020-01-02"},
		{"a\n2000.01.01\n", "a DATE", "2000-01-01"},
		{"a\n2000 01 02\n", "a DATE", "2000-01-02"},
		{"a\n2000x01x02\n", "a VARCHAR", "2000x01x02"},
		{"a\n01//02//2020\n", "a VARCHAR", "01//02//2020"},
		{"a\n5_6_2007\n", "a VARCHAR", "5_6_2007"},
		{"a\n20-01-02\n", "a DATE", "2020-01-02"},
		{"a\n01-02-20\n", "a DATE", "2001-02-20"},
		{"a\n1/2/20\n", "a DATE", "2020-02-01"},
		{"a\n10/6/7\n", "a DATE", "2010-06-07"},
		{"a\n31.12.99\n", "a DATE", "1999-12-31"},
		{"a\n31.12.68\n", "a DATE", "2068-12-31"},
		{"a\n5/6/207\n", "a DATE", "0207-06-05"},
		{"a\n1.2.3\n", "a VARCHAR", "1.2.3"},
		{"a\n1.2.20\n", "a DATE", "2020-02-01"},
		{"a\n30/2/2020\n", "a VARCHAR", "30/2/2020"},
		{"a\n1/2/2020x\n", "a VARCHAR", "1/2/2020x"},
		{"a\n 01/02/2020\n", "a DATE", "2020-02-01"},
		{"a\n01/02/2020\n01-02-2020\n", "a VARCHAR", "01/02/2020;01-02-2020"},
		{"a\n01/02/2020\n2000-01-02\n", "a VARCHAR", "01/02/2020;2000-01-02"},
		{"a\n01/02/2020\n01/02/19\n", "a DATE", "2020-02-01;0019-02-01"},
		{"a,b\n01/02/2020,01-02-2020\n", "a DATE, b VARCHAR", "2020-02-01|01-02-2020"},
		{"a,b\n13/02/2020,01/13/2020\n", "a DATE, b VARCHAR", "2020-02-13|01/13/2020"},
		{"a,b\n01/02/2020,2020-01-13\n", "a DATE, b DATE", "2020-02-01|2020-01-13"},
		{"a,b\n01/02/2020,13/02/2020 10:11:12\n", "a DATE, b TIMESTAMP", "2020-02-01|2020-02-13 10:11:12"},
		{"a\n01/02/2020 10:11:12\n", "a TIMESTAMP", "2020-02-01 10:11:12"},
		{"a\n01/02/2020  10:11:12\n", "a TIMESTAMP", "2020-02-01 10:11:12"},
		{"a\n01/02/2020 10:11:12 PM\n", "a TIMESTAMP", "2020-01-02 22:11:12"},
		{"a\n5/6/2007 1:02:03 pm\n", "a TIMESTAMP", "2007-05-06 13:02:03"},
		{"a\n5/6/2007 13:02:03 PM\n", "a VARCHAR", "5/6/2007 13:02:03 PM"},
		{"a\n01/02/2020 10:11\n", "a VARCHAR", "01/02/2020 10:11"},
		{"a\n01/02/2020T10:11:12\n", "a VARCHAR", "01/02/2020T10:11:12"},
		{"a\n05-06-07 01:02:03\n", "a TIMESTAMP", "2005-06-07 01:02:03"},
		{"a\n2007.05.06 01:02:03\n", "a TIMESTAMP", "2007-05-06 01:02:03"},
		{"a\n2007/05/06 01:02\n", "a TIMESTAMP", "2007-05-06 01:02:00"},
		{"a\n2000-01-01 10:00:00\n2000-01-01\n", "a TIMESTAMP", "2000-01-01 10:00:00;2000-01-01 00:00:00"},
		{"a\n01/02/2000\n01/02/2000 10:00:00\n", "a VARCHAR", "01/02/2000;01/02/2000 10:00:00"},
		{"a,b,c\n12:0,12:00,12:00:\nx,13:00,x\n", "a VARCHAR, b TIME, c VARCHAR", "12:0|12:00:00|12:00:;x|13:00:00|x"},
	} {
		tab := openText(t, c.text, opts("delim", ","))
		got, err := rowsOf(t, tab)
		if err != nil || describe(tab) != c.columns || strings.Join(got, ";") != c.rows {
			t.Errorf("%q: columns %s, want %s; rows %q, want %q; %v", c.text, describe(tab), c.columns, got, c.rows, err)
		}
	}
	// What comes behind the first sample can still decide.
	long := "a\n" + strings.Repeat("01/02/2020\n", 40000)
	for _, c := range []struct{ last, columns string }{{"13/02/2020", "a DATE"}, {"02/13/2020", "a DATE"}, {"x", "a VARCHAR"}} {
		if tab := openText(t, long+c.last+"\n", opts("sample_size", -1)); describe(tab) != c.columns {
			t.Errorf("with %s columns %s", c.last, describe(tab))
		}
	}
}

// The expected rows are DuckDB's, where a comment does not say otherwise.
func TestCommentsQuotesAndPadding(t *testing.T) {
	for _, c := range []struct {
		name, text, columns string
		o                   []any
		rows                string
		err                 string
	}{
		{name: "comments behind values", text: "# full line\na;b\n1;3#5;7\n6;7 # x\n", columns: "a BIGINT, b BIGINT", rows: "1|3;6|7"},
		{name: "comments in the header", text: "# comment\na;b#12;#\n1;3#5;7\n6;7", columns: "a BIGINT, b BIGINT", rows: "1|3;6|7"},
		{name: "comment character in quotes", text: "# x\na;b\n1;3#5;7\n6;\"7#test\"", columns: "a BIGINT, b VARCHAR", rows: "1|3;6|7#test"},
		{name: "comment behind quotes", text: "a;b\n1;\"x\" #y\n2;\"z\"#\n", o: []any{"comment", "#", "delim", ";"}, columns: "a BIGINT, b VARCHAR", rows: "1|x;2|z"},
		{name: "comment instead of a value", text: "# x\na;b\n1;3#5;7\n6;#\n", columns: "a BIGINT, b BIGINT", rows: "1|3;6|~"},
		{name: "spaces before comments", text: " # x\n1;3\n  # y\n1;4\n", columns: "column0 BIGINT, column1 BIGINT", rows: "1|3;1|4"},
		{name: "no line of its own", text: "1;3#5;7\n6;7", columns: "1;3#5;7 VARCHAR", rows: "6;7"},
		{name: "comments and padding", text: "a,b\na#b\nx,y\n", o: []any{"header", false, "sep", ",", "null_padding", true, "comment", "#"}, columns: "column0 VARCHAR, column1 VARCHAR", rows: "a|b;a|~;x|y"},
		{name: "quotes in comments", text: "# it's \"\na;b\n1;2 # it's \"so\n3;4#;\"\n", columns: "a BIGINT, b BIGINT", rows: "1|2;3|4"},
		{name: "skip counts no comments", text: "# A\n# B\na;b\n# C\n1;3\n6;7\n# D", o: []any{"skip", 2}, columns: "column0 BIGINT, column1 BIGINT", rows: "6|7"},

		{name: "quotes within", text: "1;\"p \"q\" r\"\n2;\"p \"q\" s;t\"\n", o: []any{"strict_mode", false}, columns: "column0 BIGINT, column1 VARCHAR", rows: `1|p "q" r;2|p "q" s;t`},
		{name: "quotes within, escape", text: "1;\"p \"q\" r\"\n2;\"p \"q\" s;t\"\n", o: []any{"strict_mode", false, "escape", `"`}, columns: "column0 BIGINT, column1 VARCHAR", rows: "1|p q r;2|p q s;t"},
		{name: "quotes within, no escape", text: "a,b\n1,\"x\" y\"\n2,\"a\"b\"\n", o: []any{"strict_mode", false, "escape", "", "quote", `"`, "delim", ","}, columns: "a BIGINT, b VARCHAR", rows: `1|x" y;2|a"b`},
		{name: "strict about quotes", text: "a,b\n1,\"x\" y\"\n", o: []any{"quote", `"`, "delim", ",", "escape", `"`, "header", true, "columns", [][2]string{{"a", "INTEGER"}, {"b", "VARCHAR"}}}, err: "22P04"},
		{name: "quotes understood are better", text: "\"h1;h2\"\n\"v1;v2\"\n", columns: "h1;h2 VARCHAR", rows: "v1;v2"},
		// DuckDB loses the last character of the second record.
		{name: "text behind quotes", text: "\"x\"|1\n\"y\" zz|2\n", o: []any{"strict_mode", false, "quote", `"`, "escape", `"`, "delim", "|", "header", false}, columns: "column0 VARCHAR, column1 BIGINT", rows: "x|1;y zz|2"},
		{name: "more fields", text: "a,b\n1,2,3\n2,3\n", o: []any{"strict_mode", false, "auto_detect", false, "header", true, "columns", [][2]string{{"a", "INTEGER"}, {"b", "INTEGER"}}}, columns: "a INTEGER, b INTEGER", rows: "1|2;2|3"},

		{name: "padding of the header", text: "id,name\n1,n,0\n", o: []any{"null_padding", true}, columns: "id BIGINT, name VARCHAR, column2 BIGINT", rows: "1|n|0"},
		{name: "faulty records", text: "a,b,c\n1,2,3\n2,3\n4,5,6\n7,8,9,10\n8,9,1\n", o: []any{"ignore_errors", true}, columns: "a BIGINT, b BIGINT, c BIGINT", rows: "1|2|3;4|5|6;8|9|1"},
		{name: "null strings in not null columns", text: "a,b\nnull,x\n1,null\n", o: []any{"nullstr", []string{"", "null"}, "force_not_null", []string{"b"}}, columns: "a BIGINT, b VARCHAR", rows: "~|x;1|"},
		{name: "a decimal point with commas", text: "A;B\n1;5,5\n4;5.555\n", o: []any{"decimal_separator", ",", "delim", ";", "ignore_errors", true, "header", true, "columns", [][2]string{{"A", "INTEGER"}, {"B", "DECIMAL(18,3)"}}}, columns: "A INTEGER, B DECIMAL(18,3)", rows: "1|5.500"},
		{name: "names", text: "a  b,c--d,e.f,123,select,A B,__x__,1_2, \n1,2,3,4,5,6,7,8,9\n", o: []any{"normalize_names", true, "header", true}, columns: "a_b BIGINT, cd BIGINT, ef BIGINT, _123 BIGINT, _select BIGINT, a_b_1 BIGINT, __x__ BIGINT, _1_2 BIGINT, _ BIGINT", rows: "1|2|3|4|5|6|7|8|9"},

		{name: "dateformat", text: "a\n2020.31.01\n", o: []any{"dateformat", "%Y.%d.%m"}, columns: "a DATE", rows: "2020-01-31"},
		{name: "dateformat of a given type", text: "a\n02/01/2020\n", o: []any{"dateformat", "%m/%d/%Y", "types", []string{"DATE"}}, columns: "a DATE", rows: "2020-02-01"},
		{name: "timestampformat", text: "a\n31.01.2020 at 5pm\n", o: []any{"timestampformat", "%d.%m.%Y at %I%p"}, columns: "a TIMESTAMP", rows: "2020-01-31 17:00:00"},
		{name: "bad format", text: "a\n1\n", o: []any{"dateformat", "%Q"}, err: "22023"},
		{name: "no null strings", text: "a\n1\n", o: []any{"nullstr", []string{}}, err: "22023"},
		{name: "delimiter in null strings", text: "a\n1\n", o: []any{"nullstr", ",", "delim", ","}, err: "22023"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := Open(context.Background(), memFS{"f.csv": []byte(c.text)}, "f.csv", opts(c.o...))
			var got []string
			if err == nil {
				got, err = rowsOf(t, tab)
			}
			if c.err != "" {
				wantCode(t, err, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if describe(tab) != c.columns || !slices.Equal(got, strings.Split(c.rows, ";")) && strings.Join(got, ";") != c.rows {
				t.Errorf("columns %s, want %s; rows %q, want %q", describe(tab), c.columns, got, c.rows)
			}
		})
	}
}
