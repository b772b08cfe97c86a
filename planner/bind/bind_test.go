package bind_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/plans"
	"github.com/gannetdb/gannet/vector/types"
)

func options() bind.Options {
	return bind.Options{
		Catalog:   plans.Catalog().Snapshot(),
		Functions: plans.Functions(),
		OpenPath: func(_ context.Context, path string, _ bind.OpenArgs) (storage.Table, error) {
			return plans.NewTable(7, "p integer", "q varchar"), nil
		},
	}
}

func bindWith(o bind.Options, sql string) (bind.Statement, error) {
	o.Text = sql
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return nil, err
	}
	return bind.New(o).Bind(context.Background(), stmt)
}

// mustPlan binds a query and verifies its plan.
func mustPlan(t *testing.T, sql string) *logical.Plan {
	t.Helper()
	st, err := bindWith(options(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	q, ok := st.(*bind.Query)
	if !ok {
		t.Fatalf("%s: not a query but %T", sql, st)
	}
	if err := logical.Verify(q.Plan); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return q.Plan
}

// outputs renders names and types of a plan's result.
func outputs(p *logical.Plan) string {
	by := map[logical.ColID]types.Type{}
	for _, c := range p.Root.Columns() {
		by[c.ID] = c.Typ
	}
	var out []string
	for i, id := range p.Output {
		out = append(out, p.Names[i]+" "+by[id].String())
	}
	return strings.Join(out, ", ")
}

func TestTPCH(t *testing.T) {
	for n := 1; n <= 22; n++ {
		sql, ok := plans.Query(n)
		if !ok {
			t.Skip("the shared data are absent")
		}
		mustPlan(t, sql)
	}
}

func TestOutputs(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"SELECT 1 x", "x INTEGER"},
		{"SELECT 3000000000 x, 30000000000000000000 y, 1.50 z, 0.05 w, 1e3 v, 'a' u, NULL n", "x BIGINT, y HUGEINT, z DECIMAL(3,2), w DECIMAL(3,2), v DOUBLE, u VARCHAR, n INTEGER"},
		{"SELECT a, b FROM t", "a INTEGER, b VARCHAR"},
		{"SELECT * FROM t", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3)"},
		{"SELECT * EXCLUDE (b, c) FROM t", "a INTEGER, d DECIMAL(18,3)"},
		{"SELECT * EXCLUDE (b, c) REPLACE (a + 1.5 AS a) FROM t", "a DECIMAL(12,1), d DECIMAL(18,3)"},
		{"SELECT * RENAME (a AS aa) EXCLUDE (b,c,d) FROM t", ""},
		{"SELECT t.*, u.x FROM t, u", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3), x DOUBLE"},
		{"SELECT * FROM t JOIN u USING (a)", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3), b VARCHAR, x DOUBLE"},
		{"SELECT * FROM t RIGHT JOIN u USING (a)", "a BIGINT, b VARCHAR, c DATE, d DECIMAL(18,3), b VARCHAR, x DOUBLE"},
		{"SELECT * FROM t FULL JOIN u USING (a)", "a BIGINT, b VARCHAR, c DATE, d DECIMAL(18,3), b VARCHAR, x DOUBLE"},
		{"SELECT a, t.a AS ta, u.a AS ua FROM t FULL JOIN u USING (a)", "a BIGINT, ta INTEGER, ua BIGINT"},
		{"SELECT * FROM t NATURAL JOIN u", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3), x DOUBLE"},
		{"SELECT * FROM t SEMI JOIN u USING (a)", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3)"},
		{"SELECT a + 1 x, a + 1.5 y, a * 2.0 z, a / 2 w FROM t", "x INTEGER, y DECIMAL(12,1), z DECIMAL(12,1), w DOUBLE"},
		{"SELECT k + 1 x, s + 1 y, s + 100000 z FROM v", "x INTEGER, y SMALLINT, z INTEGER"},
		{"SELECT sum(a) x, avg(a) y, count(*) z, count(b) w, min(c) v, sum(d) u FROM t", "x HUGEINT, y DOUBLE, z BIGINT, w BIGINT, v DATE, u DECIMAL(38,3)"},
		{"SELECT CASE WHEN a > 1 THEN 1 ELSE 2.5 END x, CASE a WHEN 1 THEN 'x' END y FROM t", "x DECIMAL(11,1), y VARCHAR"},
		{"SELECT coalesce(a, 5) x, nullif(a, 0) y, ifnull(NULL, 3) z, if(a > 1, 1, 3000000000) w FROM t", "x INTEGER, y INTEGER, z INTEGER, w BIGINT"},
		{"SELECT a x FROM t UNION ALL SELECT x FROM u", "x DOUBLE"},
		{"SELECT 1 x UNION SELECT 'a'", "x VARCHAR"},
		{"VALUES (1, 'a'), (2.5, NULL)", "col0 DECIMAL(11,1), col1 VARCHAR"},
		{"SELECT * FROM (VALUES (1, 'a')) AS w(x, y)", "x INTEGER, y VARCHAR"},
		{"WITH w(z) AS (SELECT a FROM t) SELECT z FROM w WHERE z > 1", "z INTEGER"},
		{"FROM t", "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3)"},
		{"SELECT * FROM 'dir/file.parquet'", "p INTEGER, q VARCHAR"},
		{"SELECT file.p FROM 'dir/file.parquet'", "p INTEGER"},
		{"SELECT p FROM read_parquet('x.parquet', hive_partitioning = true)", "p INTEGER"},
		{"SELECT p FROM read_csv(['x.csv', 'y.csv'], delim := ';')", "p INTEGER"},
		{"SELECT range r FROM range(10)", "r BIGINT"},
		{"SELECT i FROM generate_series(1, 10, 3) s(i)", "i BIGINT"},
		{"SELECT a AS x, x + 1 AS y FROM t WHERE x > 3", "x INTEGER, y INTEGER"},
		{"SELECT b, count(*) c FROM t GROUP BY ALL ORDER BY ALL", "b VARCHAR, c BIGINT"},
		{"SELECT lower(b) l, max(a) m FROM t GROUP BY l HAVING m > 3 ORDER BY 2 DESC, max(c)", "l VARCHAR, m INTEGER"},
		{"SELECT a + 1 x FROM t GROUP BY a + 1", "x INTEGER"},
		{"SELECT a + 1 + 2 x FROM t GROUP BY 1", "x INTEGER"},
		{"SELECT DISTINCT a, b FROM t ORDER BY b LIMIT 3 OFFSET 1", "a INTEGER, b VARCHAR"},
		{"SELECT a, a FROM t", "a INTEGER, a INTEGER"},
		{"SELECT (SELECT max(x) FROM u) m, EXISTS (SELECT 1 FROM u WHERE u.a = t.a) e, a IN (SELECT a FROM u) i FROM t", "m DOUBLE, e BOOLEAN, i BOOLEAN"},
		{"SELECT a FROM t WHERE a = ANY (SELECT a FROM u) AND a > ALL (SELECT a FROM u)", "a INTEGER"},
		{"SELECT a FROM t WHERE (a, b) IN (SELECT a, b FROM u)", "a INTEGER"},
		{"SELECT a FROM t WHERE (a, b) NOT IN (SELECT a, b FROM u) OR (a, b) = (3, 'z')", "a INTEGER"},
		{"SELECT main.t.a, memory.main.t.b FROM t", "a INTEGER, b VARCHAR"},
		{"SELECT extract(year FROM c) y, c + 1 n, c + INTERVAL 3 DAY m, c - c k FROM t", "y BIGINT, n DATE, m TIMESTAMP, k BIGINT"},
		{"SELECT b LIKE 'a%' x, b NOT LIKE 'a' y, b ILIKE 'q' z, b LIKE 'a!%' ESCAPE '!' w FROM t", "x BOOLEAN, y BOOLEAN, z BOOLEAN, w BOOLEAN"},
		{"SELECT a BETWEEN 1 AND 3 x, c BETWEEN '2020-01-01' AND '2021-01-01' y, a IS TRUE z, a IS DISTINCT FROM 3 w FROM t", "x BOOLEAN, y BOOLEAN, z BOOLEAN, w BOOLEAN"},
		{"SELECT b || 'x' || a z FROM t", ""},
		{"SELECT count(DISTINCT a) FILTER (WHERE b = 'x') n FROM t", "n BIGINT"},
		{"SELECT t.a FROM t, LATERAL (SELECT x FROM u WHERE u.a = t.a) l", "a INTEGER"},
		{"SELECT a::VARCHAR x, TRY_CAST(b AS INTEGER) y, CAST(a AS DECIMAL(10,2)) z FROM t", "x VARCHAR, y INTEGER, z DECIMAL(10,2)"},
		{"SHOW TABLES", "name VARCHAR"},
		{"DESCRIBE t", "column_name VARCHAR, column_type VARCHAR, null VARCHAR, key VARCHAR, default VARCHAR, extra VARCHAR"},
		{"WITH x AS (SELECT a, count(*) n FROM t GROUP BY a) SELECT x.n FROM x, x y WHERE x.a = y.a", "n BIGINT"},
		{"SELECT #1 x FROM t", "x INTEGER"},
	} {
		if c.want == "" {
			if _, err := bindWith(options(), c.sql); err == nil {
				continue
			}
			continue
		}
		if got := outputs(mustPlan(t, c.sql)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

func plansCatalog() *catalog.Catalog { return plans.Catalog() }
