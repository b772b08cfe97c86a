package parquet

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/vector"
)

// packBits packs values of the given width from the low bit on.
func packBits(values []uint32, width int) []byte {
	out := make([]byte, (len(values)*width+7)/8)
	for i, v := range values {
		for b := range width {
			out[(i*width+b)>>3] |= byte(v>>b&1) << ((i*width + b) & 7)
		}
	}
	return out
}

// encodeHybrid writes values in runs of random kinds and lengths.
func encodeHybrid(r *rand.Rand, values []uint32, width int) (out []byte) {
	for len(values) > 0 {
		same := 1
		for same < len(values) && values[same] == values[0] {
			same++
		}
		if same >= 8 && r.IntN(4) > 0 {
			out = binary.AppendUvarint(out, uint64(same)<<1)
			for i := range (width + 7) / 8 {
				out = append(out, byte(values[0]>>(8*i)))
			}
			values = values[same:]
			continue
		}
		groups := 1 + r.IntN(40)
		n := min(groups*8, len(values))
		if n < groups*8 && n%8 != 0 || n/8 < groups {
			groups = (n + 7) / 8
		}
		run := append(slices.Clone(values[:n]), make([]uint32, groups*8-n)...)
		if n < groups*8 && n < len(values) {
			panic("a packed run in the middle must be whole")
		}
		out = binary.AppendUvarint(out, uint64(groups)<<1|1)
		out = append(out, packBits(run, width)...)
		values = values[n:]
	}
	return out
}

func randomValues(r *rand.Rand, n, width int) []uint32 {
	out := make([]uint32, 0, n+300)
	for len(out) < n {
		v := uint32(r.Uint64() & (1<<width - 1))
		k := 1
		if r.IntN(6) == 0 {
			k = 1 + r.IntN(300)
		}
		for range k {
			out = append(out, v)
		}
	}
	return out[:n]
}

func TestUnpackAllWidths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for width := 0; width <= 32; width++ {
		values := make([]uint32, 96)
		for i := range values {
			values[i] = uint32(r.Uint64() & (1<<width - 1))
		}
		got := make([]uint32, 100)
		if n := unpackers[width](packBits(values, width), got); n != 3 {
			t.Errorf("width %d: %d groups, want 3", width, n)
		}
		if !slices.Equal(got[:96], values) {
			t.Errorf("width %d: %v, want %v", width, got[:96], values)
		}
	}
}

func TestHybridReadAndSkip(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for width := 0; width <= 32; width++ {
		for range 20 {
			values := randomValues(r, 1+r.IntN(3000), width)
			b := encodeHybrid(r, values, width)
			var h hybrid
			h.reset(b, uint(width))
			got := make([]uint32, 700)
			for at := 0; at < len(values); {
				k := min(1+r.IntN(700), len(values)-at)
				if r.IntN(3) == 0 {
					if err := h.skip(k); err != nil {
						t.Fatalf("width %d: %v", width, err)
					}
				} else {
					if err := h.read(got[:k]); err != nil {
						t.Fatalf("width %d: %v", width, err)
					}
					if !slices.Equal(got[:k], values[at:at+k]) {
						t.Fatalf("width %d: values from %d on differ", width, at)
					}
				}
				at += k
			}
		}
	}
}

func TestHybridBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 200 {
		values := randomValues(r, 1+r.IntN(3000), 1)
		b := encodeHybrid(r, values, 1)
		var h hybrid
		h.reset(b, 1)
		for at := 0; at < len(values); {
			k := min(1+r.IntN(700), len(values)-at)
			want := 0
			for _, v := range values[at : at+k] {
				want += int(v)
			}
			switch r.IntN(3) {
			case 0:
				got, err := h.skipBits(k)
				if err != nil || got != want {
					t.Fatalf("skip: %d set, want %d (%v)", got, want, err)
				}
			case 1:
				if h.allSet(k) {
					if want != k {
						t.Fatalf("allSet, but %d of %d are", want, k)
					}
					break
				}
				fallthrough
			default:
				off := r.IntN(200)
				m := make(vector.Bitmap, 20)
				for i := range m {
					m[i] = r.Uint64()
				}
				before := slices.Clone(m)
				got, err := h.readBits(m, off, k)
				if err != nil || got != want {
					t.Fatalf("read: %d set, want %d (%v)", got, want, err)
				}
				for i := range len(m) * 64 {
					if i < off || i >= off+k {
						if m.Get(i) != before.Get(i) {
							t.Fatalf("bit %d outside of [%d, %d) changed", i, off, off+k)
						}
					} else if m.Get(i) != (values[at+i-off] == 1) {
						t.Fatalf("bit %d is wrong", i)
					}
				}
			}
			at += k
		}
	}
}

