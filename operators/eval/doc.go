// Package eval holds executable expressions: immutable trees (Expr), shared by
// workers, and the per-worker state that runs them (Context).
//
//	e := eval.NewCompare(kernel.Lt, eval.NewColumn(0, t), eval.NewConst(five))
//	c := eval.NewContext(session, e)
//	sel, err := c.Select(ctx, 0, chunk, buf)
//
// # Evaluation
//
// An expression is evaluated at positions of a chunk: all of them, or those of
// a selection. The result has the chunk's length, any form, and means
// something at the positions asked for only. Boolean expressions are better
// asked to Select, which narrows a selection and builds no vector.
//
// # Laziness
//
// A row outside the selection never raises: AND, OR, CASE,
// COALESCE and IN evaluate each part under the selection of the rows that need
// it, a call that can fail sees no row with a NULL argument (where NULL
// propagates), and what was computed for a whole dictionary is thrown away if
// an entry raised, since perhaps no row uses it.
//
// # Dictionaries
//
// An immutable call with one dictionary argument and otherwise constants is
// computed once an entry where that is cheaper, kept as long as the dictionary
// lasts (by DictID) and gives a dictionary vector over the same codes.
//
// # Ownership
//
// Results are borrowed until the next call of the same Context and may share
// buffers with the chunk. In steady state nothing is allocated a chunk.
//
// What it does not do: it binds no names and chooses no overloads (planner),
// and it does not know logical expressions (planner/physical lowers those).
package eval
