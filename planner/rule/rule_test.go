package rule_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/operators/function/scalar"
	"github.com/gannetdb/gannet/operators/function/window"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/explain"
	"github.com/gannetdb/gannet/planner/optimizer"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/tests/plans"
)

// TestRules runs the files of testdata: each case is a query, optimized with
// all rules or without those that disable= names; its plan is the expected
// output. With expect=rule the named rule must change the plan, with
// expect-not=rule it must not.
func TestRules(t *testing.T) {
	functions := function.NewRegistry(scalar.Builtins, aggregate.Builtins, window.Builtins...)
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			arg := func(key string) []string {
				for _, a := range d.CmdArgs {
					if a.Key == key {
						return a.Vals
					}
				}
				return nil
			}
			stmt, err := parser.ParseOne(d.Input)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			st, err := bind.New(bind.Options{Catalog: plans.Catalog().Snapshot(), Functions: functions}).Bind(context.Background(), stmt)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			changed := map[string]bool{}
			p, err := optimizer.Optimize(context.Background(), st.(*bind.Query).Plan, optimizer.Options{
				Functions: functions, Disabled: arg("disable"),
				Trace: func(s optimizer.Step) { changed[s.Rule] = changed[s.Rule] || s.Changed },
			})
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			for _, r := range arg("expect") {
				if !changed[r] {
					d.Fatalf(t, "rule %s did not change the plan", r)
				}
			}
			for _, r := range arg("expect-not") {
				if changed[r] {
					d.Fatalf(t, "rule %s changed the plan", r)
				}
			}
			return strings.TrimRight(explain.Tree(p, explain.Options{}), "\n") + "\n"
		})
	})
}
