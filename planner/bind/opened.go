package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/storage"
)

// opened are the tables that a statement has met: it reads each in one state,
// however often it names it, opens files once, and the planner sees that two
// scans are of the same rows.
type opened struct {
	files  map[string]storage.Table
	tables map[*catalog.Table]storage.Table
}

// path opens files, or returns what they were opened as before.
func (b *binder) path(p string, args OpenArgs) (storage.Table, error) {
	key := args.key(p)
	if t := b.opened.files[key]; t != nil {
		return t, nil
	}
	t, err := b.o.OpenPath(b.ctx, p, args)
	if err != nil {
		return nil, err
	}
	if b.opened.files == nil {
		b.opened.files = map[string]storage.Table{}
	}
	b.opened.files[key] = t
	return t, nil
}

// rows returns the rows of a table of the catalog as this statement sees them.
func (b *binder) rows(t *catalog.Table) storage.Table {
	if s := b.opened.tables[t]; s != nil {
		return s
	}
	if b.opened.tables == nil {
		b.opened.tables = map[*catalog.Table]storage.Table{}
	}
	s := t.Data.Snapshot()
	b.opened.tables[t] = s
	return s
}

// key tells apart what p and the arguments may open.
func (a OpenArgs) key(p string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%q %q %q", p, a.Function, a.Paths)
	names := make([]string, 0, len(a.Named))
	for n := range a.Named {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		v := a.Named[n]
		fmt.Fprintf(&s, " %q %q %q", n, v.Type.String(), v.String())
	}
	return s.String()
}
