package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/explain"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/planner/physical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// explain answers EXPLAIN with the optimized plan, and EXPLAIN ANALYZE with
// what running it took.
func (s *Session) explain(ctx context.Context, b *bind.Explain, params Params) (*Rows, error) {
	plan := planOf(b.Inner)
	if plan == nil {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "EXPLAIN of this statement is not supported")
	}
	env := s.env()
	unoptimized := plan
	plan, err := s.optimize(ctx, env, plan, params)
	if err != nil {
		return nil, err
	}
	names := []string{"explain_key", "explain_value"}
	if !b.Analyze {
		tree := func(p *logical.Plan) string { return explain.Tree(p, explain.Options{Estimates: cardinality.New(ctx)}) }
		text := tree(plan)
		switch s.settings.explainOutput {
		case "all":
			return textRows(names, [][]string{{"logical_plan", tree(unoptimized)}, {"logical_opt", text}, {"physical_plan", text}}), nil
		case "optimized_only":
			return textRows(names, [][]string{{"logical_opt", text}}), nil
		}
		return textRows(names, [][]string{{"physical_plan", text}}), nil
	}
	if _, ok := b.Inner.(*bind.Query); !ok {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "EXPLAIN ANALYZE runs queries only")
	}
	text, err := s.analyze(ctx, env, plan)
	if err != nil {
		return nil, err
	}
	return textRows(names, [][]string{{"analyzed_plan", text}}), nil
}

// analyze runs a plan, drops its rows, and renders the plan with its figures.
func (s *Session) analyze(ctx context.Context, env *operators.Env, plan *logical.Plan) (string, error) {
	phys, err := physical.Lower(ctx, env, plan, physical.Options{CutInside: true, Joins: s.settings.joins, DirectBits: s.settings.directBits})
	if err != nil {
		return "", err
	}
	measures := phys.Measures()
	env.Budget.ResetPeak()
	before := env.Spill.Stats().BytesWritten
	start := time.Now()
	if err := s.run(ctx, env, phys, write.NewDiscard()); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Total: %s, peak memory %s", time.Since(start).Round(10*time.Microsecond), FormatSize(env.Budget.Peak()))
	if n := env.Spill.Stats().BytesWritten - before; n > 0 {
		fmt.Fprintf(&b, ", spilled %s", FormatSize(n))
	}
	b.WriteByte('\n')
	b.WriteString(explain.Tree(plan, explain.Options{
		Estimates: cardinality.New(ctx),
		Note:      func(n logical.Node) string { return note(measures[n]) },
	}))
	return b.String(), nil
}

// note words what a node did.
func note(m *physical.Measure) string {
	if m == nil {
		return ""
	}
	var parts []string
	if m.Profile != nil {
		parts = append(parts, fmt.Sprintf("rows: %d", m.Profile.Rows.Load()),
			fmt.Sprintf("time: %s", time.Duration(m.Profile.Nanos.Load()).Round(10*time.Microsecond)))
	}
	if c := m.Counters; c != nil {
		parts = append(parts, scanNote(c)...)
	}
	if m.Extra != nil {
		parts = append(parts, m.Extra()...)
	}
	return strings.Join(parts, ", ")
}

func scanNote(c *storage.ScanCounters) []string {
	parts := []string{
		fmt.Sprintf("bytes read: %d", c.BytesRead.Load()),
		fmt.Sprintf("row groups: %d read, %d skipped", c.RowGroupsRead.Load(), c.RowGroupsSkipped.Load()),
		fmt.Sprintf("rows scanned: %d", c.RowsScanned.Load()),
	}
	if n := c.FilesOpened.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("files: %d", n))
	}
	if n := c.PagesSkipped.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("pages skipped: %d", n))
	}
	if n := c.BytesSpooled.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("spooled: %d bytes", n))
	}
	return parts
}
