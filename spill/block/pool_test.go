package block

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/invariants"
	"github.com/gannetdb/gannet/vector/raw"
)

// checkPool asserts that the pool's counters agree with its masks.
func checkPool(t *testing.T, p *Pool) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[*region]bool{}
	hot, idle, empty, untouched := 0, 0, 0, 0
	for which, set := range []*regionSet{&p.hot, &p.cold} {
		for i, r := range set.regions {
			if r.pos[which] != i {
				t.Fatalf("set %d: region %d thinks it is at %d", which, i, r.pos[which])
			}
			if [2]uint64{r.hotMask, r.coldMask}[which] == 0 {
				t.Fatalf("set %d: region %d has nothing to give", which, i)
			}
			if r.hotMask&r.coldMask != 0 {
				t.Fatal("a block is hot and cold")
			}
			if seen[r] {
				continue
			}
			seen[r] = true
			hot += onesCount(r.hotMask)
			idle += onesCount(r.hotMask | r.coldMask)
			if r.idle() {
				empty++
				if r.hotMask == 0 {
					untouched++
				}
			}
		}
	}
	if hot != p.numHot || empty != p.empty {
		t.Fatalf("hot %d, counted %d; empty %d, counted %d", p.numHot, hot, p.empty, empty)
	}
	if got := p.regions*blocksPerRegion - p.inUse; got != idle {
		t.Fatalf("%d idle blocks by the counters, %d by the masks", got, idle)
	}
	if hot > (minIdle / Size) {
		t.Fatalf("%d resident idle blocks", hot)
	}
	if untouched > 1 {
		t.Fatalf("%d regions without a block in use or resident", untouched)
	}
}

func TestGetAndRelease(t *testing.T) {
	p := NewPool()
	bud := budget.New(10 * Size)
	res := bud.Reserve("test")
	if p.Stats() != (Stats{}) {
		t.Fatal("a new pool maps something")
	}
	var blocks []*Block
	for i := range 10 {
		b, ok := p.Get(res)
		if !ok {
			t.Fatal("refused")
		}
		if len(b.Bytes) != Size || cap(b.Bytes) != Size || b.Charged() != Size {
			t.Fatalf("length %d capacity %d", len(b.Bytes), cap(b.Bytes))
		}
		if raw.Of(b.Bytes)%4096 != 0 {
			t.Fatal("not aligned")
		}
		for j := range b.Bytes {
			b.Bytes[j] = byte(i)
		}
		blocks = append(blocks, b)
	}
	if _, ok := p.Get(res); ok {
		t.Fatal("granted above the limit")
	}
	if _, err := p.MustGet(res, nil); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Fatal(err)
	}
	if s := p.Stats(); s.InUse != 10*Size || s.Mapped != regionSize || s.Idle != regionSize-10*Size || bud.Used() != s.InUse {
		t.Fatalf("%+v", s)
	}
	for i, b := range blocks {
		for _, x := range b.Bytes {
			if x != byte(i) {
				t.Fatal("blocks overlap")
			}
		}
	}
	checkPool(t, p)
	blocks[0].Retain()
	blocks[0].Release()
	if blocks[0].Bytes == nil || bud.Used() != 10*Size {
		t.Fatal("released although retained")
	}
	for i, b := range blocks {
		b.Release()
		if b.Bytes != nil {
			t.Fatal("Bytes survives the last Release")
		}
		if bud.Used() != int64(9-i)*Size {
			t.Fatalf("used %d", bud.Used())
		}
	}
	checkPool(t, p)
	if b, err := p.MustGet(res, nil); err != nil {
		t.Fatal(err)
	} else {
		b.Release()
	}
	p.Close()
	if p.Stats() != (Stats{}) {
		t.Fatalf("%+v after Close", p.Stats())
	}
}

