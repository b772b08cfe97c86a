package bind

import "github.com/gannetdb/gannet/sql/ast"

// aggregateMacro returns what a call of a function stands for that is defined by
// others, nil when name is none of these. FILTER and OVER go with each of its
// aggregates.
//
//	weighted_avg(v, w)  sum(v * w) / sum(CASE WHEN v IS NOT NULL THEN w ELSE 0 END)
//	geomean(x)          exp(avg(ln(x)))
func aggregateMacro(f *ast.FuncCall, name string) ast.Expr {
	at := f.At
	aggregate := func(name string, arg ast.Expr) ast.Expr {
		g := *f
		g.Name = []ast.Ident{{At: at, Name: name}}
		g.Args = []ast.Expr{arg}
		return &g
	}
	scalar := func(name string, arg ast.Expr) ast.Expr {
		return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: name}}, Args: []ast.Expr{arg}}
	}
	switch {
	case (name == "weighted_avg" || name == "wavg") && len(f.Args) == 2:
		v, w := f.Args[0], f.Args[1]
		weight := &ast.Case{At: at, Whens: []ast.When{{At: at, Cond: &ast.IsNull{At: at, X: v, Not: true}, Result: w}},
			Else: &ast.Literal{At: at, Kind: ast.LitInteger, Text: "0"}}
		return &ast.Binary{At: at, Op: "/", L: aggregate("sum", &ast.Binary{At: at, Op: "*", L: v, R: w}), R: aggregate("sum", weight)}
	case (name == "geomean" || name == "geometric_mean") && len(f.Args) == 1:
		return scalar("exp", aggregate("avg", scalar("ln", f.Args[0])))
	}
	return nil
}
