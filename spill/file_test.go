package spill

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/invariants"
)

var ctx = context.Background()

// payload makes n bytes; compressible ones look like a column of small
// integers.
func payload(seed uint64, n int, compressible bool) []byte {
	rng := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, n, n+8)
	for i := 0; i < n; i += 8 {
		v := rng.Uint64()
		if compressible {
			v &= 0xff
		}
		binary.LittleEndian.PutUint64(b[i:i+8:i+8], v)
	}
	return b[:n]
}

// realManager works in a directory of the test's own.
func realManager(t testing.TB, opts Options) *Manager {
	opts.Dir = t.TempDir()
	m := NewManager(opts)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(opts.Dir); len(left) != 0 {
			t.Errorf("left in the directory: %v", left)
		}
	})
	return m
}

func create(t testing.TB, m *Manager) *File {
	t.Helper()
	f, err := m.Create("test runs")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t testing.TB, f *File, b []byte) Extent {
	t.Helper()
	e, err := f.Write(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func check(t testing.TB, f *File, e Extent, want []byte) {
	t.Helper()
	got, err := f.Read(ctx, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("block %d: read %d bytes that differ from the %d written", e.Seq, len(got), len(want))
	}
}

func TestWriteAndRead(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"real": nil, "mem": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			m := realManager(t, Options{FS: fsys, Compression: CompressAlways})
			f := create(t, m)
			lengths := []int{0, 1, 8, 4047, 4048, 4049, 8192, 256 << 10, MaxCompressed, MaxCompressed + 1}
			if fsys == nil {
				lengths = append(lengths, 2*ioPiece+77)
			}
			var extents []Extent
			var payloads [][]byte
			for i, n := range lengths {
				for _, compressible := range []bool{false, true} {
					p := payload(uint64(i), n, compressible)
					before := bytes.Clone(p)
					e := write(t, f, p)
					if !bytes.Equal(p, before) {
						t.Fatal("Write changed the payload")
					}
					if int(e.Length) != n || e.IsZero() || e.Offset%pageSize != 0 {
						t.Fatalf("extent %+v", e)
					}
					extents, payloads = append(extents, e), append(payloads, p)
				}
			}
			for i := len(extents) - 1; i >= 0; i-- {
				check(t, f, extents[i], payloads[i])
			}
			dst := make([]byte, 3, 1<<20)
			got, err := f.Read(ctx, extents[10], dst)
			if err != nil || &got[0] != &dst[0] || !bytes.Equal(got, payloads[10]) {
				t.Fatal("dst not used", err)
			}
			s, ms := f.Stats(), m.Stats()
			if s.BlocksWritten != int64(len(extents)) || s.BlocksRead != int64(len(extents)+1) || s.BytesStored > s.BytesWritten || s.DiskBytes == 0 {
				t.Fatalf("%+v", s)
			}
			if ms.BytesWritten != s.BytesWritten || ms.DiskBytes != s.DiskBytes || ms.OpenFiles != 1 || ms.PeakDiskBytes != s.DiskBytes {
				t.Fatalf("%+v", ms)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			m.reaper.wait()
			if ms := m.Stats(); ms.DiskBytes != 0 || ms.OpenFiles != 0 || ms.CreatedFiles != 1 {
				t.Fatalf("%+v", ms)
			}
		})
	}
}

