package aggregate

import (
	"testing"

	"github.com/gannetdb/gannet/vector/types"
)

// What puts partial results together can be taken to pieces again where it has one
// argument, and is refused where it has several.
func TestPartialsOfPartials(t *testing.T) {
	for _, name := range []string{"count", "sum", "min", "max", "avg"} {
		fn := bind(name, types.Of(types.Integer))
		first, whole, ok := Partials(fn)
		if !ok || len(first) != len(whole.Params) {
			t.Fatalf("%s is not taken to pieces", name)
		}
		for i, f := range first {
			if !f.Return.Equal(whole.Params[i]) {
				t.Errorf("%s: part %d gives %s, wanted is %s", name, i, f.Return, whole.Params[i])
			}
		}
		again, over, ok := Partials(whole)
		if ok != (len(whole.Params) == 1) {
			t.Errorf("%s: the whole of %d arguments is taken to pieces: %v", name, len(whole.Params), ok)
		}
		if ok && (len(again) != 1 || !again[0].Return.Equal(over.Params[0]) || !over.Return.Equal(fn.Return)) {
			t.Errorf("%s: the pieces of the whole do not fit", name)
		}
	}
}
