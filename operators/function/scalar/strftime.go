package scalar

import (
	"bytes"
	"strconv"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// A format is text with specifiers as of C's strftime: %Y, %-d.

// checkFormat refuses specifiers that do not exist.
func checkFormat(f []byte) error {
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			continue
		}
		i++
		if i < len(f) && f[i] == '-' {
			i++
			if i < len(f) && bytes.IndexByte([]byte("dmyHIMSj"), f[i]) < 0 {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "unrecognized format for strftime or strptime: %%-%c", f[i])
			}
		}
		if i >= len(f) {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "trailing %% in a format")
		}
		if bytes.IndexByte([]byte("aAwudbhBmyYHIpMSgfnZzjUWVGcxX%-"), f[i]) < 0 {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "unrecognized format for strftime or strptime: %%%c", f[i])
		}
	}
	return nil
}

// pad appends x with at least width digits, or as it is when plain.
func pad(dst []byte, x int64, width int, plain bool) []byte {
	if plain || x < 0 {
		return strconv.AppendInt(dst, x, 10)
	}
	for p := types.Pow10[width-1]; p > 1 && x < p; p /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, x, 10)
}

// appendFormatted appends local microseconds ts by the format f, which was
// checked; off and zone are for %z and %Z.
func appendFormatted(dst, f []byte, ts int64, off int, zone string) []byte {
	day, micros := types.SplitTimestamp(ts)
	y, m, d := types.Civil(day)
	hour, minute, second, frac := micros/types.MicrosPerHour, micros/types.MicrosPerMinute%60, micros/types.MicrosPerSecond%60, micros%types.MicrosPerSecond
	hour12 := hour % 12
	if hour12 == 0 {
		hour12 = 12
	}
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			dst = append(dst, f[i])
			continue
		}
		i++
		plain := f[i] == '-'
		if plain {
			i++
		}
		switch f[i] {
		case 'a':
			dst = append(dst, dayNames[weekday(day)%7][:3]...)
		case 'A':
			dst = append(dst, dayNames[weekday(day)%7]...)
		case 'w':
			dst = pad(dst, weekday(day)%7, 1, true)
		case 'u':
			dst = pad(dst, weekday(day), 1, true)
		case 'd':
			dst = pad(dst, int64(d), 2, plain)
		case 'b', 'h':
			dst = append(dst, monthNames[m-1][:3]...)
		case 'B':
			dst = append(dst, monthNames[m-1]...)
		case 'm':
			dst = pad(dst, int64(m), 2, plain)
		case 'y':
			dst = pad(dst, max(int64(y), int64(-y))%100, 2, plain)
		case 'Y':
			dst = pad(dst, int64(y), 4, y < 0)
		case 'H':
			dst = pad(dst, hour, 2, plain)
		case 'I':
			dst = pad(dst, hour12, 2, plain)
		case 'p':
			dst = append(dst, "AMPM"[hour/12*2:hour/12*2+2]...)
		case 'M':
			dst = pad(dst, minute, 2, plain)
		case 'S':
			dst = pad(dst, second, 2, plain)
		case 'f':
			dst = pad(dst, frac, 6, false)
		case 'g':
			dst = pad(dst, frac/1000, 3, false)
		case 'n':
			dst = pad(dst, frac*1000, 9, false)
		case 'z':
			dst = types.AppendOffset(dst, off)
		case 'Z':
			dst = append(dst, zone...)
		case 'j':
			dst = pad(dst, dayPart(partDoy, day), 3, plain)
		case 'U':
			dst = pad(dst, (dayPart(partDoy, day)+6-weekday(day)%7)/7, 2, false)
		case 'W':
			dst = pad(dst, (dayPart(partDoy, day)+6-(weekday(day)+6)%7)/7, 2, false)
		case 'V':
			dst = pad(dst, dayPart(partWeek, day), 2, false)
		case 'G':
			dst = pad(dst, dayPart(partISOYear, day), 4, false)
		case 'c':
			dst = appendFormatted(dst, []byte("%Y-%m-%d %H:%M:%S"), ts, off, zone)
		case 'x':
			dst = appendFormatted(dst, []byte("%Y-%m-%d"), ts, off, zone)
		case 'X':
			dst = appendFormatted(dst, []byte("%H:%M:%S"), ts, off, zone)
		default:
			dst = append(dst, f[i])
		}
	}
	return dst
}

// formatState remembers the last format that was checked.
type formatState struct {
	format []byte
	valid  bool
	buf    []byte
}

func (s *formatState) check(f []byte) error {
	if s.valid && bytes.Equal(f, s.format) {
		return nil
	}
	if err := checkFormat(f); err != nil {
		return err
	}
	s.format, s.valid = append(s.format[:0], f...), true
	return nil
}