func TestCompressionAdapts(t *testing.T) {
	bud := budget.New(64 << 20)
	res := bud.Reserve("spill scratch")
	m := realManager(t, Options{Scratch: res, Compression: CompressAlways})
	good, bad := create(t, m), create(t, m)
	var es []Extent
	for i := range uint64(100) {
		if e := write(t, good, payload(i, 256<<10, true)); e.Encoding != encodingS2 || e.Stored > e.Length*3/4 {
			t.Fatalf("payload %d: %+v", i, e)
		} else {
			es = append(es, e)
		}
		if e := write(t, bad, payload(i, 256<<10, false)); e.Encoding != encodingStored || e.Stored != e.Length {
			t.Fatalf("payload %d: %+v", i, e)
		}
	}
	if bad.chooser.backoff.Load() != maxBackoff {
		t.Fatalf("backoff %d", bad.chooser.backoff.Load())
	}
	// A file that turns compressible is noticed within the backoff.
	n := 0
	for i := range uint64(200) {
		if e := write(t, bad, payload(i, 64<<10, true)); e.Encoding == encodingS2 {
			n++
		}
	}
	if n < 200-maxBackoff {
		t.Fatalf("%d of 200 compressed", n)
	}
	for i, e := range es {
		check(t, good, e, payload(uint64(i), 256<<10, true))
	}
	if bud.Used() == 0 || bud.Used()%int64(scratchSize) != 0 {
		t.Fatalf("scratch charged %d", bud.Used())
	}
	good.Close()
	if bud.Used() == 0 {
		t.Fatal("scratch given back while a file is open")
	}
	bad.Close()
	if bud.Used() != 0 {
		t.Fatalf("scratch of %d bytes left", bud.Used())
	}
}

func TestCompressionHeedsTheDisk(t *testing.T) {
	fast, slow := func(m *Manager) { m.pace.write.bits.Store(math.Float64bits(1e-9)) },
		func(m *Manager) { m.pace.write.bits.Store(math.Float64bits(1e6)) }
	p := payload(1, 256<<10, true)
	compressed := func(m *Manager, set func(*Manager), n int) (count int) {
		f := create(t, m)
		for range n {
			if set != nil {
				set(m)
			}
			if e := write(t, f, p); e.Encoding == encodingS2 {
				count++
			}
		}
		return count
	}
	m := realManager(t, Options{})
	f := create(t, m)
	if e := write(t, f, p); e.Encoding != encodingStored {
		t.Fatal("compressed before the disk's speed is known")
	}
	if w := m.pace.write.get(); w <= 0 {
		t.Fatalf("write takes %v ns a byte", w)
	}
	if n := compressed(m, fast, 100); n != 0 {
		t.Fatalf("%d of 100 compressed for a fast disk", n)
	}
	if n := compressed(m, slow, 100); n != 100 {
		t.Fatalf("%d of 100 compressed for a slow disk", n)
	}
	if e := m.pace.encode.get(); e <= 0 {
		t.Fatalf("encoding takes %v ns a byte", e)
	}
	m = realManager(t, Options{Compression: CompressNever})
	if n := compressed(m, slow, 10); n != 0 {
		t.Fatalf("%d of 10 compressed against the option", n)
	}
	// A fast disk that is half full.
	m = realManager(t, Options{MaxBytes: 4 << 20})
	if n := compressed(m, fast, 20); n == 0 || n > 12 {
		t.Fatalf("%d of 20 compressed with a quota of 16 stored", n)
	}
}

func TestNoScratchMeansStored(t *testing.T) {
	bud := budget.New(1000)
	m := realManager(t, Options{Scratch: bud.Reserve("spill scratch"), Compression: CompressAlways})
	f := create(t, m)
	p := payload(1, 256<<10, true)
	e := write(t, f, p)
	if e.Encoding != encodingStored || bud.Peak() != 0 {
		t.Fatalf("%+v", e)
	}
	check(t, f, e, p)
	// With one buffer, readers wait for each other.
	bud.SetLimit(int64(scratchSize))
	e = write(t, f, p)
	if e.Encoding != encodingS2 {
		t.Fatalf("%+v", e)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				got, err := f.Read(ctx, e, nil)
				if err != nil || !bytes.Equal(got, p) {
					t.Error("read", err)
				}
			}
		}()
	}
	wg.Wait()
	held := m.scratch.tryGet()
	cancelled, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := f.Read(cancelled, e, nil)
		done <- err
	}()
	cancel()
	if err := <-done; !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatal(err)
	}
	m.scratch.put(held)
}