func TestReleasingTwice(t *testing.T) {
	p := NewPool()
	defer p.Close()
	res := budget.New(-1).Reserve("test")
	b, _ := p.Get(res)
	b.Release()
	other, _ := p.Get(res)
	defer func() {
		if r := recover(); (r != nil) != invariants.Enabled {
			t.Fatalf("recovered %v with invariants = %v", r, invariants.Enabled)
		}
		if other.Bytes == nil || res.Held() != Size || p.Stats().InUse != Size {
			t.Fatal("the second Release hit somebody else's block")
		}
	}()
	b.Release()
}

func TestDeadBytes(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("needs the build tag invariants")
	}
	p := NewPool()
	defer p.Close()
	b, _ := p.Get(budget.New(-1).Reserve("test"))
	old := b.Bytes
	if old[0] != deadByte || old[Size-1] != deadByte {
		t.Fatal("fresh block not filled")
	}
	clear(old)
	b.Release()
	if old[0] != deadByte || old[Size-1] != deadByte {
		t.Fatal("freed block not filled")
	}
}

func TestSizedBlocks(t *testing.T) {
	p := NewPool()
	bud := budget.New(8 << 20)
	res := bud.Reserve("directory")
	for _, n := range []int64{1, 4096, Size + 1, 1<<20 + 3} {
		b, ok := p.GetSized(res, n)
		if !ok {
			t.Fatal("refused")
		}
		if int64(len(b.Bytes)) != n || b.Charged()%pageSize != 0 || b.Charged() < n || int64(cap(b.Bytes)) != b.Charged() {
			t.Fatalf("asked for %d: length %d, capacity %d, charged %d", n, len(b.Bytes), cap(b.Bytes), b.Charged())
		}
		if raw.Of(b.Bytes)%4096 != 0 {
			t.Fatal("not aligned")
		}
		for i := range b.Bytes {
			if b.Bytes[i] != 0 {
				t.Fatal("not zeroed")
			}
			b.Bytes[i] = 1
		}
		if s := p.Stats(); s.InUse != b.Charged() || s.Mapped != s.InUse+s.Resident || bud.Used() != s.InUse {
			t.Fatalf("%+v", s)
		}
		b.Release()
		if s := p.Stats(); bud.Used() != 0 || s.InUse != 0 || s.Mapped != s.Resident {
			t.Fatalf("not given back: %+v", s)
		}
		// The mapping is kept, and the next block of about its size is zero.
		if b, ok = p.GetSized(res, n); !ok || b.Charged() < n || bytes.ContainsFunc(b.Bytes, func(r rune) bool { return r != 0 }) {
			t.Fatal("a block that was used before is not zeroed")
		}
		b.Release()
	}
	for _, n := range []int64{-1, 0, MaxSized + 1, 1 << 62, 16 << 20} {
		if _, ok := p.GetSized(res, n); ok {
			t.Fatalf("granted %d bytes", n)
		}
		if _, err := p.MustGetSized(res, n, nil); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	if bud.Used() != 0 {
		t.Fatal("refused requests stay charged")
	}
	b, err := p.MustGetSized(res, 8<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
}

// TestSystemRefuses asks for more address space than there is.
func TestSystemRefuses(t *testing.T) {
	if !raw.Mapped || strconv.IntSize < 64 {
		t.Skip("needs mmap")
	}
	p := NewPool()
	res := budget.New(-1).Reserve("huge")
	if _, ok := p.GetSized(res, MaxSized); ok {
		t.Skip("the system gives 128 TiB")
	}
	if _, err := p.MustGetSized(res, MaxSized, nil); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Fatal(err)
	}
	if res.Held() != 0 || p.Stats() != (Stats{}) {
		t.Fatal("refused requests stay charged")
	}
}

func TestRegionsAreUnmapped(t *testing.T) {
	p := NewPool()
	res := budget.New(-1).Reserve("test")
	var blocks []*Block
	for range 4*blocksPerRegion + 1 {
		b, _ := p.Get(res)
		blocks = append(blocks, b)
	}
	if s := p.Stats(); s.Mapped != 5*regionSize {
		t.Fatalf("%+v", s)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	for _, b := range blocks {
		b.Release()
		checkPool(t, p)
	}
	if s := p.Stats(); s.Mapped < regionSize || s.InUse != 0 || s.Resident > minIdle {
		t.Fatalf("%+v", s)
	}
	p.Close()
}

func TestCloseKeepsBlocksInUse(t *testing.T) {
	p := NewPool()
	res := budget.New(-1).Reserve("test")
	a, _ := p.Get(res)
	b, _ := p.Get(res)
	s, _ := p.GetSized(res, 2*Size)
	p.Close()
	p.Close()
	for _, x := range []*Block{a, b, s} {
		x.Bytes[0], x.Bytes[Size-1] = 1, 2
	}
	if _, ok := p.Get(res); ok {
		t.Fatal("Get after Close")
	}
	if _, ok := p.GetSized(res, 2*Size); ok {
		t.Fatal("GetSized after Close")
	}
	if _, err := p.MustGet(res, nil); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	if _, err := p.MustGetSized(res, Size, nil); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	a.Release()
	if p.Stats().Mapped != regionSize+2*Size {
		t.Fatalf("%+v", p.Stats())
	}
	b.Release()
	s.Release()
	if p.Stats() != (Stats{}) || res.Held() != 0 {
		t.Fatalf("%+v", p.Stats())
	}
}

func TestRecharge(t *testing.T) {
	p := NewPool()
	defer p.Close()
	bud := budget.New(Size)
	op, result := bud.ReserveSpilling("op", 0), bud.Reserve("result")
	b, err := p.MustGet(op, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !b.Recharge(result) || op.Held() != 0 || result.Held() != Size {
		t.Fatal("not recharged")
	}
	op.Close()
	if b.Recharge(op) || bud.Used() != Size {
		t.Fatal("recharged to a closed reservation")
	}
	b.Release()
	if bud.Used() != 0 {
		t.Fatal("charge lost")
	}
}

// TestConcurrent passes blocks between goroutines and checks that nobody else
// writes into them.
func TestConcurrent(t *testing.T) {
	p := NewPool()
	bud := budget.New(300 * Size)
	var wg sync.WaitGroup
	pass := make(chan *Block, 16)
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewPCG(uint64(g), 9))
			res := bud.Reserve("worker")
			var mine []*Block
			for range 3000 {
				switch rng.IntN(5) {
				case 0, 1:
					var b *Block
					var ok bool
					if rng.IntN(20) == 0 {
						b, ok = p.GetSized(res, rng.Int64N(4*Size)+9)
					} else {
						b, ok = p.Get(res)
					}
					if ok {
						b.Bytes[0], b.Bytes[8] = byte(g), byte(g)
						mine = append(mine, b)
					}
				case 2:
					if len(mine) > 0 {
						b := mine[len(mine)-1]
						b.Retain()
						select {
						case pass <- b:
						default:
							b.Release()
						}
					}
				case 3:
					select {
					case b := <-pass:
						if b.Bytes[0] != b.Bytes[8] {
							t.Error("torn block")
						}
						b.Release()
					default:
					}
				default:
					if n := len(mine); n > 0 {
						i := rng.IntN(n)
						b := mine[i]
						if b.Bytes[0] != byte(g) || b.Bytes[8] != byte(g) {
							t.Error("somebody else wrote into the block")
						}
						mine[i] = mine[n-1]
						mine = mine[:n-1]
						b.Release()
					}
				}
			}
			for _, b := range mine {
				b.Release()
			}
		}()
	}
	wg.Wait()
	close(pass)
	for b := range pass {
		b.Release()
	}
	checkPool(t, p)
	if s := p.Stats(); s.InUse != 0 || bud.Used() != 0 {
		t.Fatalf("%+v, used %d", s, bud.Used())
	}
	p.Close()
	if p.Stats() != (Stats{}) {
		t.Fatalf("%+v", p.Stats())
	}
}

