package parquet

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"sync"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	maxFooter      = 64 << 20
	footerGuess    = 16 << 10 // read at first, in the hope that it is enough
	// columnMetaBytes is about what a column chunk takes beside the footer.
	columnMetaBytes = 280
)

// File is a Parquet file's footer, and a table of its rows. It is immutable
// and safe for concurrent use. It holds no open file: every scan opens its
// own, and fails when that is not the file whose footer was read.
type File struct {
	fs      storage.FS
	path    string
	info    storage.FileInfo
	schema  *schema
	groups  []rowGroup
	numRows int64
	slack   int64 // bytes that a column chunk may be longer than it says
	footer  int64 // bytes of the footer, which statistics point into
	// wholePages: a chunk's values are one page, however large.
	wholePages bool

	statsOnce sync.Once
	stats     *storage.TableStats
}

var (
	_ storage.Table       = (*File)(nil)
	_ storage.ReaderSizer = (*File)(nil)
)

// Open reads the footer of the file at path. Errors: 58P01 and 58030 from fs,
// 22P04 when it is no Parquet file, XX001 when its footer is damaged, 0A000
// when it is encrypted.
func Open(ctx context.Context, fs storage.FS, path string) (*File, error) {
	h, err := fs.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return open(ctx, fs, path, h)
}

func open(ctx context.Context, fs storage.FS, path string, h storage.File) (*File, error) {
	f := &File{fs: fs, path: path, info: h.Info()}
	f.info.Size = h.Size()
	footer, err := readFooter(ctx, h, path)
	if err != nil {
		return nil, err
	}
	damaged := func(err error) error {
		return sqlerr.New(sqlerr.CodeCorruption, "footer is damaged: %v", err).WithFile(path, 0)
	}
	m, err := parseFileMeta(footer)
	if err != nil {
		return nil, damaged(err)
	}
	if m.encrypted {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "encrypted Parquet files are not supported").WithFile(path, 0)
	}
	if f.schema, err = buildSchema(m); err != nil {
		return nil, damaged(err)
	}
	for i := range m.rowGroups {
		g := &m.rowGroups[i]
		if err := f.checkGroup(g); err != nil {
			return nil, sqlerr.New(sqlerr.CodeCorruption, "footer is damaged: row group %d: %v", i, err).WithFile(path, 0)
		}
		f.numRows += g.numRows
	}
	f.groups, f.footer = m.rowGroups, int64(len(footer))
	if strings.HasPrefix(m.createdBy, "parquet-mr") {
		f.slack = 128 // early versions left the dictionary page's header out of the size
	}
	f.wholePages = strings.HasPrefix(m.createdBy, "DuckDB")
	return f, nil
}

// FooterBytes implements storage.FooterSizer.
func (f *File) FooterBytes() int64 {
	chunks := int64(len(f.groups)) * int64(len(f.schema.leaves))
	return f.footer + chunks*columnMetaBytes
}

// readFooter returns the bytes of the footer.
func readFooter(ctx context.Context, h storage.File, path string) ([]byte, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	notParquet := func(why string) error {
		return sqlerr.New(sqlerr.CodeBadCopyFile, "not a Parquet file: %s", why).WithFile(path, 0)
	}
	size := h.Size()
	if size < 12 {
		return nil, notParquet("it is too small")
	}
	f := fetcher{file: h}
	read := func(n int64) ([]byte, error) {
		b := make([]byte, n)
		if err := f.read(b, size-n); err == errShort {
			return nil, sqlerr.New(sqlerr.CodeIO, "file became shorter while being read").WithFile(path, 0)
		} else if err != nil {
			return nil, err
		}
		return b, nil
	}
	b, err := read(min(size, footerGuess))
	if err != nil {
		return nil, err
	}
	switch string(b[len(b)-4:]) {
	case magic:
	case magicEncrypted:
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "encrypted Parquet files are not supported").WithFile(path, 0)
	default:
		return nil, notParquet("no PAR1 magic at its end")
	}
	n := int64(binary.LittleEndian.Uint32(b[len(b)-8:]))
	if n > size-12 || n > maxFooter {
		return nil, sqlerr.New(sqlerr.CodeCorruption, "footer is damaged: it claims to have %d bytes", n).WithFile(path, 0)
	}
	if n+8 > int64(len(b)) {
		if b, err = read(n + 8); err != nil {
			return nil, err
		}
	}
	return b[int64(len(b))-8-n : len(b)-8], nil
}

type groupError string

func (e groupError) Error() string { return string(e) }