func TestUnlinkedAtOnce(t *testing.T) {
	m := realManager(t, Options{})
	if left, _ := os.ReadDir(m.opts.Dir); len(left) != 0 {
		t.Fatal("something created before the first file")
	}
	f := create(t, m)
	write(t, f, payload(1, 10000, false))
	fi, err := os.Stat(m.dir.path)
	if err != nil || (unlinkOpen && fi.Mode().Perm() != 0o700) || !dirPattern.MatchString(filepath.Base(m.dir.path)) {
		t.Fatal(err, fi)
	}
	left, err := os.ReadDir(m.dir.path)
	if err != nil {
		t.Fatal(err)
	}
	if unlinkOpen && (len(left) != 1 || left[0].Name() != lockName) {
		t.Fatalf("in the directory: %v", left)
	}
}

func TestReuse(t *testing.T) {
	m := realManager(t, Options{})
	f := create(t, m)
	rng := rand.New(rand.NewPCG(5, 5))
	size := func() int { return rng.IntN(300<<10) + 1 }
	type block struct {
		e Extent
		p []byte
	}
	var blocks []block
	phase := func() {
		for i := range 40 {
			p := payload(rng.Uint64(), size(), i%3 == 0)
			blocks = append(blocks, block{write(t, f, p), p})
		}
		for _, b := range blocks {
			check(t, f, b.e, b.p)
		}
		// Leave one, so that the file is never wholly free.
		for _, b := range blocks[1:] {
			f.Free(b.e)
		}
		blocks = blocks[:1]
	}
	phase()
	first := f.Stats().DiskBytes
	for range 20 {
		phase()
	}
	if grown := f.Stats().DiskBytes; grown > 4*first {
		t.Fatalf("disk use grew from %d to %d over repeated phases", first, grown)
	}
	check(t, f, blocks[0].e, blocks[0].p)
	f.Free(blocks[0].e)
	m.reaper.wait()
	if disk := f.Stats().DiskBytes; disk != 0 && disk > keepBytes {
		t.Fatalf("%d bytes kept by an empty file", disk)
	}
	if m.Stats().DiskBytes != f.Stats().DiskBytes {
		t.Fatal("accounting differs")
	}
	if o, ok := f.handle.rw.(*os.File); ok {
		if fi, err := o.Stat(); err != nil || fi.Size() > keepBytes {
			t.Fatal(fi.Size(), err)
		}
	}
	p := payload(1, 5000, false)
	e := write(t, f, p)
	if e.Offset != 0 {
		t.Fatalf("an empty file starts at %d", e.Offset)
	}
	check(t, f, e, p)
}

// TestStaleExtent reads an extent whose space was freed and used again.
func TestStaleExtent(t *testing.T) {
	m := realManager(t, Options{})
	f, g := create(t, m), create(t, m)
	e := write(t, f, payload(1, 5000, false))
	write(t, f, payload(9, 10, false))
	f.Free(e)
	e2 := write(t, f, payload(2, 5000, false))
	if e2.Offset != e.Offset {
		t.Fatalf("space not reused: %+v", e2)
	}
	_, err := f.Read(ctx, e, nil)
	checkCorrupt(t, err, "another block")
	// And one of another file.
	write(t, g, payload(1, 5000, false))
	_, err = g.Read(ctx, e, nil)
	checkCorrupt(t, err, "another block")
	// And beyond the end.
	e2.Offset += 1 << 20
	_, err = f.Read(ctx, e2, nil)
	checkCorrupt(t, err, "ends within")
	if _, err = f.Read(ctx, Extent{}, nil); !sqlerr.Is(err, sqlerr.CodeInternal) {
		t.Fatal(err)
	}
	f.Free(Extent{})
}

func checkCorrupt(t *testing.T, err error, detail string) {
	t.Helper()
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeCorruption || !strings.Contains(e.Detail, detail) || !strings.Contains(e.Detail, "test runs: file ") {
		t.Fatalf("got %+v, want XX001 with %q", err, detail)
	}
}

func TestFreeTwice(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("needs the build tag invariants")
	}
	m := realManager(t, Options{})
	f := create(t, m)
	e := write(t, f, []byte("x"))
	write(t, f, []byte("y"))
	f.Free(e)
	defer func() {
		if recover() == nil {
			t.Fatal("not noticed")
		}
		f.mu.TryLock() // deferred unlock has run
		f.mu.Unlock()
	}()
	f.Free(e)
}

