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
	if err := types.CheckDateFormat(f); err != nil {
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
		v, ok := types.ParseByFormat(s.at(p), format)
		if ok {
			dst[p], ok = v.Timestamp()
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
			if err := types.CheckDateFormat(text); err != nil {
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
