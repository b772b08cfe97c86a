package join_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// wideLess is lessThan by way of long strings, one for each row that it looks at.
func wideLess(probe, build *data, pc, bc int) *residual {
	res := lessThan(probe, build, pc, bc)
	text := strings.Repeat("x", 4000)
	wide := eval.NewCall(&function.Bound{
		Name: "wide", Params: []types.Type{bigint}, Return: varchar, Nulls: function.Propagate, Vol: function.Volatile,
		Kernel: func(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
			for i := range c.N {
				if c.Sel == nil {
					out.PutString(i, []byte(text))
				}
			}
			for _, p := range c.Sel {
				out.PutString(int(p), []byte(text))
			}
			return nil
		},
	}, eval.NewColumn(pc, bigint))
	res.expr = eval.NewAnd(eval.NewCompare(kernel.Eq, wide, eval.NewConst(types.StringValue(text))), res.expr)
	return res
}

// TestConditionGivesBack: what the results of a condition take is charged while
// rows are joined, in memory, partition by partition or block by block, and given
// back in the end, also after a cancel.
func TestConditionGivesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 1))
	for _, capBytes := range []int64{-1, 0} {
		for _, keys := range []int{1, 0} {
			for _, kind := range []join.Kind{join.Inner, join.Full, join.Anti, join.Mark, join.Single} {
				for _, cancelled := range []bool{false, true} {
					if cancelled && kind == join.Single {
						continue // there may be another error first
					}
					build := makeSide(r, []types.Type{bigint}, shape{rows: 300, distinct: 100, unique: kind == join.Single})
					probe := makeSide(r, []types.Type{bigint}, shape{rows: 200, distinct: 100})
					if keys == 0 {
						build.rows = build.rows[:min(len(build.rows), 3)]
					}
					spec := makeSpec(kind, probe, build, keys)
					res := wideLess(probe, build, 1, 1)
					f := newFixture(t, 1<<30, 2)
					f.env.Budget.SetSpillCap(capBytes)
					mem := f.env.Budget.Reserve("expressions")
					f.env.Session = &function.Session{Mem: mem}
					o := options{plain: true}
					if cancelled {
						o.ctx, o.cancel = context.WithCancel(context.Background())
						o.at = 2
						spec.Residual, spec.ResidualCols = res.expr, res.cols
						f.env.FillLimit = 50
						if _, _, err := f.run(spec, probe, build, o); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
							t.Errorf("error %v after a cancel", err)
						}
						o.cancel()
					} else {
						st := f.check(spec, res, probe, build, o)
						if n := mem.Peak(); n < 4000 {
							t.Errorf("%s join: at most %d bytes were charged", kind, n)
						}
						if capBytes == 0 && st.SpilledBytes == 0 && keys > 0 {
							t.Errorf("%s join: nothing was spilled", kind)
						}
					}
					if n := mem.Held(); n != 0 {
						t.Errorf("%s join, %d keys, spill cap %d: %d bytes are left", kind, keys, capBytes, n)
					}
					mem.Close()
					f.close()
				}
			}
		}
	}
}
