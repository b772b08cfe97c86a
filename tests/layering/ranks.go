package layering

// ranks is the order of the module, lowest first. Paths are relative to the
// module and exact, save that one ending in "/..." covers everything below.
var ranks = []struct {
	rank  int
	paths []string
}{
	{0, []string{"sql/sqlerr", "vector/invariants", "vector/raw"}},
	{1, []string{
		"sql/lexer", "sql/ast", "sql/parser", "sql/format", "sql/mysql",
		"vector/types",
		"spill/budget", "spill/block", "spill/spawn",
	}},
	{2, []string{"vector", "vector/kernel", "vector/rowfmt", "vector/sortkey", "vector/sketch", "vector/arrowconv"}},
	{3, []string{"spill", "spill/pagefmt", "spill/rowset", "spill/chain"}},
	{4, []string{
		"storage", "storage/encoding", "storage/segment", "storage/native",
		"storage/parquet", "storage/csv", "storage/dataset", "storage/memory",
	}},
	{5, []string{"catalog", "catalog/stats"}},
	{6, []string{
		"operators/function", "operators/function/cast", "operators/eval",
		"operators/function/scalar", "operators/function/aggregate",
		"operators/function/window", "operators/function/table",
	}},
	{7, []string{
		"operators",
		"operators/scan", "operators/filter", "operators/join", "operators/agg", "operators/order",
		"operators/window", "operators/setop", "operators/write", "operators/pipeline",
	}},
	{8, []string{
		"planner/logical", "planner/bind", "planner/rule", "planner/optimizer", "planner/cardinality",
		"planner/joinorder", "planner/physical", "planner/explain",
	}},
	{9, []string{"driver", "driver/engine", "driver/mysql", "driver/serve/..."}},
	{10, []string{"cmd/gqlsh"}},
	{11, []string{"tests/..."}},
}

// families are the operator packages that never import each other. The
// contracts they share are package operators.
var families = []string{
	"operators/scan", "operators/filter", "operators/join", "operators/agg", "operators/order",
	"operators/window", "operators/setop", "operators/write", "operators/pipeline",
}

// leaves import the standard library only, and what lies below the paths named.
var leaves = map[string][]string{
	"sql/sqlerr":        nil,
	"vector/invariants": nil,
	"vector/raw":        {"golang.org/x/sys/"}, // processor features, mmap
}
