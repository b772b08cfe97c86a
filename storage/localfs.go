package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Local returns the FS of the operating system's files, without a sandbox:
// paths are what os.Open takes them for.
func Local() FS { return localFS{} }

type localFS struct{}

var _ FS = localFS{}

// localFile is a regular file; ReadAt is pread, never a memory map, so that a
// file cut short by others is an error and not a signal.
type localFile struct {
	f    *os.File
	info FileInfo
}

func (f *localFile) ReadAt(b []byte, off int64) (int, error) { return f.f.ReadAt(b, off) }
func (f *localFile) Close() error                            { return f.f.Close() }
func (f *localFile) Size() int64                             { return f.info.Size }
func (f *localFile) Info() FileInfo                          { return f.info }

// Open implements FS. What the name stands for is looked at twice: before
// opening, because opening a FIFO waits for its other end, and after, because
// only then it is certain what was opened.
func (localFS) Open(ctx context.Context, name string) (File, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, pathError(err, "open", name)
	}
	if err := regular(st, name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, pathError(err, "open", name)
	}
	if st, err = f.Stat(); err != nil {
		f.Close()
		return nil, pathError(err, "open", name)
	}
	if err := regular(st, name); err != nil {
		f.Close()
		return nil, err
	}
	return &localFile{f: f, info: infoOf(name, st)}, nil
}

// Stat implements FS; links are followed.
func (localFS) Stat(ctx context.Context, name string) (FileInfo, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return FileInfo{}, err
	}
	st, err := os.Stat(name)
	if err != nil {
		return FileInfo{}, pathError(err, "look at", name)
	}
	return infoOf(name, st), nil
}

// List implements FS. Links are followed; entries that vanish meanwhile, and
// links that lead nowhere, are left out.
func (localFS) List(ctx context.Context, dir string) ([]FileInfo, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, pathError(err, "list", dir)
	}
	out := make([]FileInfo, 0, len(entries))
	for i, e := range entries {
		if i&1023 == 1023 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return nil, err
			}
		}
		st, err := e.Info()
		if err == nil && st.Mode()&fs.ModeSymlink != 0 {
			st, err = os.Stat(dir + string(os.PathSeparator) + e.Name())
		}
		if err != nil {
			continue
		}
		out = append(out, infoOf(e.Name(), st))
	}
	slices.SortFunc(out, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func infoOf(name string, st os.FileInfo) FileInfo {
	i := FileInfo{Name: name, Size: st.Size(), ModTime: st.ModTime(), Mode: st.Mode()}
	i.Dev, i.Ino = identity(st)
	return i
}

// regular refuses what is not a regular file.
func regular(st os.FileInfo, name string) error {
	switch m := st.Mode(); {
	case m.IsRegular():
		return nil
	case m.IsDir():
		return sqlerr.New(sqlerr.CodeIO, "is a directory, not a file").WithFile(name, 0)
	default:
		return sqlerr.New(sqlerr.CodeIO, "is not a regular file").WithFile(name, 0)
	}
}

// pathError turns an error of package os into one with a SQLSTATE: 58P01 when
// there is no such file, else 58030.
func pathError(err error, verb, name string) error {
	var cause error = err
	var p *fs.PathError
	if errors.As(err, &p) {
		cause = p.Err // the path is named anyway
	}
	if errors.Is(err, fs.ErrNotExist) {
		return sqlerr.Wrap(cause, sqlerr.CodeUndefinedFile, "cannot %s", verb).WithFile(name, 0)
	}
	return sqlerr.Wrap(cause, sqlerr.CodeIO, "cannot %s", verb).WithFile(name, 0)
}
