package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// The kinds of shape; the lists differ in how the schema says that they are.
const (
	leafShape = iota
	structShape
	listShape     // three levels
	oldListShape  // two levels, elements required
	repeatedShape // no annotation, never NULL
	mapShape
	setShape // a map without values
	numShapes
)

// shape is a random nested type.
type shape struct {
	kind     int
	name     string
	optional bool
	leaf     *testColumn
	children []*shape
	typ      types.Type
	first    int // ordinal of the first leaf
	leaves   int
}

// randomShape draws a shape of at most depth levels above its leaves; bare ones
// may be neither optional nor lists without a group of their own.
func randomShape(r *rand.Rand, cols []testColumn, name string, depth int, bare bool, leaf *int) *shape {
	s := &shape{name: name, optional: !bare && r.IntN(3) > 0, first: *leaf}
	s.kind = r.IntN(numShapes)
	if depth == 0 {
		s.kind = leafShape
	}
	for bare && s.kind == repeatedShape {
		s.kind = r.IntN(numShapes)
	}
	child := func(name string, bare bool) *shape {
		c := randomShape(r, cols, name, depth-1, bare, leaf)
		s.children = append(s.children, c)
		return c
	}
	switch s.kind {
	case leafShape:
		s.leaf = &cols[r.IntN(len(cols))]
		s.typ = s.leaf.typ
		*leaf++
	case structShape:
		var fields []types.Field
		for i := range 1 + r.IntN(3) {
			n := fmt.Sprintf("f%d", i)
			fields = append(fields, types.Field{Name: n, Type: child(n, false).typ})
		}
		s.typ = types.StructOf(fields...)
	case listShape:
		s.typ = types.ListOf(child("element", false).typ)
	case oldListShape:
		s.typ = types.ListOf(child("array", true).typ)
	case repeatedShape:
		s.optional = false
		s.typ = types.ListOf(child(name, true).typ)
	case mapShape:
		k := child("key", true)
		s.typ = types.MapOf(k.typ, child("value", false).typ)
	case setShape:
		s.typ = types.ListOf(child("key", true).typ)
	}
	s.leaves = *leaf - s.first
	return s
}

// node makes the schema of s with the repetition rep.
func (s *shape) node(tb testing.TB, rep parquet.Repetition) schema.Node {
	group := func(name string, rep parquet.Repetition, l schema.LogicalType, fields ...schema.Node) schema.Node {
		n, err := schema.NewGroupNodeLogical(name, rep, fields, l, -1)
		if err != nil {
			tb.Fatal(err)
		}
		return n
	}
	of := func(c *shape) schema.Node {
		if c.optional {
			return c.node(tb, parquet.Repetitions.Optional)
		}
		return c.node(tb, parquet.Repetitions.Required)
	}
	repeated := parquet.Repetitions.Repeated
	switch s.kind {
	case leafShape:
		n, err := s.leaf.node(s.name, rep)
		if err != nil {
			tb.Fatal(err)
		}
		return n
	case structShape:
		var fields []schema.Node
		for _, c := range s.children {
			fields = append(fields, of(c))
		}
		return group(s.name, rep, nil, fields...)
	case listShape:
		return group(s.name, rep, schema.NewListLogicalType(), group("list", repeated, nil, of(s.children[0])))
	case oldListShape:
		return group(s.name, rep, schema.NewListLogicalType(), s.children[0].node(tb, repeated))
	case repeatedShape:
		return s.children[0].node(tb, repeated)
	}
	var fields []schema.Node
	for _, c := range s.children {
		fields = append(fields, of(c))
	}
	return group(s.name, rep, schema.MapLogicalType{}, group("key_value", repeated, nil, fields...))
}

// entries are what a leaf's column chunk holds.
type entries struct {
	values     []any
	defs, reps []int16
}

