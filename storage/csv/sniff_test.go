package csv

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/storage"
)

// TestSniff holds what DuckDB 1.5 makes of the same files, save where a
// comment says otherwise.
func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, text, columns string
		rows                []string
	}{
		{"basic", "a,b,c\n1,2.5,x\n2,3.5,y\n", "a BIGINT, b DOUBLE, c VARCHAR", []string{"1|2.5|x", "2|3.5|y"}},
		{"no header", "1,2\n3,4\n", "column0 BIGINT, column1 BIGINT", []string{"1|2", "3|4"}},
		{"texts", "a,b\nc,d\n", "a VARCHAR, b VARCHAR", []string{"c|d"}},
		{"semicolons", "a;b\n1;2,5\n3;4,5\n", "a BIGINT, b VARCHAR", []string{"1|2,5", "3|4,5"}},
		{"tabs", "a\tb\n1\tx\n", "a BIGINT, b VARCHAR", []string{"1|x"}},
		{"trailing delimiter", "1|x|\n2|y|\n", "column0 BIGINT, column1 VARCHAR, column2 VARCHAR", []string{"1|x|~", "2|y|~"}},
		{"quoted empty", "a,b\n\"\",1\n\"x\",2\n", "a VARCHAR, b BIGINT", []string{"~|1", "x|2"}},
		{"CRLF", "a,b\r\n1,2\r\n3,4\r\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"CR", "a,b\r1,2\r3,4\r", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"blank lines", "a,b\n\n1,2\n\n3,4\n\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"byte order mark", "\ufeffa,b\n1,2\n", "a BIGINT, b BIGINT", []string{"1|2"}},
		{"one column", "a\n1\n2\n", "a BIGINT", []string{"1", "2"}},
		{"one column, blank line", "a\n1\n\n2\n", "a BIGINT", []string{"1", "~", "2"}},
		{"times", "d,t,ts\n2020-01-01,10:00:00,2020-01-01 10:00:00\n", "d DATE, t TIME, ts TIMESTAMP", []string{"2020-01-01|10:00:00|2020-01-01 10:00:00"}},
		{"time without seconds", "a\n10:00:00.123\n11:00\n", "a TIME", []string{"10:00:00.123", "11:00:00"}},
		{"no time", "a:b\n1:2\n", "a:b VARCHAR", []string{"1:2"}},
		{"time with offset", "a\n10:00:00+01\n", "a VARCHAR", []string{"10:00:00+01"}},
		{"timestamp with T", "a\n2020-01-01T10:00:00\n", "a TIMESTAMP", []string{"2020-01-01 10:00:00"}},
		{"timestamp with Z", "a\n2020-01-01T10:00:00Z\n", "a TIMESTAMP WITH TIME ZONE", []string{"2020-01-01 10:00:00+00"}},
		{"some offsets", "a\n2020-01-01 10:00:00\n2020-01-01 10:00:00+01\n", "a TIMESTAMP WITH TIME ZONE", []string{"2020-01-01 10:00:00+00", "2020-01-01 09:00:00+00"}},
		{"date and timestamp", "a\n2020-01-01\n2020-01-01 10:00:00\n", "a VARCHAR", []string{"2020-01-01", "2020-01-01 10:00:00"}},
		{"no date", "a\n2020-13-01\n", "a VARCHAR", []string{"2020-13-01"}},
		{"slashes", "a\n2020/01/05\n", "a DATE", []string{"2020-01-05"}},
		{"booleans", "b,c\ntrue,t\nfalse,f\n", "b BOOLEAN, c BOOLEAN", []string{"true|true", "false|false"}},
		{"yes and no", "a\nyes\nno\n", "a BOOLEAN", []string{"true", "false"}},
		{"y and n", "a\ny\nn\n", "a VARCHAR", []string{"y", "n"}},
		{"integer and boolean", "a\n1\ntrue\n", "a VARCHAR", []string{"1", "true"}},
		{"integer and date", "a\n1\n2020-01-01\n", "a VARCHAR", []string{"1", "2020-01-01"}},
		{"integer and text", "a,b\n1,x\n2,3\n", "a BIGINT, b VARCHAR", []string{"1|x", "2|3"}},
		{"largest", "a\n9223372036854775807\n-9223372036854775808\n", "a BIGINT", []string{"9223372036854775807", "-9223372036854775808"}},
		{"too large", "a\n9223372036854775808\n1\n", "a DOUBLE", []string{"9.223372036854776e+18", "1.0"}},
		{"exponent", "a\n1e5\n1\n", "a DOUBLE", []string{"100000.0", "1.0"}},
		{"points", "a\n-0.5\n-.5\n5.\n", "a DOUBLE", []string{"-0.5", "-0.5", "5.0"}},
		{"hexadecimal", "a\n0x10\n", "a BIGINT", []string{"16"}},
		{"plus", "a\n+1\n-2\n", "a VARCHAR", []string{"+1", "-2"}},
		{"zeros in front", "a\n007\n008\n", "a VARCHAR", []string{"007", "008"}},
		{"zeros before a point", "a\n0.5\n00.5\n", "a VARCHAR", []string{"0.5", "00.5"}},
		{"zero", "a\n0\n-0\n", "a BIGINT", []string{"0", "0"}},
		{"underscore", "a\n1_000\n2\n", "a VARCHAR", []string{"1_000", "2"}},
		{"spaces", "a, b\n1, 2\n3, 4\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"same names", "a,a,A\n1,2,3\n", "a BIGINT, a_1 BIGINT, A_2 BIGINT", []string{"1|2|3"}},
		{"empty name", "a,,c\n1,2,3\n", "a BIGINT, column1 BIGINT, c BIGINT", []string{"1|2|3"}},
		{"first name empty", ",b\n1,2\n", "column0 BIGINT, b BIGINT", []string{"1|2"}},
		{"quoted names", "\"a b\",\"c\"\n1,2\n", "a b BIGINT, c BIGINT", []string{"1|2"}},
		{"number as name", "a,1\n2,3\n", "a BIGINT, 1 BIGINT", []string{"2|3"}},
		{"text and number", "x,1\ny,2\n", "column0 VARCHAR, column1 BIGINT", []string{"x|1", "y|2"}},
		{"one record of numbers", "1,2,3\n", "column0 BIGINT, column1 BIGINT, column2 BIGINT", []string{"1|2|3"}},
		{"header only", "a,b,c\n", "a VARCHAR, b VARCHAR, c VARCHAR", nil},
		{"empty", "", "column0 VARCHAR", nil},
		{"only NULLs", "a,b\n,1\n,2\n", "a VARCHAR, b BIGINT", []string{"~|1", "~|2"}},
		{"single quotes", "a,b\n'x,y',1\n'z',2\n", "a VARCHAR, b BIGINT", []string{"x,y|1", "z|2"}},
		{"backslash", "a,b\n\"x\\\"y\",1\n\"z\",2\n", "a VARCHAR, b BIGINT", []string{"x\"y|1", "z|2"}},
		{"doubled quote", "a,b\n\"x\"\"y\",1\n\"z\",2\n", "a VARCHAR, b BIGINT", []string{"x\"y|1", "z|2"}},
		{"quote within", "a,b\nx\"y,1\nz,2\n", "a VARCHAR, b BIGINT", []string{"x\"y|1", "z|2"}},
		{"line feed in quotes", "a,b\n\"x\ny\",1\n\"z\",2\n", "a VARCHAR, b BIGINT", []string{"x\ny|1", "z|2"}},
		{"spaces around quotes", "a,b\n \"x\" , 1\n\"y\" ,2\n", "a VARCHAR, b BIGINT", []string{"x|1", "y|2"}},
		{"quoted numbers", "a,b\n\"1\",2\n\"3\",4\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"no line end", "a,b\n1,2", "a BIGINT, b BIGINT", []string{"1|2"}},
		{"ragged", "a,b,c\n1,2\n3,4,5\n", "a,b,c VARCHAR", []string{"1,2", "3,4,5"}},
		{"comment before", "# hi\na,b\n1,2\n", "a BIGINT, b BIGINT", []string{"1|2"}},
		{"comment between", "a,b\n1,2\n# foo\n3,4\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"title", "Report 2020\n\na,b\n1,2\n3,4\n", "a BIGINT, b BIGINT", []string{"1|2", "3|4"}},
		{"title with delimiter", "some title, with comma\nx\na,b,c\n1,2,3\n3,4,5\n", "a BIGINT, b BIGINT, c BIGINT", []string{"1|2|3", "3|4|5"}},
		{"the fewer columns", "a;b,c\n1;2,3\n4;5,6\n", "a;b VARCHAR, c BIGINT", []string{"1;2|3", "4;5|6"}},
		{"the word NULL", "a\nNULL\n1\n", "a VARCHAR", []string{"NULL", "1"}},
		{"only delimiters", ",\n,\n", "column0 VARCHAR, column1 VARCHAR", []string{"~|~", "~|~"}},
		// DuckDB: DATE.
		{"days first", "a\n31-12-2020\n", "a DATE", []string{"2020-12-31"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := openText(t, c.text, nil)
			if got := describe(tab); got != c.columns {
				t.Fatalf("columns %s, want %s", got, c.columns)
			}
			got, err := rowsOf(t, tab)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.rows) {
				t.Errorf("rows %q, want %q", got, c.rows)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name, text, columns string
		o                   []any
		rows                []string
		err                 string
	}{
		{name: "delim", text: "a:b\n1:2\n", o: []any{"delim", ":"}, columns: "a BIGINT, b BIGINT", rows: []string{"1|2"}},
		{name: "tab by name", text: "a\tb\n1\t2\n", o: []any{"sep", `\t`}, columns: "a BIGINT, b BIGINT", rows: []string{"1|2"}},
		{name: "no header", text: "a,b\n1,2\n", o: []any{"header", false}, columns: "column0 VARCHAR, column1 VARCHAR", rows: []string{"a|b", "1|2"}},
		{name: "header of numbers", text: "1,2\n3,4\n", o: []any{"header", true}, columns: "1 BIGINT, 2 BIGINT", rows: []string{"3|4"}},
		{name: "names", text: "1,2\n3,4\n", o: []any{"names", []string{"x", "y"}}, columns: "x BIGINT, y BIGINT", rows: []string{"1|2", "3|4"}},
		{name: "skip", text: "junk\nmore junk,\na,b\n1,2\n", o: []any{"skip", 2}, columns: "a BIGINT, b BIGINT", rows: []string{"1|2"}},
		{name: "skip all", text: "a,b\n1,2\n", o: []any{"skip", 1 << 40}, columns: "column0 VARCHAR"},
		{name: "all_varchar", text: "a,b\n1,2\n", o: []any{"all_varchar", true}, columns: "a VARCHAR, b VARCHAR", rows: []string{"1|2"}},
		{name: "types by name", text: "a,b\n1,2.50\n", o: []any{"types", [][2]string{{"B", "DECIMAL(10,2)"}}}, columns: "a BIGINT, b DECIMAL(10,2)", rows: []string{"1|2.50"}},
		{name: "types by place", text: "a,b\n1,2.50\n", o: []any{"types", []string{"SMALLINT", "FLOAT"}}, columns: "a SMALLINT, b FLOAT", rows: []string{"1|2.5"}},
		{name: "types of no column", text: "a,b\n1,2\n", o: []any{"types", [][2]string{{"c", "INTEGER"}}}, err: "42703"},
		{name: "unknown type", text: "a,b\n1,2\n", o: []any{"types", []string{"NOTYPE"}}, err: "42704"},
		{name: "columns", text: "1,x\n2,y\n", o: []any{"columns", [][2]string{{"id", "INTEGER"}, {"name", "VARCHAR"}}}, columns: "id INTEGER, name VARCHAR", rows: []string{"1|x", "2|y"}},
		{name: "columns and header", text: "id,name\n1,x\n", o: []any{"columns", [][2]string{{"id", "INTEGER"}, {"name", "VARCHAR"}}}, columns: "id INTEGER, name VARCHAR", rows: []string{"1|x"}},
		{name: "nullstr", text: "a,b\nNA,1\nx,NA\n,2\n", o: []any{"nullstr", "NA"}, columns: "a VARCHAR, b BIGINT", rows: []string{"~|1", "x|~", "|2"}},
		{name: "several nullstr", text: "a,b\nNA,1\n-,2\n,3\n", o: []any{"nullstr", []string{"NA", "-"}}, columns: "a VARCHAR, b BIGINT", rows: []string{"~|1", "~|2", "|3"}},
		{name: "quoted NULLs", text: "a,b\n\"\",1\n,2\n", o: []any{"allow_quoted_nulls", false}, columns: "a VARCHAR, b BIGINT", rows: []string{"|1", "~|2"}},
		{name: "type candidates", text: "a,b\n1,2020-01-01\n2.5,2020-01-02\n", o: []any{"auto_type_candidates", []string{"BIGINT", "DATE"}}, columns: "a VARCHAR, b DATE", rows: []string{"1|2020-01-01", "2.5|2020-01-02"}},
		{name: "a candidate too many", text: "a\n", o: []any{"auto_type_candidates", []string{"INTERVAL"}}, err: "0A000"},
		{name: "encoding and line ends", text: "a\n1\n", o: []any{"encoding", "utf-8", "new_line", `\n`, "buffer_size", 1000}, columns: "a BIGINT", rows: []string{"1"}},
		{name: "encoding", text: "a\n", o: []any{"encoding", "latin-1"}, err: "0A000"},
		{name: "force_not_null", text: "a,b\n,1\nx,2\n", o: []any{"force_not_null", []string{"a"}}, columns: "a VARCHAR, b BIGINT", rows: []string{"|1", "x|2"}},
		{name: "quote", text: "a,b\n~x,y~,1\n", o: []any{"quote", "~", "delim", ","}, columns: "a VARCHAR, b BIGINT", rows: []string{"x,y|1"}},
		{name: "no quote", text: "a,b\n\"x,1\n", o: []any{"quote", ""}, columns: "a VARCHAR, b BIGINT", rows: []string{"\"x|1"}},
		{name: "escape", text: "a,b\n\"x^\"y\",1\n", o: []any{"quote", "\"", "escape", "^"}, columns: "a VARCHAR, b BIGINT", rows: []string{"x\"y|1"}},
		{name: "comment", text: "a,b\n%1,2\n3,4\n", o: []any{"comment", "%"}, columns: "a BIGINT, b BIGINT", rows: []string{"3|4"}},
		{name: "decimal comma", text: "a;b\n1,5;x\n", o: []any{"decimal_separator", ",", "delim", ";"}, columns: "a DOUBLE, b VARCHAR", rows: []string{"1.5|x"}},
		{name: "normalize_names", text: "A b,1x,\n1,2,3\n", o: []any{"normalize_names", true, "header", true}, columns: "a_b BIGINT, _1x BIGINT, column2 BIGINT", rows: []string{"1|2|3"}},
		{name: "ignore_errors fields", text: "a,b\n1,2\n3\n4,5,6\n7,8\n", o: []any{"ignore_errors", true, "delim", ","}, columns: "a BIGINT, b BIGINT", rows: []string{"1|2", "7|8"}},
		{name: "ignore_errors values", text: "a,b\n1,2\nx,4\n5,y\n7,8\n", o: []any{"ignore_errors", true, "types", []string{"INTEGER", "INTEGER"}}, columns: "a INTEGER, b INTEGER", rows: []string{"1|2", "7|8"}},
		{name: "ignore_errors UTF-8", text: "a,b\nx\xff,1\ny,2\n", o: []any{"ignore_errors", true}, columns: "a VARCHAR, b BIGINT", rows: []string{"y|2"}},
		{name: "null_padding", text: "a,b,c\n1\n2,3\n4,5,6\n", o: []any{"null_padding", true}, columns: "a BIGINT, b BIGINT, c BIGINT", rows: []string{"1|~|~", "2|3|~", "4|5|6"}},
		{name: "no detection", text: "a;b\n1;2\n", o: []any{"auto_detect", false}, columns: "a;b VARCHAR", rows: []string{"1;2"}},
		{name: "integers", text: "a,b,c,d\n1,-2,3,4\n", o: []any{"types", []string{"TINYINT", "INTEGER", "UTINYINT", "UBIGINT"}}, columns: "a TINYINT, b INTEGER, c UTINYINT, d UBIGINT", rows: []string{"1|-2|3|4"}},
		{name: "large numbers", text: "a,b,c\n170141183460469231731687303715884105727,1,12345678901234567890.12\n", o: []any{"types", []string{"HUGEINT", "UHUGEINT", "DECIMAL(38,2)"}}, columns: "a HUGEINT, b UHUGEINT, c DECIMAL(38,2)", rows: []string{"170141183460469231731687303715884105727|1|12345678901234567890.12"}},
		{name: "small decimals", text: "a,b,c\n1.5,-2.25,3\n", o: []any{"types", []string{"DECIMAL(4,1)", "DECIMAL(9,2)", "DECIMAL(18,3)"}}, columns: "a DECIMAL(4,1), b DECIMAL(9,2), c DECIMAL(18,3)", rows: []string{"1.5|-2.25|3.000"}},
		{name: "timestamps", text: "a,b,c\n2020-01-01 00:00:01,1969-12-31 23:59:59.5,2020-01-01 00:00:00.123456789\n", o: []any{"types", []string{"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}}, columns: "a TIMESTAMP_S, b TIMESTAMP_MS, c TIMESTAMP_NS", rows: []string{"2020-01-01 00:00:01|1969-12-31 23:59:59.5|2020-01-01 00:00:00.123456789"}},
		{name: "infinite", text: "a,b\ninfinity,-infinity\n", o: []any{"types", []string{"TIMESTAMP_S", "DATE"}, "header", false}, columns: "column0 TIMESTAMP_S, column1 DATE", rows: []string{"a", "infinity|-infinity"}, err: "22P02"},
		{name: "rare types", text: "i,u,b\n1 day,123e4567-e89b-12d3-a456-426614174000,\\x41b\n", o: []any{"types", []string{"INTERVAL", "UUID", "BLOB"}}, columns: "i INTERVAL, u UUID, b BLOB", rows: []string{"1 day|123e4567-e89b-12d3-a456-426614174000|Ab"}},
		{name: "old dates", text: "a\n0044-03-15 (BC)\n2024-02-29\n12345-01-01\n", o: []any{"types", []string{"DATE"}}, columns: "a DATE", rows: []string{"0044-03-15 (BC)", "2024-02-29", "12345-01-01"}},
		{name: "a date that is none", text: "a\n2023-02-29\n", o: []any{"types", []string{"DATE"}}, err: "22P02"},
		{name: "out of range", text: "a\n128\n", o: []any{"types", []string{"TINYINT"}}, err: "22P02"},
		{name: "negative unsigned", text: "a\n-1\n", o: []any{"types", []string{"UINTEGER"}}, err: "22P02"},
		{name: "too many digits", text: "a\n1234.5\n", o: []any{"types", []string{"DECIMAL(4,1)"}}, err: "22P02"},
		{name: "nested type", text: "a\n1\n", o: []any{"types", []string{"INTEGER[]"}}, err: "42704"},
		{name: "unknown option", text: "a\n", o: []any{"delimm", ","}, err: "22023"},
		{name: "long delimiter", text: "a\n", o: []any{"delim", "||"}, err: "0A000"},
		{name: "empty delimiter", text: "a\n", o: []any{"delim", ""}, err: "22023"},
		{name: "quote is delimiter", text: "a\n", o: []any{"delim", "'", "quote", "'"}, err: "22023"},
		{name: "header of text", text: "a\n", o: []any{"header", "perhaps"}, err: "22023"},
		{name: "compression", text: "a\n", o: []any{"compression", "rar"}, err: "22023"},
		{name: "number of columns", text: "1,2,3\n", o: []any{"columns", [][2]string{{"a", "INTEGER"}, {"b", "INTEGER"}}}, err: "22P04"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := Open(context.Background(), memFS{"f.csv": []byte(c.text)}, "f.csv", opts(c.o...))
			var got []string
			if err == nil {
				if c.columns != "" && describe(tab) != c.columns {
					t.Fatalf("columns %s, want %s", describe(tab), c.columns)
				}
				got, err = rowsOf(t, tab)
			}
			if c.err != "" {
				wantCode(t, err, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.rows) {
				t.Errorf("rows %q, want %q", got, c.rows)
			}
		})
	}
}

// TestSampleSize has a column whose type shows late.
func TestSampleSize(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b,c,d\n")
	for i := range 120_000 {
		x, y, z := "1", "7", ""
		if i == 15_000 {
			x = "1.5" // within the sample of 20,480, beyond its first part
			z = "2020-01-01"
		}
		if i == 110_000 {
			y = "late"
		}
		fmt.Fprintf(&b, "%d,%s,%s,%s\n", i, x, y, z)
	}
	tab := openText(t, b.String(), nil)
	if got, want := describe(tab), "a BIGINT, b DOUBLE, c BIGINT, d DATE"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	_, err := scan(context.Background(), tab, scanAll(tab), 2)
	wantCode(t, err, "22P02")
	if err == nil || !strings.Contains(err.Error(), `line 110002`) || !strings.Contains(err.Error(), `"late"`) {
		t.Errorf("error %v", err)
	}
	tab = openText(t, b.String(), opts("sample_size", -1))
	if got, want := describe(tab), "a BIGINT, b DOUBLE, c VARCHAR, d DATE"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if rows, err := scan(context.Background(), tab, scanAll(tab), 2); err != nil || len(rows) != 120_000 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	tab = openText(t, b.String(), opts("sample_size", 1000))
	if got, want := describe(tab), "a BIGINT, b BIGINT, c BIGINT, d VARCHAR"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if st, _ := tab.Stats(context.Background()); st.NumRows < 100_000 || st.NumRows > 150_000 {
		t.Errorf("estimated rows: %v", st.NumRows)
	}
}

func scanAll(tab *Table) *storage.ScanSpec { return &storage.ScanSpec{Columns: allColumns(tab)} }
