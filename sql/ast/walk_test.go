package ast_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
)

const sample = `WITH c(a) AS (SELECT 1) SELECT DISTINCT ON (d0) f(x, y := 2 ORDER BY o) FILTER (WHERE g) OVER (PARTITION BY pp
ORDER BY oo ROWS 3 PRECEDING), * REPLACE (r + 1 AS r) FROM t1 JOIN (SELECT s) d ON j1 = j2, u(a1), v TABLESAMPLE 5% WHERE w AND x IN (1, 2)
GROUP BY ROLLUP (g1, (g2, g3)) HAVING h QUALIFY q ORDER BY z LIMIT l OFFSET m`

// columns returns the column names that Inspect meets, in order.
func columns(n ast.Node) string {
	var out []string
	ast.Inspect(n, func(n ast.Node) bool {
		if c, ok := n.(*ast.ColumnRef); ok {
			out = append(out, c.Parts[0].Name)
		}
		return true
	})
	return strings.Join(out, " ")
}

func TestInspectOrder(t *testing.T) {
	s, err := parser.ParseOne(sample)
	if err != nil {
		t.Fatal(err)
	}
	want := "d0 x o g pp oo r s j1 j2 a1 w x g1 g2 g3 h q z l m"
	if got := columns(s); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWalkPairs(t *testing.T) {
	s, err := parser.ParseOne(sample)
	if err != nil {
		t.Fatal(err)
	}
	var stack []ast.Node
	count, inspected := 0, 0
	ast.Walk(s, func(n ast.Node) bool { stack = append(stack, n); count++; return true }, func(n ast.Node) {
		if stack[len(stack)-1] != n {
			t.Fatal("leave does not match enter")
		}
		stack = stack[:len(stack)-1]
	})
	ast.Inspect(s, func(ast.Node) bool { inspected++; return true })
	if len(stack) != 0 || count != inspected || count < 40 {
		t.Errorf("%d open, %d walked, %d inspected", len(stack), count, inspected)
	}
	skipped := 0
	ast.Inspect(s, func(n ast.Node) bool { skipped++; return false })
	if skipped != 1 {
		t.Error("children of a refused node are visited")
	}
}

// TestNoRecursion walks a tree that is far deeper than any stack likes.
func TestNoRecursion(t *testing.T) {
	var e ast.Expr = &ast.ColumnRef{Parts: []ast.Ident{{Name: "x"}}}
	const depth = 1_000_000
	for range depth {
		e = &ast.Not{X: e}
	}
	if got := ast.Depth(e); got != depth+1 {
		t.Errorf("depth %d", got)
	}
	if columns(e) != "x" {
		t.Error("leaf not found")
	}
}

func TestNil(t *testing.T) {
	var q *ast.Query
	ast.Inspect(nil, func(ast.Node) bool { t.Error("nil visited"); return true })
	ast.Inspect(q, func(ast.Node) bool { t.Error("nil visited"); return true })
	if ast.Depth(nil) != 0 {
		t.Error("depth of nil")
	}
	var d ast.Describe
	ast.Inspect(&d, func(ast.Node) bool { return true })
}

// TestEveryExprFieldIsVisited fills each expression and statement with marked
// columns by reflection and checks that Inspect finds all of them.
func TestEveryFieldIsVisited(t *testing.T) {
	nodes := []ast.Node{&ast.Interval{}, &ast.Columns{}, &ast.Unary{}, &ast.Binary{}, &ast.Concat{}, &ast.Arrow{}, &ast.Lambda{}, &ast.And{},
		&ast.Or{}, &ast.Not{}, &ast.Comparison{}, &ast.IsNull{}, &ast.IsDistinct{}, &ast.IsTruth{}, &ast.Between{}, &ast.InList{},
		&ast.InSubquery{}, &ast.InValue{}, &ast.Like{}, &ast.Case{}, &ast.Cast{}, &ast.Collate{}, &ast.Quantified{}, &ast.Row{},
		&ast.List{}, &ast.ListComprehension{}, &ast.Struct{}, &ast.Index{}, &ast.Slice{}, &ast.Field{}, &ast.FuncCall{}, &ast.NamedArg{},
		&ast.Query{}, &ast.Select{}, &ast.Values{}, &ast.TableName{}, &ast.FileTable{}, &ast.TableFunction{}, &ast.DerivedTable{}, &ast.Join{},
		&ast.Pivot{}, &ast.Unpivot{}, &ast.CreateTable{}, &ast.CreateSequence{}, &ast.CreateIndex{}, &ast.CreateMacro{}, &ast.Alter{},
		&ast.Comment{}, &ast.Insert{}, &ast.Update{}, &ast.Delete{}, &ast.Merge{}, &ast.Copy{}, &ast.Explain{}, &ast.Set{}, &ast.Pragma{},
		&ast.Describe{}, &ast.Summarize{}, &ast.Prepare{}, &ast.Execute{}, &ast.Attach{}, &ast.Call{}, &ast.Export{}, &ast.Import{},
		&ast.CreateType{}, &ast.CreateView{}, &ast.TypeName{}}
	for _, n := range nodes {
		want := 0
		fill(reflect.ValueOf(n).Elem(), &want, 0)
		seen := map[string]bool{}
		ast.Inspect(n, func(n ast.Node) bool {
			if c, ok := n.(*ast.ColumnRef); ok {
				seen[c.Parts[0].Name] = true
			}
			return true
		})
		if len(seen) != want {
			t.Errorf("%T: %d of %d columns are visited", n, len(seen), want)
		}
	}
}

var exprType = reflect.TypeFor[ast.Expr]()

// fill puts a marked column into every Expr field below v.
func fill(v reflect.Value, count *int, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), count, depth)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 || depth > 3 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), count, depth+1)
	case reflect.Pointer:
		if depth > 3 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), count, depth+1)
	case reflect.Interface:
		if v.Type() == exprType {
			*count++
			v.Set(reflect.ValueOf(&ast.ColumnRef{Parts: []ast.Ident{{Name: fmt.Sprint(*count)}}}))
		}
	}
}

func TestNames(t *testing.T) {
	parts := []ast.Ident{{Name: "A"}, {Name: "b"}}
	if !parts[0].Is("a") || ast.Last(parts).Name != "b" || ast.Last(nil).Name != "" || strings.Join(ast.Names(parts), ".") != "A.b" {
		t.Error("names")
	}
	if ast.NoPos.Pos() != -1 {
		t.Error("NoPos")
	}
	if ast.JoinSemi.String() != "SEMI" || ast.OpNe.String() != "<>" || ast.Except.String() != "EXCEPT" {
		t.Error("names of kinds")
	}
}
