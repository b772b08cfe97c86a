package optimizer

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/planner/rule"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Options say how to optimize.
type Options struct {
	Functions *function.Registry
	// Session is what folding may know; nil: calls that depend on it stay.
	Session *function.Session
	// FoldStable folds what is constant within a statement only: for plans
	// that are executed once.
	FoldStable bool
	// Disabled names rules that do not run. "all" disables every rule that is
	// not required. Unknown names are ignored; see Names.
	Disabled []string
	// Trace is called after every rule that ran; may be nil.
	Trace func(Step)
}

// Step is one rule's run.
type Step struct {
	Rule    string
	Elapsed time.Duration
	Changed bool
	Plan    *logical.Plan // as the rule left it
}

// Names lists the rules that can be disabled.
func Names() []string {
	var out []string
	for _, r := range rule.List() {
		if !r.Required {
			out = append(out, r.Name)
		}
	}
	return out
}

// Optimize returns an equivalent plan that executes faster. p is not changed.
// Errors: 0A000 for what no rule can make executable, 57014, and XX000 for a
// broken plan.
func Optimize(ctx context.Context, p *logical.Plan, o Options) (*logical.Plan, error) {
	if err := logical.Verify(p); err != nil {
		return nil, err
	}
	c := rule.NewContext(ctx, p, o.Functions, o.Session)
	c.FoldStable = o.FoldStable
	cur := *p
	for _, r := range rule.List() {
		if err := sqlerr.FromContext(ctx); err != nil {
			return nil, err
		}
		if !r.Required && disabled(o.Disabled, r.Name) {
			continue
		}
		start := time.Now()
		root, err := r.Apply(c, cur.Root)
		if err != nil {
			return nil, err
		}
		changed := root != cur.Root
		next := cur
		next.Root, next.NumCols = root, c.NumCols()
		if changed {
			if err := logical.Verify(&next); err != nil {
				return nil, sqlerr.Wrap(err, sqlerr.CodeInternal, "rule %s", r.Name)
			}
		}
		cur = next
		if o.Trace != nil {
			o.Trace(Step{Rule: r.Name, Elapsed: time.Since(start), Changed: changed, Plan: &next})
		}
	}
	return &cur, nil
}

func disabled(list []string, name string) bool {
	return slices.ContainsFunc(list, func(d string) bool {
		d = strings.TrimSpace(d)
		return strings.EqualFold(d, name) || strings.EqualFold(d, "all")
	})
}

// Estimates returns an estimator for the nodes of a plan, for EXPLAIN and for
// choices of the physical planner.
func Estimates(ctx context.Context) *cardinality.Estimator { return cardinality.New(ctx) }
