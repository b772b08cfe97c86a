package csv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// The beginning of the file that decides its dialect: firstSample bytes, or
// sampleBytes when that holds few records.
const (
	firstSample = 256 << 10
	sampleBytes = 4 << 20
)

// Table is one CSV file. It is immutable and safe for concurrent use; the file
// is opened anew by every scan.
type Table struct {
	fs     storage.FS
	path   string
	opt    *options
	schema *schema
	codec  string // "", "gzip", "zstd"
	size   int64

	rangeSize int64 // bytes a range, 0: by the budget; tests set it
}

var _ storage.Table = (*Table)(nil)

// Open sniffs the file at path with the named arguments of read_csv. Errors:
// 22023 for bad options, 58P01, 58030, 22P04.
func Open(ctx context.Context, fs storage.FS, path string, opts map[string]types.Value) (*Table, error) {
	o, err := parseOptions(opts)
	if err != nil {
		return nil, err
	}
	f, err := fs.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &Table{fs: fs, path: path, opt: o, size: f.Size(), codec: codecOf(path, o)}
	in, err := t.stream(f)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	// A few records settle the dialect; more is read only when the first ones
	// are very long. The types are looked at again over all sampled records.
	sample, final, err := readSome(in, nil, firstSample)
	if err != nil {
		return nil, t.readError(err)
	}
	if !final && bytes.Count(sample, []byte{'\n'}) < 100 {
		if sample, final, err = readSome(in, sample, sampleBytes); err != nil {
			return nil, t.readError(err)
		}
	}
	if why := notText(sample); why != "" {
		return nil, sqlerr.New(sqlerr.CodeBadCopyFile, "%s", why).WithFile(path, 0)
	}
	if t.schema, err = sniff(path, sample, final, o); err != nil {
		var se *sqlerr.Error
		if errors.As(err, &se) {
			return nil, se.WithFile(path, 0)
		}
		return nil, err
	}
	if !final {
		if err := t.refine(ctx); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// notText words why a file that begins with sample cannot be CSV in UTF-8:
// binary files and UTF-16 have many NUL bytes. "" when it can.
func notText(sample []byte) string {
	head := sample[:min(len(sample), 1<<10)]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return "the file is in UTF-16, only UTF-8 is supported"
	case bytes.Count(head, []byte{0}) > len(head)/8:
		return "not a text file: it is full of NUL bytes"
	}
	return ""
}

func codecOf(path string, o *options) string {
	switch o.compression {
	case "none":
		return ""
	case "gzip", "zstd":
		return o.compression
	}
	switch low := strings.ToLower(path); {
	case strings.HasSuffix(low, ".gz"):
		return "gzip"
	case strings.HasSuffix(low, ".zst"):
		return "zstd"
	}
	return ""
}

// readSome appends to buf until it has n bytes or the input ends (final).
func readSome(in io.Reader, buf []byte, n int64) (_ []byte, final bool, err error) {
	old := len(buf)
	if int64(old) >= n {
		return buf, false, nil
	}
	grown := bytes.NewBuffer(buf)
	_, err = io.CopyN(grown, in, n-int64(old))
	if errors.Is(err, io.EOF) {
		return grown.Bytes(), true, nil
	}
	return grown.Bytes(), false, err
}

// stream returns the file's text from the beginning.
func (t *Table) stream(f storage.File) (io.ReadCloser, error) {
	in := io.NewSectionReader(f, 0, f.Size())
	switch t.codec {
	case "gzip":
		z, err := gzip.NewReader(in)
		if errors.Is(err, io.EOF) {
			return io.NopCloser(strings.NewReader("")), nil
		}
		if err != nil {
			return nil, t.readError(err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, t.readError(err)
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(in), nil
}

func (t *Table) readError(err error) error {
	code := sqlerr.CodeIO
	if t.codec != "" {
		code = sqlerr.CodeBadCopyFile
	}
	return sqlerr.Wrap(err, code, "cannot read").WithFile(t.path, 0)
}

// Columns implements storage.Table.
func (t *Table) Columns() []storage.Column { return t.schema.cols }

// Stats estimates the number of rows from the length of the sampled records.
func (t *Table) Stats(context.Context) (*storage.TableStats, error) {
	size := float64(t.size)
	if t.codec != "" {
		size *= 4 // what text usually compresses by
	}
	rows := 0.0
	if t.schema.rowLen > 0 {
		rows = math.Max(0, (size-float64(t.schema.start))/t.schema.rowLen)
	}
	return &storage.TableStats{NumRows: rows, Bytes: t.size}, nil
}

// Dialect describes what sniffing found, for messages and tests.
func (t *Table) Dialect() (delim, quote, escape byte) {
	d := t.schema.dialect
	return d.delim, d.quote, d.escape
}