func formats(c *function.Call) *formatState {
	s, ok := c.Local.(*formatState)
	if !ok {
		s = &formatState{}
		c.Local = s
	}
	return s
}

// runStrftime takes value and format in either order.
func runStrftime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	value := 0
	if args[0].Type.ID == types.Varchar {
		value = 1
	}
	zone, name := types.UTC, ""
	if args[value].Type.ID == types.TimestampTZ {
		var err error
		if zone, err = zoneOf(c); err != nil {
			return err
		}
		name = zone.Name
	}
	t, f, r, st := numArg[int64](c, args, value), textArg(c, args, 1-value), living(c), formats(c)
	for k := range r.n {
		p := r.at(k)
		format := f.at(p)
		if err := st.check(format); err != nil {
			return err
		}
		ts := t.at(p)
		if !types.TimestampFinite(ts) {
			st.buf = types.AppendTimestamp(st.buf[:0], ts, 1e6)
		} else {
			off := zone.Offset(ts)
			st.buf = appendFormatted(st.buf[:0], format, ts+int64(off)*types.MicrosPerSecond, off, name)
		}
		if len(st.buf) > maxResult {
			return errTooLong()
		}
		out.PutString(p, st.buf)
	}
	return nil
}

// parsed are the fields that strptime read.
type parsed struct {
	year, month, day, doy    int64
	hour, minute, second     int64
	nanos                    int64
	offset                   int
	pm, hasPM, hasDoy, zoned bool
}

// parseFormatted reads s by the format f; ok is false when it does not match.
func parseFormatted(s, f []byte) (v parsed, ok bool) {
	v = parsed{year: 1900, month: 1, day: 1}
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			if isBlank(f[i]) {
				for len(s) > 0 && isBlank(s[0]) {
					s = s[1:]
				}
				continue
			}
			if len(s) == 0 || s[0] != f[i] {
				return v, false
			}
			s = s[1:]
			continue
		}
		i++
		if f[i] == '-' {
			i++
		}
		var n int64
		read := func(most int) bool {
			k := 0
			n = 0
			for k < len(s) && k < most && s[k]-'0' < 10 {
				n = n*10 + int64(s[k]-'0')
				k++
			}
			s = s[k:]
			return k > 0
		}
		fraction := func(digits int) bool {
			before := len(s)
			if !read(digits) {
				return false
			}
			v.nanos = n
			for range 9 - (before - len(s)) {
				v.nanos *= 10
			}
			return true
		}
		good := true
		switch f[i] {
		case 'a', 'A':
			_, s, good = readName(s, dayNames[:], f[i] == 'a')
		case 'b', 'h', 'B':
			v.month, s, good = readName(s, monthNames[:], f[i] != 'B')
			v.month++
		case 'w', 'u':
			good = read(1)
		case 'd':
			good = read(2)
			v.day = n
		case 'm':
			good = read(2)
			v.month = n
		case 'y':
			good = read(2)
			if v.year = 1900 + n; n < 69 {
				v.year += 100
			}
		case 'Y':
			neg := len(s) > 0 && s[0] == '-'
			if neg {
				s = s[1:]
			}
			good = read(6)
			if v.year = n; neg {
				v.year = -n
			}
		case 'H':
			good = read(2) && n < 24
			v.hour = n
		case 'I':
			good = read(2) && n >= 1 && n <= 12
			v.hour = n % 12
			v.hasPM = true
		case 'p':
			if len(s) < 2 || s[1]|0x20 != 'm' || s[0]|0x20 != 'a' && s[0]|0x20 != 'p' {
				return v, false
			}
			v.pm = s[0]|0x20 == 'p'
			s = s[2:]
		case 'M':
			good = read(2) && n < 60
			v.minute = n
		case 'S':
			good = read(2) && n < 60
			v.second = n
		case 'f':
			good = fraction(6)
		case 'g':
			good = fraction(3)
		case 'n':
			good = fraction(9)
		case 'j':
			good = read(3) && n >= 1 && n <= 366
			v.doy, v.hasDoy = n, true
		case 'U', 'W', 'V':
			good = read(2)
		case 'G':
			good = read(4)
		case 'z':
			v.offset, s, good = readOffset(s)
			v.zoned = true
		case 'Z':
			k := 0
			for k < len(s) && !isBlank(s[k]) {
				k++
			}
			z, err := types.LoadZone(string(s[:k]))
			if good = err == nil && k > 0; good {
				v.zoned = true
				day, ok := types.MakeDate(int(v.year), int(max(min(v.month, 12), 1)), 1)
				ts, ok2 := types.JoinTimestamp(day, 0)
				if ok && ok2 {
					v.offset = z.LocalOffset(ts)
				}
			}
			s = s[k:]
		case 'c', 'x', 'X':
			return v, false
		default:
			good = len(s) > 0 && s[0] == f[i]
			if good {
				s = s[1:]
			}
		}
		if !good {
			return v, false
		}
	}
	if v.hasPM && v.pm {
		v.hour += 12
	}
	return v, len(bytes.TrimRight(s, " ")) == 0
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// readName reads one of names, or its first three letters, in any case.
func readName(s []byte, names []string, short bool) (n int64, rest []byte, ok bool) {
	for i, name := range names {
		if short {
			name = name[:3]
		}
		if len(s) >= len(name) && bytes.EqualFold(s[:len(name)], []byte(name)) {
			return int64(i), s[len(name):], true
		}
	}
	return 0, s, false
}

