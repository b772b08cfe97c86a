package budget

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// maxDetailTags is how many holders a refusal names.
const maxDetailTags = 5

// refusal is the error of Grow: what was wanted, by whom, and who holds the
// memory.
func (r *Reservation) refusal(n int64) error {
	if n < 0 || r.held.Load() < 0 {
		return sqlerr.New(sqlerr.CodeInternal, "memory reservation %q asked for %d bytes after its end or with a wrong size", r.tag, n)
	}
	return r.b.OutOfMemory("%s needs %s more", r.tag, formatBytes(n))
}

// OutOfMemory makes error 53200 for whoever cannot go on for another reason than
// that Grow failed: format and args say what is too much ("a window has a partition
// of 3 rows"), lower case and without a full stop. The error also tells the limit,
// what is in use, who holds it and which setting to change.
func (b *Budget) OutOfMemory(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.CodeOutOfMemory, "out of memory: %s, memory limit %s, in use %s",
		fmt.Sprintf(format, args...), formatBytes(b.Limit()), formatBytes(b.Used())).
		WithDetail("%s", b.topHolders()).
		WithHint("raise the setting memory_limit, or lower threads so that fewer workers hold memory at once")
}

// topHolders sums up what is held by tag and renders the largest.
func (b *Budget) topHolders() string {
	type sum struct {
		tag   string
		bytes int64
		count int
	}
	byTag := make(map[string]*sum)
	var sums []*sum
	for _, h := range b.Holders() {
		if h.Held == 0 {
			continue
		}
		s := byTag[h.Tag]
		if s == nil {
			s = &sum{tag: h.Tag}
			byTag[h.Tag] = s
			sums = append(sums, s)
		}
		s.bytes += h.Held
		s.count++
	}
	if len(sums) == 0 {
		return "nothing else holds memory"
	}
	slices.SortStableFunc(sums, func(x, y *sum) int {
		return cmp.Or(cmp.Compare(y.bytes, x.bytes), cmp.Compare(x.tag, y.tag))
	})
	var sb strings.Builder
	sb.WriteString("largest holders: ")
	for i, s := range sums {
		if i == maxDetailTags {
			fmt.Fprintf(&sb, ", %d more", len(sums)-i)
			break
		}
		if i > 0 {
			sb.WriteString(", ")
		}
		fmt.Fprintf(&sb, "%s %s", s.tag, formatBytes(s.bytes))
		if s.count > 1 {
			fmt.Fprintf(&sb, " (%d×)", s.count)
		}
	}
	return sb.String()
}

// formatBytes renders a number of bytes in binary units.
func formatBytes(n int64) string {
	switch {
	case n == math.MaxInt64:
		return "unlimited"
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
