package bind_test

import (
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/operators/function/scalar"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/tests/plans"
)

// TestBuiltins binds with the engine's own functions; the types are DuckDB's.
func TestBuiltins(t *testing.T) {
	o := options()
	o.Functions = function.NewRegistry(scalar.Builtins, aggregate.Builtins)
	for _, c := range []struct{ sql, want string }{
		{"SELECT 1::SMALLINT + 1 a, 1::TINYINT + 300 b, 1 + 1.5 c, 1 - 0.05::DECIMAL(15,2) d", "a SMALLINT, b INTEGER, c DECIMAL(12,1), d DECIMAL(16,2)"},
		{"SELECT 2.00::DECIMAL(15,2) * (1 - 0.05::DECIMAL(15,2)) x, 1 / 2 y, 0.06 - 0.01 z, 7 // 2 w, 7 % 2 v", "x DECIMAL(18,4), y DOUBLE, z DECIMAL(4,2), w INTEGER, v INTEGER"},
		{"SELECT sum(l_quantity * ps_availqty) x, avg(l_quantity) y, 100.00 * sum(l_tax) z, sum(l_linenumber) w FROM lineitem, partsupp", "x DECIMAL(38,2), y DOUBLE, z DECIMAL(38,4), w HUGEINT"},
		{"SELECT DATE '2020-01-01' + 1 a, DATE '2020-01-01' + INTERVAL 1 DAY b, DATE '2020-01-01' - DATE '2019-01-01' c", "a DATE, b TIMESTAMP, c BIGINT"},
		{"SELECT 'a' || 1 || 2.5 x, b LIKE 'a%' y, b NOT ILIKE 'a' z, b GLOB '*' w, b SIMILAR TO 'a.*' v, b LIKE 'x' ESCAPE '!' u FROM t", "x VARCHAR, y BOOLEAN, z BOOLEAN, w BOOLEAN, v BOOLEAN, u BOOLEAN"},
		{"SELECT extract(year FROM c) y, substring(b FROM 1 FOR 2) s, trim(b) r, position('a' IN b) p FROM t", "y BIGINT, s VARCHAR, r VARCHAR, p BIGINT"},
		{"SELECT -a x, -d y, abs(a) z, greatest(a, 2.5) w, a ** 2 v, ~a u FROM t", "x INTEGER, y DECIMAL(18,3), z INTEGER, w DECIMAL(11,1), v DOUBLE, u INTEGER"},
		{"SELECT count(*) a, count(b) c, min(b) d, max(d) e, any_value(c) f, bool_and(a > 1) g, count(DISTINCT a) h FROM t", "a BIGINT, c BIGINT, d VARCHAR, e DECIMAL(18,3), f DATE, g BOOLEAN, h BIGINT"},
		{"SELECT INTERVAL (a) DAY x, INTERVAL '1 month 2 days' y, c - INTERVAL 1 YEAR z FROM t", "x INTERVAL, y INTERVAL, z TIMESTAMP"},
		{"SELECT length(b) l, upper(b) u, round(d, 1) r, coalesce(b, 'x') c, typeof(a) t, current_date d FROM t", "l BIGINT, u VARCHAR, r DECIMAL(18,1), c VARCHAR, t VARCHAR, d DATE"},
		{"SELECT a FROM t WHERE (a, b) IN ((1, 'x'), (2, 'y')) OR (a, b) = (3, 'z')", "a INTEGER"},
	} {
		st, err := bindWith(o, c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		p := st.(*bind.Query).Plan
		if err := logical.Verify(p); err != nil {
			t.Errorf("%s: %v", c.sql, err)
		}
		if got := outputs(p); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
	for n := 1; n <= 22; n++ {
		sql, ok := plans.Query(n)
		if !ok {
			t.Skip("the shared data are absent")
		}
		if _, err := bindWith(o, sql); err != nil {
			t.Errorf("query %d: %v", n, err)
		}
	}
}
