package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

var units = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}, {"bytes", 1}, {"byte", 1}, {"b", 1},
}

// ParseSize reads a number of bytes with a unit: 512MiB, 1.5GB, 100000B. KB is
// 1,000 bytes and KiB 1,024. A number without a unit is refused, since
// people mean different things by it. Error 22023.
func ParseSize(s string) (int64, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	for _, u := range units {
		digits, ok := strings.CutSuffix(t, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(f >= 0 && f*u.bytes < math.MaxInt64) { // NaN is neither
			break
		}
		return int64(f * u.bytes), nil
	}
	return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "invalid size %q", s).WithHint("write a number and a unit, such as 512MiB or 4GB")
}

// FormatSize writes n bytes with a binary unit and one decimal, as DuckDB
// does: 1.0 GiB.
func FormatSize(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, unit := float64(n)/(1<<10), 0
	for f >= 1<<10 && unit < 3 {
		f /= 1 << 10
		unit++
	}
	return fmt.Sprintf("%.1f %s", f, [...]string{"KiB", "MiB", "GiB", "TiB"}[unit])
}
