package gannet

import (
	"time"

	"github.com/gannetdb/gannet/vector/types"
)

// castText returns v as a cast to VARCHAR gives it in a time zone.
func castText(v types.Value, in *time.Location) string {
	return string(types.AppendValue(nil, v, typesZone(in)))
}

// castJSON returns v as JSON, instants as castText has them.
func castJSON(v types.Value, in *time.Location) []byte {
	return types.AppendJSON(nil, v, typesZone(in))
}

// typesZone returns a location as the engine knows it; UTC for others.
func typesZone(in *time.Location) *types.Zone {
	if in != nil {
		if z, err := types.LoadZone(in.String()); err == nil {
			return z
		}
	}
	return types.UTC
}