// memFile returns the bytes of the only file of a manager over a MemFS and a
// function to change one of them.
func memFile(t *testing.T, m *Manager, f *File) (size int64, flip func(off int64, mask byte)) {
	t.Helper()
	h, err := m.opts.FS.OpenReadWrite(f.handle.path, writeCategory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	fi, err := h.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size(), func(off int64, mask byte) {
		var b [1]byte
		if _, err := h.ReadAt(b[:], off); err != nil {
			t.Fatal(err)
		}
		b[0] ^= mask
		if _, err := h.WriteAt(b[:], off); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	for name, p := range map[string][]byte{
		"stored":     payload(1, 300, false),
		"empty":      nil,
		"compressed": payload(1, 4096, true),
	} {
		t.Run(name, func(t *testing.T) {
			m := NewManager(Options{FS: vfs.NewMem(), Dir: "/tmp", Compression: CompressAlways})
			defer m.Close()
			f := create(t, m)
			e := write(t, f, p)
			if (name == "compressed") != (e.Encoding == encodingS2) {
				t.Fatalf("%+v", e)
			}
			size, flip := memFile(t, m, f)
			if size != headerSize+int64(e.Stored) {
				t.Fatalf("file of %d bytes", size)
			}
			dst := make([]byte, len(p))
			for off := range size {
				for bit := range 8 {
					flip(off, 1<<bit)
					if _, err := f.Read(ctx, e, dst); !sqlerr.Is(err, sqlerr.CodeCorruption) {
						t.Fatalf("bit %d of byte %d: %v", bit, off, err)
					}
					flip(off, 1<<bit)
				}
			}
			check(t, f, e, p)
		})
	}
}

func TestConcurrentWriters(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"real": nil, "mem": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			bud := budget.New(3 * int64(scratchSize))
			m := realManager(t, Options{FS: fsys, Scratch: bud.Reserve("scratch"), Compression: CompressAlways})
			f := create(t, m)
			var wg sync.WaitGroup
			for g := range uint64(6) {
				wg.Add(1)
				go func() {
					defer wg.Done()
					rng := rand.New(rand.NewPCG(g, 11))
					own, err := m.Create("own")
					if err != nil {
						t.Error(err)
						return
					}
					defer own.Close()
					type block struct {
						f    *File
						e    Extent
						seed uint64
						comp bool
					}
					var blocks []block
					dst := make([]byte, 64<<10)
					for i := range 150 {
						b := block{f, Extent{}, rng.Uint64(), rng.IntN(2) == 0}
						if i%3 == 0 {
							b.f = own
						}
						if b.e, err = b.f.Write(ctx, payload(b.seed, rng.IntN(64<<10), b.comp)); err != nil {
							t.Error(err)
							return
						}
						blocks = append(blocks, b)
						j := rng.IntN(len(blocks))
						b = blocks[j]
						got, err := b.f.Read(ctx, b.e, dst)
						if err != nil || !bytes.Equal(got, payload(b.seed, int(b.e.Length), b.comp)) {
							t.Errorf("block %d: %v", b.e.Seq, err)
							return
						}
						if rng.IntN(2) == 0 {
							b.f.Free(b.e)
							blocks = append(blocks[:j], blocks[j+1:]...)
						}
					}
					for _, b := range blocks {
						b.f.Free(b.e)
					}
				}()
			}
			wg.Wait()
			m.reaper.wait()
			if f.extents.live != 0 {
				t.Errorf("%d pages live", f.extents.live)
			}
			if s := m.Stats(); s.DiskBytes != f.Stats().DiskBytes || s.OpenFiles != 1 {
				t.Errorf("%+v", s)
			}
			f.Close()
			m.reaper.wait()
			if bud.Used() != 0 || m.Stats().DiskBytes != 0 {
				t.Errorf("%d bytes of scratch, %d of disk left", bud.Used(), m.Stats().DiskBytes)
			}
		})
	}
}

