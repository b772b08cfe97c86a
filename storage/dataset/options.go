package dataset

import (
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// tristate is a BOOLEAN option with a default of its own.
type tristate int

const (
	auto tristate = iota
	no
	yes
)

// options are those of Source that dataset itself heeds.
type options struct {
	filename string // of the column; empty: none
	hive     tristate
	autocast bool
	union    bool
}

// parseOptions splits options into dataset's own and the format's.
func parseOptions(opts map[string]types.Value) (o options, rest map[string]types.Value, err error) {
	o.autocast = true
	rest = map[string]types.Value{}
	flag := func(name string, v types.Value) bool {
		if v.IsNull || v.Type.ID != types.Boolean {
			err = sqlerr.New(sqlerr.CodeInvalidArgument, "option %s must be true or false", name)
			return false
		}
		return v.I != 0
	}
	for name, v := range opts {
		switch name {
		case "filename":
			if !v.IsNull && v.Type.ID == types.Varchar && v.S != "" {
				o.filename = v.S
			} else if flag(name, v) {
				o.filename = "filename"
			}
		case "hive_partitioning":
			if o.hive = no; flag(name, v) {
				o.hive = yes
			}
		case "hive_types_autocast":
			o.autocast = flag(name, v)
		case "union_by_name":
			o.union = flag(name, v)
		default:
			rest[name] = v
		}
	}
	return o, rest, err
}
