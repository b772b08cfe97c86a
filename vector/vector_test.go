package vector

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/vector/types"
)

func TestStringsKeepTheirPlaceWhileTheHeapGrows(t *testing.T) {
	v := New(types.Of(types.Varchar))
	for range 3 {
		v.Resize(Capacity)
		want := make([]string, Capacity)
		shared := [][]byte{[]byte("a shared buffer of some length")}
		base := -1
		for i := range want {
			want[i] = strings.Repeat(fmt.Sprint("value ", i, " "), i%97)
			switch {
			case i == 700:
				base = v.ShareBufs(shared)
			case i > 700 && i%5 == 0:
				want[i] = string(shared[0])
				Values[types.StringRef](v)[i] = types.LongRef(shared[0], base, 0)
				continue
			}
			if i%2 == 0 && len(want[i]) > types.MaxInline {
				b := v.Alloc(len(want[i]) + 5)
				v.PutAllocated(i, b[:copy(b, want[i])])
				continue
			}
			v.PutString(i, []byte(want[i]))
		}
		for i := range want {
			if got := v.Value(i).S; got != want[i] {
				t.Fatalf("%d: %q, want %q", i, got, want[i])
			}
		}
	}
}

func TestResizeLeavesSharedChildrenAlone(t *testing.T) {
	list := types.ListOf(types.Of(types.Integer))
	one := types.Value{Type: list, Children: []types.Value{types.IntValue(types.Of(types.Integer), 7)}}
	src, dst := New(list), New(list)
	src.Resize(1)
	src.SetValue(0, one)
	dst.Reference(src)
	dst.Resize(1)
	if got := src.Value(0); len(got.Children) != 1 || got.Children[0].I != 7 {
		t.Errorf("the referenced vector now holds %+v", got)
	}
	if dst.Children[0] == src.Children[0] {
		t.Error("the child is still shared")
	}
}

func TestFlattenConstantOfOwnBuffers(t *testing.T) {
	for _, s := range []string{"short", "longer than twelve bytes"} {
		v := New(types.Of(types.Varchar))
		v.SetConstant(types.StringValue(s), 2)
		v.Flatten()
		if v.Value(0).S != s || v.Value(1).S != s {
			t.Errorf("%q became %q and %q", s, v.Value(0).S, v.Value(1).S)
		}
	}
}

func TestGrowKeepsValidity(t *testing.T) {
	v := New(types.Of(types.Integer))
	v.Resize(1)
	v.SetNull(0)
	v.Resize(200)
	v.SetNull(100)
	v.SetNull(199)
	v.Grow(3000)
	for i := range v.Len {
		if want := i == 100 || i == 199; v.IsNull(i) != want {
			t.Fatalf("position %d: null %v", i, !want)
		}
	}
}
