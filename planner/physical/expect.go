package physical

import (
	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/operators/write"
)

// expect tells the budget what may want much memory: a table of groups that is the
// only one takes more of it. Others count twice, for they need memory besides what
// they hold: joins for rows of two sides, sorts for the order, windows for sections.
func (b *builder) expect(sink operators.Sink) {
	n := 2
	switch sink := sink.(type) {
	case *write.Collect:
		n = 0 // rows of tables give way
	case *agg.Hash:
		n = sink.Tables()
	}
	b.env.Budget.Expect(n)
}