// residentBytes reads the resident set size of the process.
func residentBytes(t *testing.T) int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestResidentSizeFollows checks the promise behind the pool: memory that was
// given back leaves the process.
func TestResidentSizeFollows(t *testing.T) {
	if !raw.Mapped {
		t.Skip("needs mmap")
	}
	const n = manyBlocks + 256 // some regions have huge pages
	runtime.GC()
	before := residentBytes(t)
	p := NewPool()
	res := budget.New(-1).Reserve("test")
	var blocks []*Block
	for range n {
		b, ok := p.Get(res)
		if !ok {
			t.Fatal("refused")
		}
		for j := 0; j < Size; j += 4096 {
			b.Bytes[j] = 1
		}
		blocks = append(blocks, b)
	}
	if grown := residentBytes(t) - before; grown < n*Size*9/10 {
		t.Fatalf("resident size grew by %d only", grown)
	}
	// One block of each region stays in use, so that nothing can be unmapped.
	for i, b := range blocks {
		if i%blocksPerRegion != 0 {
			b.Release()
		}
	}
	if grown := residentBytes(t) - before; grown > (minIdle/Size)*Size+(16<<20) {
		t.Fatalf("%d bytes still resident", grown)
	}
	for i := 0; i < n; i += blocksPerRegion {
		blocks[i].Release()
	}
	p.Close()
	if grown := residentBytes(t) - before; grown > 12<<20 {
		t.Fatalf("%d bytes still resident after Close", grown)
	}
}

