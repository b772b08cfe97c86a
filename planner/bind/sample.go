package bind

import (
	"math"
	"strconv"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// maxSampleRows bounds a sample of a number of rows, as in DuckDB.
const maxSampleRows = 1_000_000_000

// sample binds USING SAMPLE and TABLESAMPLE over a relation. A number of rows
// takes a reservoir, a percentage chunks unless another method is named.
func sample(node logical.Node, s *ast.Sample) (logical.Node, error) {
	if s == nil {
		return node, nil
	}
	n := &logical.Sample{Input: node, Percent: s.Percent}
	size, err := sampleNumber(s.Size, "the size of a sample")
	if err != nil {
		return nil, err
	}
	switch s.Method {
	case "":
		if s.Percent {
			n.Method = logical.System
		}
	case "reservoir":
	case "bernoulli":
		n.Method = logical.Bernoulli
	case "system":
		n.Method = logical.System
	default:
		return nil, sqlerr.At(s.Pos(), sqlerr.CodeSyntax, "there is no sampling method %q", s.Method).
			WithHint("the methods are system, bernoulli and reservoir")
	}
	switch {
	case n.Method != logical.Reservoir && !s.Percent:
		return nil, sqlerr.At(s.Pos(), sqlerr.CodeInvalidSample, "a sample of a number of rows takes the method reservoir, not %s", n.Method).
			WithHint("a percentage goes with any method")
	case s.Percent && !(size >= 0 && size <= 100):
		return nil, sqlerr.At(s.Size.Pos(), sqlerr.CodeInvalidSample, "the percentage of a sample must be between 0 and 100, not %g", size)
	case !s.Percent && !(size >= 0 && size <= maxSampleRows):
		return nil, sqlerr.At(s.Size.Pos(), sqlerr.CodeInvalidSample, "the rows of a sample must be between 0 and %d, not %g", maxSampleRows, size)
	}
	if n.Size = size; !s.Percent {
		n.Size = math.Trunc(size)
	}
	if s.Seed != nil {
		seed, err := sampleNumber(s.Seed, "the seed of a sample")
		if err != nil {
			return nil, err
		}
		n.Seeded, n.Seed = true, int64(seed)
	}
	return n, nil
}

// sampleNumber reads a number, which has to be written out.
func sampleNumber(e ast.Expr, what string) (float64, error) {
	if l, ok := e.(*ast.Literal); ok && (l.Kind == ast.LitInteger || l.Kind == ast.LitDecimal || l.Kind == ast.LitFloat) {
		if f, err := strconv.ParseFloat(l.Text, 64); err == nil {
			return f, nil
		}
	}
	return 0, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "%s must be a number", what)
}

// sampleOf returns the TABLESAMPLE of an item of FROM, nil without one.
func sampleOf(t ast.TableRef) *ast.Sample {
	switch t := t.(type) {
	case *ast.TableName:
		return t.Sample
	case *ast.FileTable:
		return t.Sample
	case *ast.TableFunction:
		return t.Sample
	case *ast.DerivedTable:
		return t.Sample
	}
	return nil
}
