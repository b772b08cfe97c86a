package spill

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	lockName = "lock"
	// attempts to make a directory: a sweeper of another process may remove it
	// between its creation and its locking.
	attempts = 3
	// unlockedAge is how long a directory without a lock file, whose process
	// lives or cannot be seen, is taken for one that is being made.
	unlockedAge = time.Hour
)

// dirPattern is gannet, the number of the process and a random number.
var dirPattern = regexp.MustCompile(`^gannet-([0-9]+)-[0-9a-f]{16}$`)

// liveDirs names the directories of this process. A process gets the locks
// that it holds itself, so the lock does not tell, and closing a second
// descriptor would even give up the first one's lock.
var liveDirs struct {
	sync.Mutex
	names map[string]bool
}

// directory is a manager's own directory.
type directory struct {
	fs     vfs.FS
	isReal bool // fs is the operating system's
	path   string
	name   string // last element of path
	parent string
	// made are the directories that did not exist before: the parent and what it
	// is in, from the inside.
	made []string
	lock io.Closer
}

// makeDirectory makes and locks a new directory inside parent. On an error
// nothing is left, unless removing fails too.
func makeDirectory(fsys vfs.FS, isReal bool, parent string) (*directory, error) {
	var made []string
	for dir := parent; ; dir = fsys.PathDir(dir) {
		if _, err := fsys.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == fsys.PathDir(dir) {
			break
		}
		made = append(made, dir)
	}
	var err error
	for range attempts {
		d := &directory{fs: fsys, isReal: isReal, parent: parent, made: made}
		if err = d.make(); err == nil {
			return d, nil
		}
		if d.remove() != nil {
			break // the first error says more; a later sweep gets what is left
		}
	}
	return nil, err
}

func (d *directory) make() error {
	if err := d.fs.MkdirAll(d.parent, 0o700); err != nil {
		return err
	}
	var random [8]byte
	rand.Read(random[:]) // never fails
	d.name = fmt.Sprintf("gannet-%d-%s", os.Getpid(), hex.EncodeToString(random[:]))
	liveDirs.Lock()
	if liveDirs.names == nil {
		liveDirs.names = make(map[string]bool)
	}
	liveDirs.names[d.name] = true
	liveDirs.Unlock()

	path := d.fs.PathJoin(d.parent, d.name)
	if d.isReal {
		// Unlike MkdirAll, Mkdir fails if somebody made it before us.
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		d.path = path
	} else {
		d.path = path
		if err := d.fs.MkdirAll(path, 0o700); err != nil {
			return err
		}
	}
	lockPath := d.fs.PathJoin(path, lockName)
	lock, err := d.fs.Lock(lockPath)
	if err != nil {
		return err
	}
	d.lock = lock
	// A sweeper that had the lock before us has removed the file by now.
	_, err = d.fs.Stat(lockPath)
	return err
}

// remove removes the directory and what is in it. It tries twice, so that a
// passing fault leaves nothing, and may be called again after an error.
func (d *directory) remove() error {
	// Where open files cannot be removed the lock has to go first. A sweeper
	// that gets it now does what we are about to do.
	var first error
	if d.lock != nil {
		if err := d.lock.Close(); err != nil {
			first = err
		}
		d.lock = nil
	}
	if d.path != "" {
		err := d.fs.RemoveAll(d.path)
		if err != nil {
			err = d.fs.RemoveAll(d.path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		d.path = ""
	}
	if d.name != "" {
		liveDirs.Lock()
		delete(liveDirs.names, d.name)
		liveDirs.Unlock()
		d.name = ""
	}
	for _, dir := range d.made {
		err := d.fs.Remove(dir)
		if err != nil {
			err = d.fs.Remove(dir)
		}
		if err != nil {
			break // as it should, while another process uses it
		}
	}
	return first
}

// Sweep removes what dead processes left in the manager's Dir; the first Create
// does it, too. It makes nothing, and what cannot be removed stays.
func (m *Manager) Sweep() {
	d := &directory{fs: m.opts.FS, isReal: m.isReal, parent: m.opts.Dir}
	d.sweep()
}

// sweep removes the directories that dead processes left in parent. It is a
// service to the user: errors are nobody's problem.
func (d *directory) sweep() {
	names, err := d.fs.List(d.parent)
	if err != nil {
		return
	}
	for _, name := range names {
		if !dirPattern.MatchString(name) {
			continue
		}
		liveDirs.Lock()
		live := liveDirs.names[name]
		liveDirs.Unlock()
		if !live {
			d.sweepOne(name)
		}
	}
}

// makerDied reports whether the process that made the directory of that name is
// known to be dead.
func makerDied(name string) bool {
	pid, err := strconv.Atoi(dirPattern.FindStringSubmatch(name)[1])
	return err == nil && pid > 0 && processDied(pid)
}

func (d *directory) sweepOne(name string) {
	path := d.fs.PathJoin(d.parent, name)
	var fi os.FileInfo
	var err error
	if d.isReal {
		if fi, err = os.Lstat(path); err != nil || !isOurs(fi) {
			return
		}
	} else if fi, err = d.fs.Stat(path); err != nil || !fi.IsDir() {
		return
	}
	lockPath := d.fs.PathJoin(path, lockName)
	if _, err := d.fs.Stat(lockPath); err != nil {
		// It is being made, or its process was killed then. A process in another
		// container, which seems dead from here, makes it anew.
		if errors.Is(err, fs.ErrNotExist) && (d.isReal && makerDied(name) || time.Since(fi.ModTime()) > unlockedAge) {
			_ = d.fs.Remove(path) // only if it is empty
		}
		return
	}
	lock, err := d.fs.Lock(lockPath)
	if err != nil {
		return // its process lives
	}
	if !unlinkOpen {
		_ = lock.Close()
		_ = d.fs.RemoveAll(path)
		return
	}
	_ = d.fs.RemoveAll(path)
	_ = lock.Close()
}
