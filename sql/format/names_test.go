package format

import (
	"testing"

	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/vector/types"
)

// TestNamesOfFields: types, which are printed below the parser, quote exactly
// the keywords that are not unreserved.
func TestNamesOfFields(t *testing.T) {
	for _, k := range lexer.Keywords() {
		quoted := types.QuoteName(k) != k
		if want := lexer.Lookup(k).Category() != lexer.Unreserved; quoted != want {
			t.Errorf("%s: quoted %v, want %v", k, quoted, want)
		}
	}
	for name, want := range map[string]string{"a": "a", "Ab_1": "Ab_1", "": `""`, "1a": `"1a"`, "a b": `"a b"`, `a"b`: `"a""b"`, "Group": `"Group"`, "Ü": `"Ü"`} {
		if got := types.QuoteName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
