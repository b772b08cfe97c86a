package types

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones on systems that bring none

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Zone is a time zone. It is safe for concurrent use.
type Zone struct {
	Name string
	loc  *time.Location
	utc  bool
}

// UTC is the zone without an offset.
var UTC = &Zone{Name: "UTC", loc: time.UTC, utc: true}

var zones struct {
	sync.Mutex
	byName map[string]*Zone // guarded by Mutex; lower-case names
}

// zoneAbbreviations are names that users write and that the IANA database does
// not list as zones.
var zoneAbbreviations = map[string]string{
	"pst": "America/Los_Angeles", "cst": "America/Chicago", "ist": "Asia/Kolkata", "jst": "Asia/Tokyo",
	"ast": "America/Anchorage", "ect": "Europe/Paris", "act": "Australia/Darwin", "aet": "Australia/Sydney",
	"art": "Africa/Cairo", "bst": "Asia/Dhaka", "cat": "Africa/Harare", "cnt": "America/St_Johns",
	"ctt": "Asia/Shanghai", "eat": "Africa/Addis_Ababa", "iet": "America/Indiana/Indianapolis",
	"mit": "Pacific/Apia", "net": "Asia/Yerevan", "nst": "Pacific/Auckland", "plt": "Asia/Karachi",
	"pnt": "America/Phoenix", "prt": "America/Puerto_Rico", "sst": "Pacific/Guadalcanal", "vst": "Asia/Ho_Chi_Minh",
}

// maxZones bounds the cache of zones, whose names come from data.
const maxZones = 1024

// LoadZone finds a zone by its IANA name, without regard to case; "" and "utc"
// are UTC, "local" the host's. An unknown name is error 22009.
func LoadZone(name string) (*Zone, error) {
	if name == "" || name == "UTC" {
		return UTC, nil
	}
	key := strings.ToLower(name)
	if key == "utc" {
		return UTC, nil
	}
	zones.Lock()
	defer zones.Unlock()
	if z := zones.byName[key]; z != nil {
		return z, nil
	}
	loc := lookupLocation(name, key)
	if loc == nil {
		return nil, sqlerr.New(sqlerr.CodeInvalidTimeZone, "unknown time zone '%s'", name)
	}
	z := &Zone{Name: loc.String(), loc: loc, utc: loc == time.UTC}
	if zones.byName == nil || len(zones.byName) >= maxZones {
		zones.byName = map[string]*Zone{}
	}
	zones.byName[key] = z
	return z, nil
}

func lookupLocation(name, key string) *time.Location {
	if len(name) > 64 {
		return nil
	}
	if key == "local" {
		return time.Local
	}
	if full := zoneAbbreviations[key]; full != "" {
		name = full
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc
	}
	if loc, err := time.LoadLocation(strings.ToUpper(name)); err == nil {
		return loc
	}
	// europe/berlin, america/new_york: capitals at the start of each word.
	b := []byte(key)
	start := true
	for i, c := range b {
		if start && 'a' <= c && c <= 'z' {
			b[i] = c - 0x20
		}
		start = c == '/' || c == '_' || c == '-'
	}
	if loc, err := time.LoadLocation(string(b)); err == nil {
		return loc
	}
	return nil
}

// Offset returns the seconds east of UTC at the instant ts (microseconds).
func (z *Zone) Offset(ts int64) int {
	if z.utc {
		return 0
	}
	s, _ := FloorDiv(ts, MicrosPerSecond)
	_, off := time.Unix(s, 0).In(z.loc).Zone()
	return off
}

// LocalOffset returns the offset that turns the local time ts (microseconds)
// into UTC by subtraction: that before the change for local times that occur
// twice or never.
func (z *Zone) LocalOffset(ts int64) int {
	if z.utc {
		return 0
	}
	// The two candidates are the offsets a day before and after; the right one
	// is that which holds at the instant it leads to.
	before := z.Offset(ts - MicrosPerDay)
	if z.Offset(ts-int64(before)*MicrosPerSecond) == before {
		return before
	}
	after := z.Offset(ts + MicrosPerDay)
	if z.Offset(ts-int64(after)*MicrosPerSecond) == after {
		return after
	}
	return before
}

// ToLocal returns the local time, in microseconds, of the instant ts;
// infinities stay.
func (z *Zone) ToLocal(ts int64) int64 {
	if z.utc || !TimestampFinite(ts) {
		return ts
	}
	return ts + int64(z.Offset(ts))*MicrosPerSecond
}

// FromLocal returns the instant of a local time; infinities stay.
func (z *Zone) FromLocal(ts int64) int64 {
	if z.utc || !TimestampFinite(ts) {
		return ts
	}
	return ts - int64(z.LocalOffset(ts))*MicrosPerSecond
}