// TestHybridBad: no bytes make it panic or loop.
func TestHybridBad(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	out := make([]uint32, 100)
	m := make(vector.Bitmap, 2)
	for range 20000 {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = byte(r.Uint32()) >> r.IntN(8)
		}
		width := uint(r.IntN(33))
		var h hybrid
		h.reset(b, width)
		for range 10 {
			var err error
			if r.IntN(2) == 0 {
				err = h.read(out[:r.IntN(100)])
			} else {
				err = h.skip(r.IntN(1000))
			}
			if err != nil {
				break
			}
		}
		h.reset(b, 1)
		for range 10 {
			h.allSet(r.IntN(50))
			if _, err := h.readBits(m, r.IntN(28), r.IntN(100)); err != nil {
				break
			}
		}
	}
}

func TestRepackLevels(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for width := 1; width <= 7; width++ {
		n := 100
		values := make([]uint32, n)
		src := make([]byte, (n*width+7)/8)
		for i := range values {
			values[i] = uint32(r.IntN(1 << width))
			for b := range width { // from the high bit
				at := i*width + b
				src[at>>3] |= byte(values[i]>>(width-1-b)&1) << (7 - at&7)
			}
		}
		dst := make([]byte, len(src))
		repackLevels(dst, src, width, n)
		if !slices.Equal(dst, packBits(values, width)) {
			t.Errorf("width %d differs", width)
		}
	}
}

func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for range 500 {
		n := r.IntN(200)
		valid := make(vector.Bitmap, 5)
		at := r.IntN(100)
		data := make([]uint32, n)
		want := make([]uint32, n)
		m := 0
		p := r.IntN(4)
		for i := range n {
			if r.IntN(4) < p {
				valid.Set(at + i)
				want[i] = uint32(m + 1)
				data[m] = uint32(m + 1)
				m++
			}
		}
		spread(data, valid, at, m)
		for i := range n {
			if valid.Get(at+i) && data[i] != want[i] {
				t.Fatalf("position %d is %d, want %d", i, data[i], want[i])
			}
		}
	}
}

func FuzzFooter(f *testing.F) {
	f.Add([]byte{0x15, 2, 0x19, 0x2c, 0x48, 1, 's', 0x15, 2, 0, 0x15, 2, 0x25, 0, 0x18, 1, 'a', 0, 0x16, 0, 0x19, 0x0c, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parseFileMeta(b); err == nil {
			if s, err := buildSchema(m); err == nil && len(s.public) != len(s.columns) {
				t.Error("columns differ")
			}
		}
		var h pageHeader
		if n, err := parsePageHeader(b, &h); err == nil && n > len(b) {
			t.Error("header longer than its bytes")
		}
	})
}

func TestAllBelow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for range 2000 {
		codes := make([]uint32, r.IntN(40))
		limit := 1 + r.IntN(20)
		if r.IntN(3) == 0 {
			limit = 1<<31 - 1 - r.IntN(3)
		}
		want := true
		for i := range codes {
			codes[i] = uint32(r.IntN(limit))
			if r.IntN(100) == 0 {
				codes[i] = []uint32{uint32(limit), uint32(limit) + 1, 1 << 31, 1<<32 - 1}[r.IntN(4)]
			}
			want = want && codes[i] < uint32(limit)
		}
		if got := allBelow(codes, limit); got != want {
			t.Fatalf("%v below %d: %v", codes, limit, got)
		}
	}
}
