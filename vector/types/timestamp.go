package types

// Ticks is the number of ticks in a second of a timestamp type: 1, 1e3, 1e6 or
// 1e9; 0 for other types.
func (t Type) Ticks() int64 {
	switch t.ID {
	case TimestampS:
		return 1
	case TimestampMS:
		return 1e3
	case Timestamp, TimestampTZ:
		return 1e6
	case TimestampNS:
		return 1e9
	}
	return 0
}

// FloorDiv returns a/b rounded down and the remainder in [0, b); b > 0.
func FloorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		return q - 1, r + b
	}
	return q, r
}

// SplitTimestamp returns the day and the microseconds within it of a finite
// timestamp in microseconds.
func SplitTimestamp(ts int64) (day int32, micros int64) {
	d, m := FloorDiv(ts, MicrosPerDay)
	return int32(d), m
}

// JoinTimestamp is the inverse of SplitTimestamp for any micros; ok is false
// beyond MinTimestamp and MaxTimestamp. Infinite days give infinite
// timestamps.
func JoinTimestamp(day int32, micros int64) (ts int64, ok bool) {
	switch day {
	case DateInfinity:
		return TSInfinity, true
	case DateNegInfinity:
		return TSNegInfinity, true
	}
	x := mulInt64(int64(day), MicrosPerDay).Add(Int128From(micros))
	ts = int64(x.Lo)
	return ts, x.IsInt64() && ts >= MinTimestamp && ts <= MaxTimestamp
}

// ScaleTimestamp converts a timestamp between ticks per second; to fewer ticks
// it rounds half away from zero as DuckDB does; ok is false on overflow.
// Infinities stay.
func ScaleTimestamp(ts, from, to int64) (int64, bool) {
	if from == to || !TimestampFinite(ts) {
		return ts, true
	}
	if to > from {
		x := mulInt64(ts, to/from)
		return int64(x.Lo), x.IsInt64() && TimestampFinite(int64(x.Lo))
	}
	f := from / to
	q, r := ts/f, ts%f
	if r >= f-r {
		q++
	} else if r <= -f-r {
		q--
	}
	return q, true
}

// AppendTime appends a TIME: 12:34:56.789.
func AppendTime(dst []byte, micros int64) []byte {
	s := micros / MicrosPerSecond
	dst = appendClock(dst, s)
	return appendFraction(dst, micros%MicrosPerSecond, 6)
}

// appendClock appends seconds of a day as hh:mm:ss; more than 99 hours take
// more digits.
func appendClock(dst []byte, s int64) []byte {
	h := s / 3600
	if h < 100 {
		dst = append(dst, byte('0'+h/10), byte('0'+h%10))
	} else {
		dst = appendPadded(dst, uint64(h), 2)
	}
	m, s := s/60%60, s%60
	return append(dst, ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10))
}

// appendFraction appends a point and f as digits, without trailing zeros;
// nothing for 0.
func appendFraction(dst []byte, f int64, digits int) []byte {
	if f == 0 {
		return dst
	}
	dst = append(dst, '.')
	for p := Pow10[digits-1]; f > 0; p /= 10 {
		dst = append(dst, byte('0'+f/p))
		f %= p
	}
	return dst
}

// TimeTZ values are microseconds << 24 | (MaxTimeOffset - offset), so that
// they sort by instant first when compared with TimeTZKey.
const MaxTimeOffset = 16*60*60 - 1

// MakeTimeTZ packs a time of day and an offset in seconds east of UTC.
func MakeTimeTZ(micros int64, offset int) int64 {
	return micros<<24 | int64(MaxTimeOffset-offset)
}

// SplitTimeTZ unpacks a TIME WITH TIME ZONE.
func SplitTimeTZ(v int64) (micros int64, offset int) {
	return int64(uint64(v) >> 24), MaxTimeOffset - int(v&0xffffff)
}

// TimeTZKey returns what orders values of TIME WITH TIME ZONE: the UTC instant,
// then the offset.
func TimeTZKey(v int64) int64 {
	const micros24 = int64(MicrosPerSecond) << 24
	return v + (v&0xffffff)*micros24
}

// AppendTimeTZ appends a TIME WITH TIME ZONE: 12:34:56+02:30.
func AppendTimeTZ(dst []byte, v int64) []byte {
	micros, offset := SplitTimeTZ(v)
	return AppendOffset(AppendTime(dst, micros), offset)
}

// AppendOffset appends an offset in seconds east of UTC: +00, -08, +05:30,
// +00:53:28.
func AppendOffset(dst []byte, s int) []byte {
	if s < 0 {
		dst = append(dst, '-')
		s = -s
	} else {
		dst = append(dst, '+')
	}
	h, m, s := s/3600, s/60%60, s%60
	dst = append(dst, byte('0'+h/10), byte('0'+h%10))
	if m != 0 || s != 0 {
		dst = append(dst, ':', byte('0'+m/10), byte('0'+m%10))
	}
	if s != 0 {
		dst = append(dst, ':', byte('0'+s/10), byte('0'+s%10))
	}
	return dst
}