// value draws a value of s and shreds it.
func (s *shape) value(r *rand.Rand, out []entries, rep, def, lists int16) types.Value {
	if s.optional {
		if r.IntN(4) == 0 {
			for i := range s.leaves {
				e := &out[s.first+i]
				e.defs, e.reps = append(e.defs, def), append(e.reps, rep)
			}
			return types.NullOf(s.typ)
		}
		def++
	}
	v := types.Value{Type: s.typ}
	switch s.kind {
	case leafShape:
		stored, want := s.leaf.value(r)
		e := &out[s.first]
		e.values, e.defs, e.reps = append(e.values, stored), append(e.defs, def), append(e.reps, rep)
		return want
	case structShape:
		for _, c := range s.children {
			v.Children = append(v.Children, c.value(r, out, rep, def, lists))
		}
		return v
	}
	n := r.IntN(4)
	if r.IntN(50) == 0 {
		n = r.IntN(40)
	}
	v.Children = make([]types.Value, 0, n)
	if n == 0 {
		for i := range s.leaves {
			e := &out[s.first+i]
			e.defs, e.reps = append(e.defs, def), append(e.reps, rep)
		}
	}
	for i := range n {
		at := rep
		if i > 0 {
			at = lists + 1
		}
		x := s.children[0].value(r, out, at, def+1, lists+1)
		if s.kind == mapShape {
			x = types.Value{Type: types.StructOf(s.typ.Ext.Fields...), Children: []types.Value{x, s.children[1].value(r, out, at, def+1, lists+1)}}
		}
		v.Children = append(v.Children, x)
	}
	return v
}

// nestedFile is a file with a number of the row and some nested columns.
type nestedFile struct {
	data   []byte
	shapes []*shape // from the second column on
	want   [][]types.Value
}

func writeNested(tb testing.TB, seed uint64, spec fileSpec, depth int) nestedFile {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	cols := columnsOfAllTypes()
	var f nestedFile
	leaf := 1
	id, err := schema.NewPrimitiveNode("id", parquet.Repetitions.Required, parquet.Types.Int64, -1, 0)
	if err != nil {
		tb.Fatal(err)
	}
	nodes := schema.FieldList{id}
	for i := range 3 {
		s := randomShape(r, cols, fmt.Sprintf("c%d", i), depth, false, &leaf)
		f.shapes = append(f.shapes, s)
		rep := parquet.Repetitions.Required
		if s.optional {
			rep = parquet.Repetitions.Optional
		}
		nodes = append(nodes, s.node(tb, rep))
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		tb.Fatal(err)
	}
	version := parquet.DataPageV1
	if spec.v2 {
		version = parquet.DataPageV2
	}
	opts := []parquet.WriterProperty{parquet.WithCompression(spec.codec), parquet.WithDataPageVersion(version), parquet.WithStats(spec.stats),
		parquet.WithDataPageSize(spec.pageSize), parquet.WithDictionaryDefault(spec.dict), parquet.WithDictionaryPageSizeLimit(spec.dictSize),
		parquet.WithBatchSize(64), parquet.WithPageIndexEnabled(spec.stats)}
	sc := schema.NewSchema(root)
	for i := range sc.NumColumns() {
		c := sc.Column(i)
		var e parquet.Encoding
		switch t := c.PhysicalType(); {
		case t == parquet.Types.Boolean:
			opts = append(opts, parquet.WithDictionaryPath(c.ColumnPath(), false))
			continue
		case !spec.delta:
			continue
		case t == parquet.Types.ByteArray:
			e = []parquet.Encoding{parquet.Encodings.DeltaByteArray, parquet.Encodings.DeltaLengthByteArray}[i%2]
		case t == parquet.Types.Int32 || t == parquet.Types.Int64:
			e = parquet.Encodings.DeltaBinaryPacked
		case t == parquet.Types.Int96:
			continue
		default:
			e = parquet.Encodings.ByteStreamSplit
		}
		opts = append(opts, parquet.WithDictionaryPath(c.ColumnPath(), false), parquet.WithEncodingPath(c.ColumnPath(), e))
	}
	f.want = make([][]types.Value, len(f.shapes)+1)
	var buf bytes.Buffer
	w := file.NewParquetWriter(&buf, root, file.WithWriterProps(parquet.NewWriterProperties(opts...)))
	for range spec.groups {
		g, err := w.AppendRowGroupChecked()
		if err != nil {
			tb.Fatal(err)
		}
		out := make([]entries, leaf)
		for range spec.rows {
			n := int64(len(f.want[0]))
			out[0].values = append(out[0].values, n)
			f.want[0] = append(f.want[0], types.IntValue(types.Of(types.BigInt), n))
			for k, s := range f.shapes {
				f.want[k+1] = append(f.want[k+1], s.value(r, out, 0, 0, 0))
			}
		}
		for i := range out {
			cw, err := g.NextColumn()
			if err != nil {
				tb.Fatal(err)
			}
			defs, reps := out[i].defs, out[i].reps
			if cw.Descr().MaxDefinitionLevel() == 0 {
				defs = nil
			}
			if cw.Descr().MaxRepetitionLevel() == 0 {
				reps = nil
			}
			if err := writeLevels(cw, out[i].values, defs, reps); err != nil {
				tb.Skipf("arrow-go cannot write it: %v", err)
			}
			if err := cw.Close(); err != nil {
				tb.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	f.data = buf.Bytes()
	return f
}

func TestNested(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 20
	}
	codecs := []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Brotli}
	for seed := range n {
		spec := fileSpec{codec: codecs[seed%3], v2: seed%2 == 1, dict: seed%4 < 2, delta: seed%5 == 4, rows: 1 + int(seed*37%150), groups: 1 + int(seed%2),
			pageSize: []int64{100, 1000, 1 << 20}[seed/2%3], dictSize: []int64{100, 1 << 20}[seed/3%2], stats: seed%7 == 0}
		if seed%11 == 0 {
			spec.rows = 2100
		}
		t.Run(fmt.Sprintf("%d/%v", seed, spec), func(t *testing.T) {
			f := writeNested(t, seed, spec, 1+int(seed%4))
			file := mustOpen(t, f.data)
			for i, s := range f.shapes {
				if c := file.Columns()[i+1]; !c.Type.Equal(s.typ) || c.NotNull == s.optional {
					t.Fatalf("column %d is %s not null %v, want %s", i, c.Type, c.NotNull, s.typ)
				}
			}
			mem := budget.New(256 << 20).Reserve("scan")
			for _, chunkRows := range []int{0, 5} {
				got, _, err := scan(file, &storage.ScanSpec{Columns: all(file), ChunkRows: chunkRows, Mem: mem})
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					compare(t, file.Columns()[i].Name+" "+file.Columns()[i].Type.String(), got[i], f.want[i])
				}
			}
			checkBeside(t, file, f, seed)
			if n := mem.Held(); n != 0 {
				t.Errorf("%d bytes are still reserved", n)
			}
		})
	}
}

