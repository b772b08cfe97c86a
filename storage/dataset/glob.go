package dataset

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// Bounds on what a pattern may name.
const (
	maxDepth      = 64      // of directories below a pattern's start
	maxFiles      = 1 << 20 // of one table
	maxBraceTerms = 4096    // patterns that braces expand to
)

// slashes returns the path with slashes on systems that write backslashes.
func slashes(p string) string { return filepath.ToSlash(p) }

// hasMeta reports whether p holds a character that a glob gives a meaning.
func hasMeta(p string) bool { return strings.ContainsAny(p, "*?[{") }

// finder looks for files.
type finder struct {
	ctx     context.Context
	fs      storage.FS
	formats []Format
	format  *Format // the one wanted; nil: any
	out     []storage.FileInfo
	trail   [][2]uint64 // device and inode of the directories above, for loops
}

// find appends the files that one pattern names; their Name is the whole path.
func (f *finder) find(pattern string) error {
	p := slashes(pattern)
	if p == "" || strings.ContainsRune(p, 0) {
		return sqlerr.New(sqlerr.CodeUndefinedFile, "an empty path names no file")
	}
	start := len(f.out)
	// A name that exists means itself, whatever characters it has.
	info, err := f.fs.Stat(f.ctx, p)
	switch {
	case err == nil && info.IsDir():
		if err := f.directory(strings.TrimRight(p, "/"), info, 0); err != nil {
			return err
		}
		if len(f.out) == start {
			return sqlerr.New(sqlerr.CodeUndefinedFile, "no data file in the directory").WithFile(pattern, 0)
		}
		byPath(f.out[start:])
		return nil
	case err == nil:
		info.Name = p
		f.out = append(f.out, info)
		return nil
	case sqlerr.Is(err, sqlerr.CodeQueryCancelled):
		return err
	case !hasMeta(p):
		return f.suggest(p, err)
	}
	terms, err := braces(p)
	if err != nil {
		return err
	}
	for _, t := range terms {
		if err := f.glob(t); err != nil {
			return err
		}
	}
	found := f.out[start:]
	byPath(found)
	found = slices.CompactFunc(found, func(a, b storage.FileInfo) bool { return a.Name == b.Name })
	f.out = f.out[:start+len(found)]
	if len(found) == 0 {
		return sqlerr.New(sqlerr.CodeUndefinedFile, "no files match the pattern").WithFile(pattern, 0)
	}
	return nil
}

func byPath(files []storage.FileInfo) {
	slices.SortFunc(files, func(a, b storage.FileInfo) int { return strings.Compare(a.Name, b.Name) })
}

// braces expands {a,b}, innermost alternatives included; a brace without its
// partner stands for itself.
func braces(p string) ([]string, error) {
	todo, done := []string{p}, []string(nil)
	for len(todo) > 0 {
		if len(todo)+len(done) > maxBraceTerms {
			return nil, sqlerr.New(sqlerr.CodeLimitExceeded, "pattern expands to more than %d", maxBraceTerms).WithFile(p, 0)
		}
		t := todo[0]
		todo = todo[1:]
		open, end, commas := -1, -1, []int(nil)
	scan:
		for i := range len(t) {
			// The first closing brace ends the innermost group.
			switch t[i] {
			case '{':
				open, commas = i, nil
			case ',':
				commas = append(commas, i)
			case '}':
				if open >= 0 {
					end = i
					break scan
				}
			}
		}
		if end < 0 {
			done = append(done, t)
			continue
		}
		from := open + 1
		for _, c := range append(commas, end) {
			todo = append(todo, t[:open]+t[from:c]+t[end+1:])
			from = c + 1
		}
	}
	return done, nil
}

// glob walks a pattern without braces.
func (f *finder) glob(p string) error {
	base, rest := "", p
	if vol := filepath.VolumeName(p); vol != "" {
		base, rest = vol, p[len(vol):]
	}
	if strings.HasPrefix(rest, "/") {
		base += "/"
		rest = strings.TrimLeft(rest, "/")
	}
	segments := slices.DeleteFunc(strings.Split(rest, "/"), func(s string) bool { return s == "" })
	return f.walk(base, segments, 0)
}

// join appends a name to a directory's path; "" is the working directory.
func join(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// list lists a directory; what is no directory, or may not be read, matches
// nothing.
func (f *finder) list(dir string) ([]storage.FileInfo, error) {
	if dir == "" {
		dir = "."
	}
	entries, err := f.fs.List(f.ctx, dir)
	if err != nil && sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		return nil, err
	}
	return entries, nil
}