// AppendTimestamp appends a timestamp of the given ticks per second:
// 2020-01-31 12:34:56.789, infinity.
func AppendTimestamp(dst []byte, ts, ticks int64) []byte {
	switch ts {
	case TSInfinity:
		return append(dst, "infinity"...)
	case TSNegInfinity:
		return append(dst, "-infinity"...)
	}
	sec, frac := FloorDiv(ts, ticks)
	day, s := FloorDiv(sec, 86400)
	if day > MaxDate || day < MinDate {
		// TIMESTAMP_S and TIMESTAMP_MS reach beyond the calendar.
		return AppendInt128(dst, Int128From(ts))
	}
	dst = AppendDate(dst, int32(day))
	dst = append(dst, ' ')
	dst = appendClock(dst, s)
	digits := 0
	switch ticks {
	case 1e3:
		digits = 3
	case 1e6:
		digits = 6
	case 1e9:
		digits = 9
	}
	return appendFraction(dst, frac, digits)
}

// AppendTimestampTZ appends a TIMESTAMP WITH TIME ZONE as seen in zone z:
// 2020-01-31 12:34:56.789+02.
func AppendTimestampTZ(dst []byte, ts int64, z *Zone) []byte {
	if !TimestampFinite(ts) {
		return AppendTimestamp(dst, ts, 1e6)
	}
	off := z.Offset(ts)
	local := ts + int64(off)*MicrosPerSecond
	return AppendOffset(AppendTimestamp(dst, local, 1e6), off)
}

// scanClock reads h:m[:s[.f]] at b[i:] and returns the seconds and nanoseconds
// behind midnight. Hours have one or two digits (more when long, which also
// lifts the limit of a day), minutes and seconds at most two. After a colon at
// the end of the text what is missing is 0.
func scanClock(b []byte, i int, long bool) (secs, nanos int64, next int, st ParseStatus) {
	h, j := int64(0), i
	for j < len(b) && isDigit(b[j]) && j-i < 11 {
		h = h*10 + int64(b[j]-'0')
		j++
	}
	if j == i || !long && j-i > 2 || j == len(b) || b[j] != ':' {
		return 0, 0, i, BadFormat
	}
	if j+1 == len(b) && !long {
		if h *= 3600; h > 86400 {
			return 0, 0, j, BadRange
		}
		return h, 0, j + 1, ParseOK
	}
	m, j, ok := oneOrTwoDigits(b, j+1)
	if !ok {
		return 0, 0, i, BadFormat
	}
	s := 0
	if j+1 == len(b) && b[j] == ':' && !long {
		j++
	} else if j < len(b) && b[j] == ':' {
		if s, j, ok = oneOrTwoDigits(b, j+1); !ok {
			return 0, 0, i, BadFormat
		}
		if j < len(b) && b[j] == '.' {
			j++
			for p := int64(1e8); j < len(b) && isDigit(b[j]); j++ {
				nanos += int64(b[j]-'0') * p
				p /= 10
			}
		}
	}
	secs = (h*60+int64(m))*60 + int64(s)
	if m > 59 || s > 59 || !long && (secs > 86400 || secs == 86400 && nanos > 0) {
		return 0, 0, j, BadRange
	}
	return secs, nanos, j, ParseOK
}

// ParseTime reads a TIME: an optional date before it, h:m[:s[.f]], and then
// anything that is not a digit. Digits beyond microseconds are cut off.
func ParseTime(b []byte) (int64, ParseStatus) {
	micros, _, _, st := parseTime(b)
	return micros, st
}

func parseTime(b []byte) (micros int64, rest []byte, dated bool, st ParseStatus) {
	i := 0
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	secs, nanos, j, st := scanClock(b, i, false)
	if st == BadFormat {
		// A timestamp's time of day.
		_, n, special, dst := scanDate(b)
		if dst != ParseOK || special || n >= len(b) || b[n] != ' ' && b[n] != 'T' {
			return 0, nil, false, BadFormat
		}
		dated = true
		for n++; n < len(b) && isSpace(b[n]); {
			n++
		}
		secs, nanos, j, st = scanClock(b, n, false)
	}
	if st != ParseOK {
		return 0, nil, dated, st
	}
	if j < len(b) && isDigit(b[j]) {
		return 0, nil, dated, BadFormat
	}
	return secs*MicrosPerSecond + nanos/1000, b[j:], dated, ParseOK
}

