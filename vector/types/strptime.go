package types

import (
	"bytes"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// CheckDateFormat refuses specifiers that do not exist in a format of strftime or
// strptime: text with specifiers as of C's strftime, %Y or %-d. Error: 22023.
func CheckDateFormat(f []byte) error {
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

// ParsedDate are the fields that ParseByFormat read.
type ParsedDate struct {
	year, month, day, doy    int64
	hour, minute, second     int64
	nanos                    int64
	offset                   int
	pm, hasPM, hasDoy, zoned bool
}

// ParseByFormat reads s by the format f, which CheckDateFormat has seen; ok is
// false when it does not match.
func ParseByFormat(s, f []byte) (v ParsedDate, ok bool) {
	v = ParsedDate{year: 1900, month: 1, day: 1}
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			if isSpace(f[i]) {
				for len(s) > 0 && isSpace(s[0]) {
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
			_, s, good = readName(s, englishDays[:], f[i] == 'a')
		case 'b', 'h', 'B':
			v.month, s, good = readName(s, englishMonths[:], f[i] != 'B')
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
			for k < len(s) && !isSpace(s[k]) {
				k++
			}
			z, err := LoadZone(string(s[:k]))
			if good = err == nil && k > 0; good {
				v.zoned = true
				day, ok := MakeDate(int(v.year), int(max(min(v.month, 12), 1)), 1)
				ts, ok2 := JoinTimestamp(day, 0)
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

// Timestamp turns the fields into microseconds; false when they name no time.
func (v *ParsedDate) Timestamp() (int64, bool) {
	day, ok := v.Date()
	if !ok {
		return 0, false
	}
	return JoinTimestamp(day, ((v.hour*60+v.minute)*60+v.second-int64(v.offset))*MicrosPerSecond+v.nanos/1000)
}

// Date turns the fields into a day; false when they name none.
func (v *ParsedDate) Date() (int32, bool) {
	if v.year < -6000000 || v.year > 6000000 || v.month < 1 || v.month > 12 || v.day < 1 || v.day > 31 {
		return 0, false
	}
	if v.hasDoy {
		day, ok := MakeDate(int(v.year), 1, 1)
		return day + int32(v.doy-1), ok
	}
	return MakeDate(int(v.year), int(v.month), int(v.day))
}

var (
	englishDays   = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	englishMonths = [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)
