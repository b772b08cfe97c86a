//go:build unix

package storage

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestLocalSpecialFiles: a FIFO must not make anybody wait, and links are
// followed or, when they lead nowhere, left out.
func TestLocalSpecialFiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Local().Open(ctx, fifo); !sqlerr.Is(err, sqlerr.CodeIO) {
		t.Errorf("a FIFO: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"good": "x", "dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := Local().List(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, i := range list {
		names += i.Name + " "
		if i.Name == "good" && i.Size != 4 {
			t.Errorf("a link has the size of itself: %+v", i)
		}
	}
	if names != "fifo good x " {
		t.Errorf("listed %s", names)
	}
	a, _ := Local().Stat(ctx, filepath.Join(dir, "x"))
	b, _ := Local().Stat(ctx, filepath.Join(dir, "good"))
	if a.Ino == 0 || a.Ino != b.Ino || a.Dev != b.Dev {
		t.Errorf("identities: %+v, %+v", a, b)
	}
}