func (f *finder) walk(dir string, segments []string, depth int) error {
	if depth > maxDepth {
		return nil
	}
	if err := sqlerr.FromContext(f.ctx); err != nil {
		return err
	}
	if len(segments) == 0 {
		return nil
	}
	s, last := segments[0], len(segments) == 1
	if !hasMeta(s) {
		name := join(dir, s)
		if !last {
			return f.walk(name, segments[1:], depth+1)
		}
		info, err := f.fs.Stat(f.ctx, name)
		if err != nil || info.IsDir() {
			return sqlerr.FromContext(f.ctx)
		}
		return f.add(name, info)
	}
	entries, err := f.list(dir)
	if err != nil {
		return err
	}
	if s == "**" {
		if !last {
			if err := f.walk(dir, segments[1:], depth+1); err != nil {
				return err
			}
		}
		for _, e := range entries {
			name := join(dir, e.Name)
			switch {
			case strings.HasPrefix(e.Name, "."):
			case e.IsDir():
				if err := f.within(e, func() error { return f.walk(name, segments, depth+1) }); err != nil {
					return err
				}
			case last && (f.wanted(e.Name)):
				if err := f.add(name, e); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, e := range entries {
		if e.IsDir() == last || !match(s, e.Name) {
			continue
		}
		name := join(dir, e.Name)
		if last {
			err = f.add(name, e)
		} else {
			err = f.within(e, func() error { return f.walk(name, segments[1:], depth+1) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// within runs walk inside of directory d, unless d is one of those above:
// links may lead back.
func (f *finder) within(d storage.FileInfo, walk func() error) error {
	id := [2]uint64{d.Dev, d.Ino}
	if d.Ino != 0 && slices.Contains(f.trail, id) {
		return nil
	}
	f.trail = append(f.trail, id)
	err := walk()
	f.trail = f.trail[:len(f.trail)-1]
	return err
}

func (f *finder) add(name string, info storage.FileInfo) error {
	if len(f.out) >= maxFiles {
		return sqlerr.New(sqlerr.CodeLimitExceeded, "more than %d files", maxFiles)
	}
	info.Name = name
	f.out = append(f.out, info)
	return nil
}

// wanted reports whether a file found in a directory is one to read.
func (f *finder) wanted(name string) bool {
	k := byExtension(f.formats, name)
	return k != nil && (f.format == nil || f.format == k)
}

// directory adds the files of a directory and of those below it.
func (f *finder) directory(dir string, d storage.FileInfo, depth int) error {
	if depth > maxDepth {
		return nil
	}
	if dir == "" {
		dir = "/"
	}
	entries, err := f.fs.List(f.ctx, dir)
	if err != nil {
		return err
	}
	return f.within(d, func() error {
		for _, e := range entries {
			name := join(dir, e.Name)
			switch {
			case strings.HasPrefix(e.Name, ".") || strings.HasPrefix(e.Name, "_"):
			case e.IsDir():
				if err := f.directory(name, e, depth+1); err != nil {
					return err
				}
			case e.Mode.IsRegular() && f.wanted(e.Name):
				if err := f.add(name, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// match reports whether name matches the segment s of *, ? and classes. After
// a mismatch only the last star is moved on, for whatever an earlier star
// could gain the last one can gain too; so the time is at most the product of
// the lengths.
func match(s, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(s, ".") {
		return false
	}
	si, ni := 0, 0
	star, mark := -1, 0
	for ni < len(name) {
		if si < len(s) && s[si] == '*' {
			star, mark = si, ni
			si++
			continue
		}
		if ps, ns := matchOne(s[si:], name[ni:]); ps > 0 {
			si, ni = si+ps, ni+ns
			continue
		}
		if star < 0 {
			return false
		}
		_, n := utf8.DecodeRuneInString(name[mark:])
		mark += n
		si, ni = star+1, mark
	}
	return strings.Trim(s[si:], "*") == ""
}

// matchOne matches the first element of pattern s to the first character of
// name, which is not empty, and returns the bytes of both; zero when they do
// not match.
func matchOne(s, name string) (ps, ns int) {
	if s == "" {
		return 0, 0
	}
	r, ns := utf8.DecodeRuneInString(name)
	switch s[0] {
	case '?':
		return 1, ns
	case '[':
		body := s[1:]
		negated := strings.HasPrefix(body, "!") || strings.HasPrefix(body, "^")
		if negated {
			body = body[1:]
		}
		// A closing bracket in first place is a member.
		end := 0
		if len(body) > 0 {
			end = strings.IndexByte(body[1:], ']') + 1
		}
		if end <= 0 {
			break // no class: the bracket stands for itself
		}
		if inClass(body[:end], r) == negated {
			return 0, 0
		}
		return len(s) - len(body) + end + 1, ns
	}
	if s[0] == name[0] {
		return 1, 1
	}
	return 0, 0
}

// inClass reports whether r is one of the characters and ranges of class.
func inClass(class string, r rune) bool {
	rs := []rune(class)
	for i := 0; i < len(rs); i++ {
		lo, hi := rs[i], rs[i]
		if i+2 < len(rs) && rs[i+1] == '-' {
			hi = rs[i+2]
			i += 2
		}
		if lo <= r && r <= hi {
			return true
		}
	}
	return false
}