// checkBeside reads nested columns of the rows that a predicate on a flat one,
// or on a nested one, passes.
func checkBeside(t *testing.T, file storage.Table, f nestedFile, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 6))
	rows := len(f.want[0])
	for range 4 {
		lo := types.IntValue(types.Of(types.BigInt), int64(r.IntN(rows)))
		hi := types.IntValue(types.Of(types.BigInt), lo.I+int64(r.IntN(rows)))
		null := r.IntN(3)
		spec := &storage.ScanSpec{ChunkRows: 1 + r.IntN(64), Columns: all(file), Workers: 1}
		add := func(c int, op storage.CompareOp, v ...types.Value) {
			p := storage.Predicate{Column: c, Op: op, Values: v}
			p.NewSelector = func() storage.Selector { return selector{op, append(v, types.Value{})[0]} }
			spec.Predicates = append(spec.Predicates, p)
		}
		add(0, storage.GreaterEqual, lo)
		add(0, storage.LessEqual, hi)
		if null > 0 {
			add(null, storage.IsNotNull)
		}
		want := make([][]types.Value, len(f.want))
		for i := range rows {
			if int64(i) < lo.I || int64(i) > hi.I || null > 0 && f.want[null][i].IsNull {
				continue
			}
			for k := range want {
				want[k] = append(want[k], f.want[k][i])
			}
		}
		got, _, err := scan(file, spec)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			compare(t, "filtered "+file.Columns()[i].Type.String(), got[i], want[i])
		}
	}
}
