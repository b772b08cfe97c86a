package physical

import (
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/logical"
)

// feed is a table scan whose rows may be dropped when a join above the stream
// would drop what becomes of them: the rows themselves, the groups that they
// are all of, or the partitions.
type feed struct {
	scan *scanSource
	// origin tells from which table ordinals columns of the stream come.
	origin map[logical.ColID]int
	// gates are the pipelines between the scan and the stream. They end before
	// the stream begins, so a filter for the scan has to be there before them.
	gates []*pipeline.Pipeline
}

// carry returns the feeds with the columns that from names (above → below), and
// one gate more unless it is nil. Feeds without a column are left out.
func carry(feeds []feed, from map[logical.ColID]logical.ColID, gate *pipeline.Pipeline) []feed {
	var out []feed
	for _, f := range feeds {
		origin := map[logical.ColID]int{}
		for above, below := range from {
			if ord, ok := f.origin[below]; ok {
				origin[above] = ord
			}
		}
		if len(origin) == 0 {
			continue
		}
		gates := f.gates
		if gate != nil {
			gates = append(gates[:len(gates):len(gates)], gate)
		}
		out = append(out, feed{scan: f.scan, origin: origin, gates: gates})
	}
	return out
}

// plainColumns maps columns to the columns that they are copies of.
func plainColumns(cols []logical.Column, exprs []logical.Expr) map[logical.ColID]logical.ColID {
	from := map[logical.ColID]logical.ColID{}
	for i, c := range cols {
		if ref, ok := exprs[i].(*logical.Column); ok {
			from[c.ID] = ref.ID
		}
	}
	return from
}

// attach gives f's scan the filters of the keys that are columns of its table;
// fill is the pipeline that makes the build side. filters is false when the
// scan shall only learn whether there are build rows at all.
func (f *feed) attach(j *joinParts, build *join.Build, fill *pipeline.Pipeline, filters bool) {
	for _, g := range f.gates {
		if waitsFor(fill, g) {
			return
		}
	}
	used := len(f.gates) == 0
	if filters {
		for k, e := range j.lkeys {
			c, ok := e.(*logical.Column)
			if !ok || j.nullSafe[k] {
				continue
			}
			if ord, ok := f.origin[c.ID]; ok {
				f.scan.filters = append(f.scan.filters, joinFilter{build: build, key: k, column: ord})
				used = true
			}
		}
	}
	if !used {
		return // for nothing the pipelines between shall not wait
	}
	f.scan.builds = append(f.scan.builds, build)
	for _, g := range f.gates {
		g.Deps = append(g.Deps, fill)
	}
}

// waitsFor reports whether p starts after q has ended, directly or not.
func waitsFor(p, q *pipeline.Pipeline) bool {
	if p == q {
		return true
	}
	for _, d := range p.Deps {
		if waitsFor(d, q) {
			return true
		}
	}
	return false
}
