package spill

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// childDir is set in the environment of the child of TestSweep.
const childDir = "GANNET_SPILL_TEST_DIR"

// TestMain also serves as the child process that dies, or waits, with a
// directory of its own.
func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	man := NewManager(Options{Dir: dir})
	if _, err := man.Create("child"); err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	fmt.Println(filepath.Base(man.dir.path))
	// Until the parent closes our standard input.
	var b [1]byte
	os.Stdin.Read(b[:])
	os.Exit(0) // without Close
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	child := exec.Command(exe)
	child.Env = append(os.Environ(), childDir+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Skip(err)
	}
	var childName string
	if _, err := fmt.Fscanln(stdout, &childName); err != nil || !dirPattern.MatchString(childName) {
		t.Fatal(childName, err)
	}

	// What must stay: other names, files, an unlocked new directory, one that
	// others can write to.
	keep := []string{"other", "gannet-1-0123456789abcdef.txt", fmt.Sprintf("gannet-%d-0123456789abcdef", os.Getpid()), "gannet-3-0123456789abcdef"}
	mkdir := func(name string, perm os.FileMode) string {
		p := filepath.Join(dir, name)
		if err := os.Mkdir(p, perm); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, perm); err != nil {
			t.Fatal(err)
		}
		return p
	}
	touch := func(p string) {
		if err := os.WriteFile(p, []byte("data"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mkdir(keep[0], 0o700)
	touch(filepath.Join(dir, keep[1]))
	mkdir(keep[2], 0o700)
	if unlinkOpen {
		victim := filepath.Join(dir, "other", "victim")
		touch(victim)
		if err := os.Symlink(victim, filepath.Join(mkdir(keep[3], 0o777), lockName)); err != nil {
			t.Fatal(err)
		}
	} else {
		keep = keep[:3]
	}
	// What must go: dead ones with leftovers, and an old one that never got
	// its lock.
	for _, name := range []string{"gannet-4-0123456789abcdef", "gannet-4-0123456789abcdee"} {
		p := mkdir(name, 0o700)
		touch(filepath.Join(p, lockName))
		touch(filepath.Join(p, "1"))
	}
	old := mkdir("gannet-5-0123456789abcdef", 0o700)
	if unlinkOpen {
		// One whose process was killed before it got there, a moment ago.
		gone := exec.Command(os.Args[0], "-test.run=^$")
		if err := gone.Run(); err != nil {
			t.Fatal(err)
		}
		mkdir(fmt.Sprintf("gannet-%d-0123456789abcdee", gone.Process.Pid), 0o700)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedAge)); err != nil {
		t.Fatal(err)
	}

	m := NewManager(Options{Dir: dir})
	create(t, m)
	names := func() map[string]bool {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := map[string]bool{}
		for _, e := range list {
			s[e.Name()] = true
		}
		return s
	}
	got := names()
	for _, name := range append(keep, childName, m.dir.name) {
		if !got[name] {
			t.Errorf("%s was removed", name)
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("not swept: %v", got)
	}
	if unlinkOpen {
		if b, err := os.ReadFile(filepath.Join(dir, "other", "victim")); err != nil || string(b) != "data" {
			t.Error("a lock file that is a link was followed", err)
		}
	}

	// Another manager of this process leaves the first one alone; once the
	// child is dead, it sweeps the child's.
	stdin.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	m2 := NewManager(Options{Dir: dir})
	create(t, m2)
	got = names()
	if got[childName] || !got[m.dir.name] || !got[m2.dir.name] {
		t.Errorf("after the child's death: %v", got)
	}
	for _, m := range []*Manager{m, m2} {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := names(); len(got) != len(keep) {
		t.Errorf("after Close: %v", got)
	}
}

func TestParentIsMadeAndRemoved(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "tmp")
	m, m2 := NewManager(Options{Dir: dir}), NewManager(Options{Dir: dir})
	create(t, m)
	create(t, m2)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal("removed while in use")
	}
	if err := m2.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal("m2 did not make it and must not remove it")
	}
	dir = filepath.Join(base, "tmp2", "in", "folders")
	m = NewManager(Options{Dir: dir})
	create(t, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(base, "tmp2")); !os.IsNotExist(err) {
		t.Fatal("not removed", err)
	}
}

func TestDirectoryCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := NewManager(Options{Dir: filepath.Join(file, "tmp")})
	_, err := m.Create("x")
	var se *sqlerr.Error
	if !errors.As(err, &se) || se.Code != sqlerr.CodeIO || strings.Contains(err.Error(), "\n") || !strings.Contains(se.Hint, "temp_directory") || !strings.Contains(se.Detail, file) {
		t.Fatalf("%+v", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// session uses a manager in every way; the first error ends it.
func session(m *Manager, verify func(got, want []byte)) (err error) {
	var files []*File
	defer func() {
		for _, f := range files {
			if e := f.Close(); err == nil {
				err = e
			}
		}
	}()
	for i := range uint64(2) {
		f, err := m.Create("test runs")
		if err != nil {
			return err
		}
		files = append(files, f)
		var es []Extent
		for j := range uint64(4) {
			e, err := f.Write(ctx, payload(i*10+j, 9000, j%2 == 0))
			if err != nil {
				return err
			}
			es = append(es, e)
		}
		f.Free(es[1])
		e, err := f.Write(ctx, payload(i*10+1, 9000, false))
		if err != nil {
			return err
		}
		es[1] = e
		for j, e := range es {
			got, err := f.Read(ctx, e, nil)
			if err != nil {
				return err
			}
			verify(got, payload(i*10+uint64(j), 9000, j%2 == 0))
		}
	}
	return nil
}

// TestEveryOperationFails lets the Nth operation of the file system fail, for
// every N, once and from then on.
func TestEveryOperationFails(t *testing.T) {
	for _, forever := range []bool{false, true} {
		failed := 0
		for n := 0; ; n++ {
			mem := vfs.NewMem()
			// Something to sweep, so that this fails too.
			stale := "/tmp/gannet-1-0123456789abcdef"
			if err := mem.MkdirAll(stale, 0o700); err != nil {
				t.Fatal(err)
			}
			if h, err := mem.Create(stale+"/"+lockName, writeCategory); err != nil {
				t.Fatal(err)
			} else {
				h.Close()
			}
			count, on := 0, true
			fsys := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if !on {
					return nil
				}
				count++
				if count-1 == n || (forever && count-1 > n) {
					return errorfs.ErrInjected
				}
				return nil
			}))
			m := NewManager(Options{FS: fsys, Dir: "/tmp", Compression: CompressAlways})
			err := session(m, func(got, want []byte) {
				if string(got) != string(want) {
					t.Fatalf("operation %d failing: wrong bytes", n)
				}
			})
			closeErr := m.Close()
			for _, err := range []error{err, closeErr} {
				if err != nil && (!sqlerr.Is(err, sqlerr.CodeIO) || strings.Contains(err.Error(), "\n")) {
					t.Fatalf("operation %d failing: %v", n, err)
				}
			}
			if forever && closeErr != nil {
				// The fault is over: what Close could not do then, it does now.
				on = false
				if err := m.Close(); err != nil {
					t.Fatalf("operation %d failing: second Close: %v", n, err)
				}
			}
			if s := m.Stats(); s.DiskBytes != 0 || s.OpenFiles != 0 {
				t.Fatalf("operation %d failing: %+v", n, s)
			}
			list, lerr := mem.List("/tmp")
			if lerr != nil {
				t.Fatal(lerr)
			}
			for _, name := range list {
				// Sweeping is a service: what it failed to remove may stay, and a
				// directory that could neither be used nor removed.
				if name == filepath.Base(stale) || (forever && err != nil && closeErr == nil && on) {
					continue
				}
				t.Fatalf("operation %d failing (forever %v): %s left; errors %v, %v", n, forever, name, err, closeErr)
			}
			if err != nil {
				failed++
			}
			if count <= n {
				if n < 20 || failed < 10 {
					t.Fatalf("%d operations, %d failures", n, failed)
				}
				break
			}
		}
	}
}

func TestSetDir(t *testing.T) {
	base := t.TempDir()
	one, two := filepath.Join(base, "one"), filepath.Join(base, "two")
	m := NewManager(Options{Dir: one})
	defer m.Close()
	f, err := m.Create("test")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := m.SetDir(two); ok || err != nil {
		t.Fatal("changed while a file is open", ok, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if ok, err := m.SetDir(two); !ok || err != nil {
		t.Fatal("not changed", ok, err)
	}
	if _, err := os.Stat(one); !os.IsNotExist(err) {
		t.Errorf("the old directory is left: %v", err)
	}
	if f, err = m.Create("test"); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if es, err := os.ReadDir(two); err != nil || len(es) != 1 {
		t.Errorf("%d entries in the new directory, %v", len(es), err)
	}
}