func TestMaxBytes(t *testing.T) {
	m := realManager(t, Options{MaxBytes: 1 << 20})
	f, g := create(t, m), create(t, m)
	var es []Extent
	for {
		e, err := f.Write(ctx, payload(1, 100<<10, false))
		if err != nil {
			var se *sqlerr.Error
			if !errors.As(err, &se) || se.Code != sqlerr.CodeDiskFull || !strings.Contains(se.Hint, "max_temp_directory_size") ||
				!strings.Contains(se.Detail, f.Tag()+" 9") {
				t.Fatalf("%+v", err)
			}
			break
		}
		es = append(es, e)
	}
	if len(es) != 9 || m.Stats().DiskBytes > 1<<20 {
		t.Fatalf("%d blocks, %+v", len(es), m.Stats())
	}
	// Everything written can be read; freed space serves new blocks.
	for _, e := range es {
		check(t, f, e, payload(1, 100<<10, false))
	}
	f.Free(es[3])
	es[3] = write(t, f, payload(2, 100<<10, false))
	check(t, f, es[3], payload(2, 100<<10, false))
	if _, err := g.Write(ctx, payload(2, 200<<10, false)); !sqlerr.Is(err, sqlerr.CodeDiskFull) {
		t.Fatal(err)
	}
	m.SetMaxBytes(2 << 20)
	write(t, g, payload(2, 200<<10, false))
	f.Close()
	m.SetMaxBytes(300 << 10)
	write(t, g, payload(2, 50<<10, false))
	if _, err := g.Write(ctx, payload(2, 200<<10, false)); !sqlerr.Is(err, sqlerr.CodeDiskFull) {
		t.Fatal(err)
	}
	m.SetMaxBytes(0)
	write(t, g, payload(2, 200<<10, false))
}

func TestDiskFull(t *testing.T) {
	full := true
	mem := vfs.NewMem()
	fsys := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full && op.Kind == errorfs.OpFileWriteAt {
			return &os.PathError{Op: "write", Path: op.Path, Err: noSpace}
		}
		return nil
	}))
	m := NewManager(Options{FS: fsys, Dir: "/tmp"})
	f := create(t, m)
	_, err := f.Write(ctx, payload(1, 1000, false))
	var se *sqlerr.Error
	if !errors.As(err, &se) || se.Code != sqlerr.CodeDiskFull || !strings.Contains(se.Hint, "temp_directory") ||
		!strings.Contains(se.Message, f.Tag()) || !strings.Contains(se.Detail, f.Tag()+" 4.0 KiB") {
		t.Fatalf("%+v", err)
	}
	full = false
	p := payload(1, 1000, false)
	e := write(t, f, p)
	if e.Offset != 0 {
		t.Fatal("the space of the failed block is lost")
	}
	check(t, f, e, p)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	checkEmpty(t, mem)
}

// checkEmpty asserts that nothing is left in a MemFS.
func checkEmpty(t *testing.T, mem *vfs.MemFS) {
	t.Helper()
	if s := strings.TrimSpace(mem.String()); strings.Contains(s, "gannet-") || strings.Contains(s, "tmp") {
		t.Fatalf("left behind:\n%s", s)
	}
}

func TestCancelled(t *testing.T) {
	m := realManager(t, Options{})
	f := create(t, m)
	e := write(t, f, []byte("x"))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Write(cancelled, []byte("y")); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatal(err)
	}
	if _, err := f.Read(cancelled, e, nil); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatal(err)
	}
	// Within a long block: the context ends after the first look at it.
	big := payload(1, ioPiece+1, false)
	if _, err := f.Write(&countdown{ctx, 1}, big); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatal(err)
	}
	if f.extents.live != 1 {
		t.Fatalf("%d pages live after a cancelled write", f.extents.live)
	}
	e = write(t, f, big)
	if _, err := f.Read(&countdown{ctx, 1}, e, nil); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatal(err)
	}
}

