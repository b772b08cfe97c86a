package parquet

import (
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/vector"
)

func TestSpreadCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 63, 64, 65, 200, 2048} {
		for _, share := range []int{0, 1, 5, 50, 99, 100} {
			for _, at := range []int{0, 7, 64} {
				valid := make(vector.Bitmap, (at+n+63)/64)
				m := 0
				for i := range n {
					if r.IntN(100) < share {
						valid.Set(at + i)
						m++
					}
				}
				data, codes := make([]uint64, n), make([]uint32, n)
				for i := range m {
					data[i], codes[i] = uint64(i+1), uint32(i+1)
				}
				for i := m; i < n; i++ {
					data[i], codes[i] = 1<<40, 1<<30
				}
				spread(data, valid, at, m)
				if at == 0 {
					spreadCodes(codes, valid, m, 1<<31)
				}
				k := 0
				for i := range n {
					is := valid.Get(at + i)
					if is {
						k++
					}
					if is && data[i] != uint64(k) {
						t.Fatalf("n %d, %d %%, at %d: position %d has %d, want %d", n, share, at, i, data[i], k)
					}
					if at == 0 && (is && codes[i] != uint32(k) || !is && codes[i] != 1<<31) {
						t.Fatalf("n %d, %d %%: position %d has code %d, want %d", n, share, i, codes[i], k)
					}
				}
			}
		}
	}
}