// ParseTimeTZ reads a TIME WITH TIME ZONE: a TIME and an offset (±hh[:mm[:ss]]
// or Z), by default UTC. A text with a date is taken to UTC.
func ParseTimeTZ(b []byte) (int64, ParseStatus) {
	micros, rest, dated, st := parseTime(b)
	if st != ParseOK {
		return 0, st
	}
	off, n, _ := scanOffset(rest)
	if len(TrimSpace(rest[n:])) > 0 {
		return 0, BadFormat
	}
	if off > MaxTimeOffset || off < -MaxTimeOffset {
		return 0, BadRange
	}
	if dated {
		_, micros = FloorDiv(micros-int64(off)*MicrosPerSecond, MicrosPerDay)
		off = 0
	}
	return MakeTimeTZ(micros, off), ParseOK
}

// scanOffset reads Z or ±hh[[:]mm[:ss]] at the start of b.
func scanOffset(b []byte) (seconds, n int, ok bool) {
	if len(b) > 0 && b[0] == 'Z' {
		return 0, 1, true
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' || !isDigit(b[1]) || !isDigit(b[2]) {
		return 0, 0, false
	}
	s, i := int(b[1]-'0')*36000+int(b[2]-'0')*3600, 3
	for unit := 60; unit >= 1; unit /= 60 {
		j := i
		if j < len(b) && b[j] == ':' {
			j++
		}
		if j+1 >= len(b) || !isDigit(b[j]) || !isDigit(b[j+1]) {
			break
		}
		s += (int(b[j]-'0')*10 + int(b[j+1]-'0')) * unit
		i = j + 2
	}
	if b[0] == '-' {
		s = -s
	}
	return s, i, true
}

// scanTimestamp reads a timestamp: its day, nanoseconds, offset (hasZone when
// one was written) and the name of a zone.
func scanTimestamp(b []byte) (day int32, nanos int64, offset int, hasZone bool, zone []byte, st ParseStatus) {
	b = TrimSpace(b)
	day, i, special, st := scanDate(b)
	if st != ParseOK {
		return
	}
	if special {
		if i != len(b) {
			st = BadFormat
		}
		return
	}
	if i == len(b) {
		return
	}
	if b[i] != ' ' && b[i] != 'T' {
		st = BadFormat
		return
	}
	for i++; i < len(b) && isSpace(b[i]); {
		i++
	}
	secs, nanos, i, st := scanClock(b, i, false)
	nanos += secs * 1e9
	if st != ParseOK || i == len(b) {
		return
	}
	var n int
	if offset, n, hasZone = scanOffset(b[i:]); hasZone {
		if i+n != len(b) {
			st = BadFormat
		}
		return
	}
	if b[i] != ' ' || i+1 == len(b) {
		st = BadZone
		if isDigit(b[i]) || b[i] == ':' || b[i] == '+' || b[i] == '-' {
			st = BadFormat
		}
		return
	}
	zone = b[i+1:]
	return
}

// ParseTimestamp reads a TIMESTAMP in microseconds: a date, then optionally a
// space or T, a time and a zone, whose offset is ignored (BadZone for a named
// zone other than UTC).
func ParseTimestamp(b []byte) (int64, ParseStatus) {
	day, nanos, _, _, zone, st := scanTimestamp(b)
	if st != ParseOK {
		return 0, st
	}
	if zone != nil && !equalFold(zone, "utc") {
		return 0, BadZone
	}
	ts, ok := JoinTimestamp(day, nanos/1000)
	if !ok {
		return 0, BadRange
	}
	return ts, ParseOK
}

// ParseTimestampNS is ParseTimestamp for TIMESTAMP_NS.
func ParseTimestampNS(b []byte) (int64, ParseStatus) {
	day, nanos, _, _, zone, st := scanTimestamp(b)
	if st != ParseOK {
		return 0, st
	}
	if zone != nil && !equalFold(zone, "utc") {
		return 0, BadZone
	}
	if !DateFinite(day) {
		ts, _ := JoinTimestamp(day, 0)
		return ts, ParseOK
	}
	x := mulInt64(int64(day), 86400*1e9).Add(Int128From(nanos))
	if !x.IsInt64() || !TimestampFinite(int64(x.Lo)) {
		return 0, BadRange
	}
	return int64(x.Lo), ParseOK
}

// ParseTimestampTZ reads a TIMESTAMP WITH TIME ZONE to microseconds UTC; a text
// without a zone is local time in z.
func ParseTimestampTZ(b []byte, z *Zone) (int64, ParseStatus) {
	day, nanos, offset, hasZone, zone, st := scanTimestamp(b)
	if st != ParseOK {
		return 0, st
	}
	ts, ok := JoinTimestamp(day, nanos/1000)
	if !ok {
		return 0, BadRange
	}
	if !DateFinite(day) {
		return ts, ParseOK
	}
	if zone != nil {
		var err error
		if z, err = LoadZone(string(zone)); err != nil {
			return 0, BadZone
		}
	}
	if !hasZone {
		offset = z.LocalOffset(ts)
	}
	ts -= int64(offset) * MicrosPerSecond
	if ts < MinTimestamp || ts > MaxTimestamp {
		return 0, BadRange
	}
	return ts, ParseOK
}
