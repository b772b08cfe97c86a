package dataset

import (
	"context"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// integerCaster casts between INTEGER and BIGINT.
func integerCaster(from, to types.Type) (Cast, error) {
	return func(ctx context.Context, in *vector.Vector, sel []uint32, n int, out *vector.Vector) error {
		for i := range n {
			v := in.Value(i)
			if v.Type = to; !v.IsNull && to.ID == types.Integer && v.I != int64(int32(v.I)) {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "%d is out of range", v.I)
			}
			out.SetValue(i, v)
		}
		return nil
	}, nil
}

// above passes values greater than a number, of one type only.
type above struct {
	t     *testing.T
	typ   types.Type
	least int64
}

func (a above) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if !v.Type.Equal(a.typ) {
		a.t.Errorf("a predicate on %s is asked about %s", a.typ, v.Type)
	}
	out = out[:0]
	for i := range n {
		if x := v.Value(i); (sel == nil || len(sel) > 0) && !x.IsNull && x.I > a.least {
			out = append(out, uint32(i))
		}
	}
	return out, nil
}

func TestCasts(t *testing.T) {
	fs := &memFS{files: map[string]string{
		"a.rows": "x INTEGER,y VARCHAR\n1,a\n5,b\n",
		"b.rows": "y VARCHAR,x BIGINT\nc,2\nd,7\n",
		"c.rows": "y VARCHAR,x BIGINT\ne,5000000000\n",
	}}
	with := func(union bool, files ...string) *Table {
		t.Helper()
		src := Source{Patterns: files, Caster: integerCaster, Options: map[string]types.Value{"union_by_name": types.BoolValue(union)}}
		tab, err := Open(context.Background(), fs, src, formats)
		if err != nil {
			t.Fatal(err)
		}
		return tab.(*Table)
	}
	predicate := func(tab *Table, least int64) storage.Predicate {
		typ := tab.Columns()[0].Type
		return storage.Predicate{Column: 0, NewSelector: func() storage.Selector { return above{t, typ, least} }}
	}
	check := func(tab *Table, typ types.ID, want string, preds ...storage.Predicate) {
		t.Helper()
		if got := tab.Columns()[0].Type.ID; got != typ {
			t.Errorf("the column has type %v, want %v", types.Of(got), types.Of(typ))
		}
		got, err := rows(t, tab, preds...)
		if err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("got %q, want %q", s, want)
		}
	}
	first := with(false, "a.rows", "b.rows")
	check(first, types.Integer, "1|a 5|b 2|c 7|d")
	check(first, types.Integer, "5|b 7|d", predicate(first, 4))
	all := with(true, "a.rows", "b.rows", "c.rows")
	check(all, types.BigInt, "1|a 5|b 2|c 7|d 5000000000|e")
	check(all, types.BigInt, "5000000000|e", predicate(all, 7))
	st, err := all.Stats(context.Background())
	if err != nil || st.Columns[0].HasMinMax {
		t.Errorf("statistics of different types have bounds: %+v, %v", st.Columns[0], err)
	}

	if _, err := rows(t, with(false, "a.rows", "c.rows")); !sqlerr.Is(err, sqlerr.CodeNumericOutOfRange) || !strings.Contains(err.Error(), "c.rows") {
		t.Errorf("a value that does not fit: %v", err)
	}

	// A predicate on a column that is not wanted itself.
	got := ""
	spec := &storage.ScanSpec{Columns: []int{1}, Predicates: []storage.Predicate{predicate(first, 4)}}
	err = scans.Each(context.Background(), first, spec, func(_ int64, c *vector.Chunk) error {
		for i := range c.NumRows() {
			got += c.Cols[0].Value(c.Position(i)).S
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got != "bd" {
		t.Errorf("rows %q passed, want b and d", got)
	}
}
