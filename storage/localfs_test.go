package storage

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

func TestLocal(t *testing.T) {
	ctx := context.Background()
	fs := Local()
	dir := t.TempDir()
	name := filepath.Join(dir, "b.txt")
	if err := os.WriteFile(name, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := fs.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if n, err := f.ReadAt(b, 1); n != 3 || err != nil || string(b) != "ell" {
		t.Errorf("read %q, %v", b[:n], err)
	}
	if i := f.Info(); f.Size() != 5 || i.Size != 5 || i.Name != name || i.IsDir() {
		t.Errorf("info: %+v", i)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if i, err := fs.Stat(ctx, dir); err != nil || !i.IsDir() || i.Name != dir {
		t.Errorf("stat of a directory: %+v, %v", i, err)
	}
	list, err := fs.List(ctx, dir)
	if err != nil || len(list) != 2 || list[0].Name != "a" || !list[0].IsDir() || list[1].Name != "b.txt" || list[1].Size != 5 {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestLocalRefuses(t *testing.T) {
	ctx := context.Background()
	fs := Local()
	dir := t.TempDir()
	check := func(what, code string, err error) {
		t.Helper()
		if !sqlerr.Is(err, code) || !strings.Contains(err.Error(), filepath.Base(dir)) {
			t.Errorf("%s: %s %v, want %s and the path", what, sqlerr.Code(err), err, code)
		}
	}
	_, err := fs.Open(ctx, dir)
	check("a directory", sqlerr.CodeIO, err)
	missing := filepath.Join(dir, "missing")
	_, err = fs.Open(ctx, missing)
	check("a missing file", sqlerr.CodeUndefinedFile, err)
	if strings.Count(err.Error(), "missing") != 1 {
		t.Errorf("the path is not named once: %v", err)
	}
	_, err = fs.Stat(ctx, missing)
	check("stat of a missing file", sqlerr.CodeUndefinedFile, err)
	_, err = fs.List(ctx, missing)
	check("list of a missing directory", sqlerr.CodeUndefinedFile, err)
	if runtime.GOOS == "linux" {
		if _, err := fs.Open(ctx, "/dev/zero"); !sqlerr.Is(err, sqlerr.CodeIO) {
			t.Errorf("a device: %v", err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := fs.Open(cancelled, missing); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Errorf("cancelled: %v", err)
	}
}
