package dataset

import (
	"net/url"
	"strings"

	"github.com/gannetdb/gannet/vector/types"
)

// hiveNull is how Hive writes a NULL key as a directory's name.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// pair is one key=value of a path.
type pair struct{ key, value string }

// pairsOf returns the key=value directories of a path, outermost first.
func pairsOf(path string) []pair {
	var out []pair
	dirs := strings.Split(slashes(path), "/")
	for _, d := range dirs[:len(dirs)-1] {
		k, v, ok := strings.Cut(d, "=")
		if !ok || k == "" {
			continue
		}
		if u, err := url.PathUnescape(v); err == nil {
			v = u
		}
		if u, err := url.PathUnescape(k); err == nil {
			k = u
		}
		out = append(out, pair{k, v})
	}
	return out
}

// partitions are the columns that directories give.
type partitions struct {
	keys   []string
	types  []types.Type
	values [][]types.Value // a key each, a file each
}

// detectPartitions finds the keys that all files have in the same order; nil
// when they differ or there are none. cast says whether values that look like
// dates or integers, all of them, become such.
func detectPartitions(files []fileRef, cast bool) *partitions {
	first := pairsOf(files[0].path)
	if len(first) == 0 {
		return nil
	}
	p := &partitions{}
	for _, kv := range first {
		p.keys = append(p.keys, kv.key)
	}
	text := make([][]string, len(p.keys))
	for _, f := range files {
		pairs := pairsOf(f.path)
		if len(pairs) != len(p.keys) {
			return nil
		}
		for i, kv := range pairs {
			if !strings.EqualFold(kv.key, p.keys[i]) {
				return nil
			}
			text[i] = append(text[i], kv.value)
		}
	}
	for _, values := range text {
		t, vs := typedValues(values, cast)
		p.types = append(p.types, t)
		p.values = append(p.values, vs)
	}
	return p
}

// typedValues gives partition values the first of DATE and BIGINT that all of
// them can be, else VARCHAR.
func typedValues(text []string, cast bool) (types.Type, []types.Value) {
	parsers := []struct {
		t     types.Type
		parse func(s string) (int64, bool)
	}{
		{types.Of(types.Date), func(s string) (int64, bool) {
			d, st := types.ParseDateStrict([]byte(s))
			return int64(d), st == types.ParseOK && types.DateFinite(d)
		}},
		{types.Of(types.BigInt), func(s string) (int64, bool) { return types.ParseInt64([]byte(s)) }},
	}
	if !cast {
		parsers = nil
	}
parser:
	for _, p := range parsers {
		out := make([]types.Value, len(text))
		some := false
		for i, s := range text {
			if s == hiveNull {
				out[i] = types.NullOf(p.t)
				continue
			}
			x, ok := p.parse(s)
			if !ok {
				continue parser
			}
			some = true
			out[i] = types.IntValue(p.t, x)
		}
		if some {
			return p.t, out
		}
	}
	t := types.Of(types.Varchar)
	out := make([]types.Value, len(text))
	for i, s := range text {
		if out[i] = types.StringValue(s); s == hiveNull {
			out[i] = types.NullOf(t)
		}
	}
	return t, out
}