// checkGroup checks what the rest of the package relies on. Column chunks that
// cannot be read are left to whoever wants to read them.
func (f *File) checkGroup(g *rowGroup) error {
	if g.numRows < 0 || g.numRows > math.MaxInt64-f.numRows || f.numRows+g.numRows > 1<<56 {
		return groupError("bad number of rows")
	}
	if len(g.columns) != len(f.schema.leaves) {
		return groupError("bad number of columns")
	}
	for i := range g.columns {
		if c := &g.columns[i]; c.typ != f.schema.leaves[i].node.typ && !c.encrypted {
			return groupError("a column chunk has another type than the schema")
		}
	}
	return nil
}

// chunkRange returns where in the file the chunk lies.
func (f *File) chunkRange(m *columnMeta) (off, end int64, err error) {
	off = m.dataPageOffset
	if m.dictPageOffset > 0 && m.dictPageOffset < off {
		off = m.dictPageOffset
	}
	if off < 0 || m.compressedSize < 0 || off > f.info.Size || m.compressedSize > f.info.Size-off {
		return 0, 0, errShort
	}
	return off, min(off+m.compressedSize+f.slack, f.info.Size), nil
}

// usualPage is about the largest page that writers make which limit its bytes.
const usualPage = 2 << 20

// ReaderBytes implements storage.ReaderSizer: of the largest row group, each
// column's bytes as read and a page of it decompressed.
func (f *File) ReaderBytes(columns []int) int64 {
	leaves := f.leavesOf(columns)
	vectors := int64(len(leaves)) * vectorBytes
	var most int64
	for g := range f.groups {
		var sum int64
		for _, leaf := range leaves {
			m := &f.groups[g].columns[leaf]
			page := max(m.uncompressedSize, 0)
			if !f.wholePages {
				page = min(page, usualPage)
			}
			page = min(page, maxPageSize)
			stored := max(m.compressedSize, 0)
			if stored > wholeChunk {
				stored = min(stored, max(page, window))
			}
			if m.codec != codecNone {
				stored += page
			}
			sum = min(sum+stored, 1<<40)
		}
		most = max(most, sum)
	}
	// Buffers are made a little larger than they have to be.
	return most + most/8 + vectors + codecMemory
}

// leavesOf lists the leaves of columns.
func (f *File) leavesOf(columns []int) (leaves []int) {
	for _, c := range columns {
		if c < 0 || c >= len(f.schema.columns) {
			continue
		}
		if n := f.schema.columns[c].nested; n != nil {
			for i := range n.leaves {
				leaves = append(leaves, n.first+i)
			}
		} else {
			leaves = append(leaves, f.schema.columns[c].leaf)
		}
	}
	return leaves
}

// SpooledBytes implements storage.Spooler: what a reader keeps, and what it takes
// for a while to decompress a page.
func (f *File) SpooledBytes(columns []int) int64 {
	leaves := f.leavesOf(columns)
	var most int64
	for g := range f.groups {
		for _, leaf := range leaves {
			m := &f.groups[g].columns[leaf]
			if m.codec != codecZstd {
				continue // no window, or one that codecMemory pays for
			}
			most = max(most, int64(zstdStreamCost(int(min(max(m.uncompressedSize, 0), usualWindow)))))
		}
	}
	return most + f.keptBytes(leaves)
}

// usualWindow is the window of pages that writers compress by ZSTD at its usual
// levels.
const usualWindow = 2 << 20

// keptBytes is what a reader that spools holds all the time: a vector, its texts and
// an extent a column, and the dictionaries, about which the footer says how long they
// are when compressed.
func (f *File) keptBytes(leaves []int) int64 {
	var most int64
	for g := range f.groups {
		var sum int64
		for _, leaf := range leaves {
			m, k := &f.groups[g].columns[leaf], &f.schema.leaves[leaf].kind
			sum += int64(readerVector(k)) + spoolExtent
			switch {
			case m.dictPageOffset > 0 && m.dataPageOffset > m.dictPageOffset:
				sum += 4 * (m.dataPageOffset - m.dictPageOffset)
			case k.isString() && m.numValues > 0:
				// The texts of this vector and of the one before.
				sum += 3 * min(m.uncompressedSize/m.numValues*vector.Capacity, m.uncompressedSize)
			}
			sum = min(max(sum, 0), 1<<40)
		}
		most = max(most, sum)
	}
	return most + codecMemory + spoolShared
}

// spoolShared is what the columns of a reader that spools use together.
const spoolShared = 2*spoolExtent + 4*spoolCodes + streamPiece

// vectorBytes is about what a column's vector takes.
const vectorBytes = 32 << 10

// Path returns the path that the file was opened by.
func (f *File) Path() string { return f.path }

// Columns implements storage.Table.
func (f *File) Columns() []storage.Column { return f.schema.public }

// NumRows returns the number of rows that the footer states.
func (f *File) NumRows() int64 { return f.numRows }

// Stats implements storage.Table. The result is shared and must not be changed.
func (f *File) Stats(ctx context.Context) (*storage.TableStats, error) {
	f.statsOnce.Do(func() { f.stats = f.tableStats() })
	return f.stats, nil
}
