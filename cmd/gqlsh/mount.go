package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/format"
)

// dataExtensions are the endings of files that become views.
var dataExtensions = []string{
	".parquet", ".csv", ".tsv", ".tbl", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst",
}

// marker is the file that makes a directory a database.
const marker = "GANNET"

// mount is a data file, or a directory of them, that becomes a view.
type mount struct{ name, path string }

// mountsOf lists the views to make when the shell is started on path: the data
// files of a directory that is not a database, or one data file. It is nil for
// everything else, which the engine opens or refuses.
func mountsOf(path string) ([]mount, error) {
	if path == "" || path == ":memory:" {
		return nil, nil
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil // the engine says what it thinks of it
	}
	if !st.IsDir() {
		if base, ok := cutExtension(st.Name()); ok && st.Mode().IsRegular() {
			return []mount{{viewName(base, map[string]bool{}), path}}, nil
		}
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(path, marker)); err == nil {
		return nil, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	out := []mount{}
	taken := map[string]bool{}
	for _, e := range entries {
		full := filepath.Join(path, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		st, err := os.Stat(full) // follows links
		if err != nil {
			continue
		}
		if st.IsDir() {
			if holdsData(full) {
				out = append(out, mount{viewName(e.Name(), taken), full})
			}
			continue
		}
		if base, ok := cutExtension(e.Name()); ok && st.Mode().IsRegular() {
			out = append(out, mount{viewName(base, taken), full})
		}
	}
	return out, nil
}

// cutExtension returns a data file's name without its ending.
func cutExtension(name string) (base string, ok bool) {
	low := strings.ToLower(name)
	longest := ""
	for _, ext := range dataExtensions {
		if strings.HasSuffix(low, ext) && len(ext) > len(longest) && len(ext) < len(low) {
			longest = ext
		}
	}
	return name[:len(name)-len(longest)], longest != ""
}

var errFound = errors.New("found")

// holdsData reports whether there is a data file in or below dir.
func holdsData(dir string) bool {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read holds nothing
		}
		if e.IsDir() {
			if path != dir && strings.HasPrefix(e.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if _, ok := cutExtension(e.Name()); ok {
			return errFound
		}
		return nil
	})
	return errors.Is(err, errFound)
}

// viewName makes an identifier of a file's name that needs no quotes and that
// is not taken yet.
func viewName(base string, taken map[string]bool) string {
	var b strings.Builder
	for _, r := range base {
		switch {
		case r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r >= 0x80:
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	name := b.String()
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	plain := name
	for i := 1; taken[strings.ToLower(name)]; i++ {
		name = plain + "_" + strconv.Itoa(i)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// mount makes the views. A file that cannot be opened is reported and left
// out; the others are there.
func (s *shell) mount(mounts []mount) {
	for _, m := range mounts {
		path := m.path
		if strings.HasPrefix(path, "-") {
			path = "./" + path
		}
		sql := "CREATE VIEW " + format.QuoteIdent(m.name) + " AS FROM " + format.QuoteString(escapeGlob(path))
		if err := s.query(s.ctx, sql); err != nil {
			_ = s.flush()
			failed := s.failed
			s.fail("", err)
			s.failed = failed
		}
	}
}

// escapeGlob keeps the characters of a path from being taken for a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}