// readOffset reads Z, ±hh, ±hhmm or ±hh:mm.
func readOffset(s []byte) (off int, rest []byte, ok bool) {
	if len(s) > 0 && s[0] == 'Z' {
		return 0, s[1:], true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' || s[1]-'0' > 9 || s[2]-'0' > 9 {
		return 0, s, false
	}
	off = int(s[1]-'0')*36000 + int(s[2]-'0')*3600
	rest = s[3:]
	m := rest
	if len(m) > 0 && m[0] == ':' {
		m = m[1:]
	}
	if len(m) >= 2 && m[0]-'0' < 6 && m[1]-'0' < 10 {
		off += int(m[0]-'0')*600 + int(m[1]-'0')*60
		rest = m[2:]
	}
	if s[0] == '-' {
		off = -off
	}
	return off, rest, true
}

// timestamp turns the fields into microseconds.
func (v *parsed) timestamp() (int64, bool) {
	day, err := dateOf(v.year, v.month, v.day)
	if v.hasDoy {
		if day, err = dateOf(v.year, 1, 1); err == nil {
			day += int32(v.doy - 1)
		}
	}
	if err != nil {
		return 0, false
	}
	return types.JoinTimestamp(day, ((v.hour*60+v.minute)*60+v.second-int64(v.offset))*types.MicrosPerSecond+v.nanos/1000)
}

// runStrptime is strptime, or try_strptime when Data is true.
func runStrptime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	try := c.Bound.Data.(bool)
	s, f, dst, r, st := textArg(c, args, 0), textArg(c, args, 1), vector.Values[int64](out), living(c), formats(c)
	for k := range r.n {
		p := r.at(k)
		format := f.at(p)
		if err := st.check(format); err != nil {
			return err
		}
		v, ok := parseFormatted(s.at(p), format)
		if ok {
			dst[p], ok = v.timestamp()
		}
		if !ok {
			if !try {
				return sqlerr.New(sqlerr.CodeInvalidDatetime, "could not parse string \"%s\" according to format specifier \"%s\"", shown(s.at(p)), shown(format))
			}
			out.SetNull(p)
		}
	}
	return nil
}

// bindStrptime gives an instant when a constant format has a zone.
func bindStrptime(try bool) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		b := &function.Bound{Params: args, Return: timestamp, Kernel: runStrptime, CanFail: true, Data: try}
		if f := consts[1]; f != nil && !f.IsNull {
			text := raw.StringBytes(f.S)
			if err := checkFormat(text); err != nil {
				return nil, err
			}
			if bytes.Contains(text, []byte("%z")) || bytes.Contains(text, []byte("%Z")) {
				b.Return = instant
			}
		}
		return b, nil
	}
}

var strftimes = []*function.Scalar{
	{Name: "strftime", Category: "date", Description: "A date or timestamp as text by a format.", Example: "strftime(TIMESTAMP '2020-02-09 02:04:05', '%a %-d %B %Y %H:%M:%S')", Result: "Sun 9 February 2020 02:04:05",
		Overloads: []function.Overload{failing(sig(varchar, runStrftime, timestamp, varchar)), failing(sig(varchar, runStrftime, varchar, timestamp)), stable(failing(sig(varchar, runStrftime, instant, varchar)))}},
	{Name: "strptime", Category: "date", Description: "The timestamp that a text is by a format.", Example: "strptime('Feb 29, 2020', '%b %d, %Y')", Result: "2020-02-29 00:00:00", Overloads: []function.Overload{binding(bindStrptime(false), varchar, varchar)}},
	{Name: "try_strptime", Category: "date", Description: "strptime that gives NULL where the text does not fit.", Example: "try_strptime('x', '%Y')", Result: "NULL", Overloads: []function.Overload{binding(bindStrptime(true), varchar, varchar)}},
}