// countdown is a context that is cancelled after left looks at it.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAfterClose(t *testing.T) {
	m := realManager(t, Options{})
	f, g := create(t, m), create(t, m)
	e := write(t, f, []byte("x"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(ctx, nil); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	if _, err := f.Read(ctx, e, nil); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	f.Free(e)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Write(ctx, nil); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	if _, err := m.Create("late"); !sqlerr.Is(err, sqlerr.CodeAdminShutdown) {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTooLong(t *testing.T) {
	if testing.Short() {
		t.Skip("maps 2 GiB")
	}
	m := realManager(t, Options{})
	f := create(t, m)
	e := Extent{Seq: 1, Length: MaxPayload + 1, Stored: MaxPayload + 1}
	if _, err := f.Read(ctx, e, nil); !sqlerr.Is(err, sqlerr.CodeInternal) {
		t.Fatal(err)
	}
	write(t, f, []byte("x"))
	e = Extent{Seq: 1, Length: 1, Stored: 1, Encoding: 9}
	_, err := f.Read(ctx, e, nil)
	checkCorrupt(t, err, "unknown encoding")
	e = Extent{Seq: 1, Length: 1, Stored: 1 << 30, Encoding: encodingS2}
	_, err = f.Read(ctx, e, nil)
	checkCorrupt(t, err, "compressed length")
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name         string
		compressible bool
		mode         Compression
	}{
		{"incompressible", false, CompressAlways}, {"incompressible-auto", false, CompressAuto},
		{"stored", false, CompressNever},
		{"compressible", true, CompressAlways}, {"compressible-auto", true, CompressAuto},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := realManager(b, Options{Compression: c.mode})
			f := create(b, m)
			p := payload(1, 256<<10, c.compressible)
			var ring [64]Extent
			b.SetBytes(int64(len(p)))
			i := 0
			for b.Loop() {
				f.Free(ring[i%64])
				ring[i%64] = write(b, f, p)
				i++
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, compressible := range []bool{false, true} {
		b.Run(map[bool]string{false: "stored", true: "compressed"}[compressible], func(b *testing.B) {
			m := realManager(b, Options{Compression: CompressAlways})
			f := create(b, m)
			p := payload(1, 256<<10, compressible)
			e := write(b, f, p)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Read(ctx, e, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSpaceComesBack: a large file is closed and cut in the background; whoever
// needs the space waits for it, and the manager's Close does.
func TestSpaceComesBack(t *testing.T) {
	const size = 64 << 20
	m := realManager(t, Options{MaxBytes: size})
	fill := func(f *File) (es []Extent) {
		for range size/(1<<20) - 4 {
			es = append(es, write(t, f, payload(1, 1<<20-1<<10, false)))
		}
		return es
	}
	f := create(t, m)
	fill(f)
	f.Close()
	if m.Stats().OpenFiles != 0 {
		t.Fatal("a closed file counts as open")
	}
	// Waits for the space of f.
	g := create(t, m)
	es := fill(g)
	for _, e := range es[1:] {
		g.Free(e)
	}
	check(t, g, es[0], payload(1, 1<<20-1<<10, false))
	g.Free(es[0])
	// What is written while the file is cut stays.
	e := write(t, g, payload(2, 1<<20, false))
	check(t, g, e, payload(2, 1<<20, false))
	m.reaper.wait()
	check(t, g, e, payload(2, 1<<20, false))
	g.Free(e)
	m.reaper.wait()
	if s := m.Stats(); s.DiskBytes > keepBytes {
		t.Fatalf("%d bytes of an empty file", s.DiskBytes)
	}
	es = fill(g)
	check(t, g, es[7], payload(1, 1<<20-1<<10, false))
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if s := m.Stats(); s.DiskBytes != 0 || s.OpenFiles != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestReadAhead(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"real": nil, "memory": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			m := NewManager(Options{Dir: filepath.Join(t.TempDir(), "x"), FS: fsys})
			defer m.Close()
			f, err := m.Create("test")
			if err != nil {
				t.Fatal(err)
			}
			want := bytes.Repeat([]byte("abcdefgh"), 1<<15)
			e, err := f.Write(context.Background(), want)
			if err != nil {
				t.Fatal(err)
			}
			f.ReadAhead(e)
			f.ReadAhead(Extent{})
			if got, err := f.Read(context.Background(), e, nil); err != nil || !bytes.Equal(got, want) {
				t.Fatal("other bytes", err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f.ReadAhead(e)
		})
	}
}