// TestHugePages: regions have huge pages once many blocks are in use, and none
// any more when blocks of them are discarded.
func TestHugePages(t *testing.T) {
	p := NewPool()
	defer p.Close()
	res := budget.New(-1).Reserve("test")
	var blocks []*Block
	for range manyBlocks + 2*blocksPerRegion {
		b, ok := p.Get(res)
		if !ok {
			t.Fatal("refused")
		}
		if want := len(blocks) >= manyBlocks; b.region.huge != want {
			t.Fatalf("block %d: huge is %t", len(blocks), b.region.huge)
		}
		blocks = append(blocks, b)
	}
	last := blocks[len(blocks)-1].region
	if raw.Mapped {
		before := residentBytes(t)
		blocks[len(blocks)-1].Bytes[0] = 1
		if grown := residentBytes(t) - before; grown > 6<<20 {
			t.Errorf("a block of %d bytes made %d resident", Size, grown)
		}
	}
	for _, b := range blocks[:len(blocks)-1] {
		b.Release() // the first ones stay, resident and idle
	}
	if last.huge {
		t.Error("huge after a part was discarded")
	}
	checkPool(t, p)
	blocks[len(blocks)-1].Release()
}

func BenchmarkGetRelease(b *testing.B) {
	p := NewPool()
	defer p.Close()
	res := budget.New(-1).Reserve("bench")
	keep, _ := p.Get(res)
	defer keep.Release()
	b.ReportAllocs()
	for b.Loop() {
		blk, _ := p.Get(res)
		blk.Release()
	}
}

// TestIdleLimit keeps as much idle memory as it was told to and no more.
func TestIdleLimit(t *testing.T) {
	p := NewPool()
	p.SetIdle(40 << 20)
	res := budget.New(-1).Reserve("test")
	var blocks []*Block
	for range 300 {
		b, ok := p.Get(res)
		if !ok {
			t.Fatal("refused")
		}
		blocks = append(blocks, b)
	}
	for range 8 {
		b, ok := p.GetSized(res, 10<<20)
		if !ok {
			t.Fatal("refused")
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		b.Release()
	}
	if s := p.Stats(); s.InUse != 0 || s.Resident > 2*(40<<20) || raw.Mapped && !invariants.Enabled && s.Resident < 60<<20 {
		t.Fatalf("%+v", s)
	}
	p.Close()
	if s := p.Stats(); s.Mapped != 0 {
		t.Fatalf("%+v", s)
	}
}
