package types

import "math"

// Infinite dates and timestamps, and the bounds of finite ones.
const (
	DateInfinity    = math.MaxInt32
	DateNegInfinity = -math.MaxInt32
	MaxDate         = math.MaxInt32 - 1    // 5881580-07-10
	MinDate         = -math.MaxInt32 + 1   // 5877642-06-25 (BC)
	TSInfinity      = math.MaxInt64        // of every timestamp type
	TSNegInfinity   = -math.MaxInt64       //
	MaxTimestamp    = math.MaxInt64 - 1    // 294247-01-10 04:00:54.775806, in microseconds
	MinTimestamp    = -9223372022400000000 // 290309-12-22 (BC) 00:00:00, in microseconds
)

// Units of time in microseconds.
const (
	MicrosPerMilli  = 1000
	MicrosPerSecond = 1000 * MicrosPerMilli
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
)

// The proleptic Gregorian calendar by Euclidean affine functions (Neri and
// Schneider, "Euclidean affine functions and their application to calendar
// algorithms", Software: Practice and Experience, 2023): years start in March
// and are shifted by whole 400-year cycles, so that everything is unsigned.
const (
	cycles     = 14700
	dayShift   = 719468 + 146097*cycles
	yearsShift = 400 * cycles
)

// Civil returns the date of a day number (days since 1970-01-01). Year 0 is
// 1 BC.
func Civil(days int32) (year, month, day int) {
	n := uint64(int64(days) + dayShift)
	n1 := 4*n + 3
	c := n1 / 146097
	nc := uint32(n1%146097) / 4
	p2 := 2939745 * uint64(4*nc+3)
	z := p2 >> 32
	ny := uint32(p2) / 2939745 / 4
	n3 := 2141*ny + 197913
	m, d := n3>>16, n3&0xffff/2141
	y := int(100*c+z) - yearsShift
	if ny >= 306 {
		y++
		m -= 12
	}
	return y, int(m), int(d) + 1
}

// DayNumber returns the day number of a date that exists; years must be within
// ±5,881,580 or so. It does not check.
func DayNumber(year, month, day int) int64 {
	y, m := uint64(year+yearsShift), uint64(month)
	if m <= 2 {
		y--
		m += 12
	}
	c := y / 100
	return int64(1461*y/4-c+c/4+(979*m-2919)/32+uint64(day-1)) - dayShift
}

// IsLeap reports whether year (0 = 1 BC) has a 29th of February.
func IsLeap(year int) bool { return year&3 == 0 && (year%100 != 0 || year%400 == 0) }

var monthDays = [13]int8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysInMonth returns the length of a month (1 to 12).
func DaysInMonth(year, month int) int {
	if month == 2 && IsLeap(year) {
		return 29
	}
	return int(monthDays[month])
}

// MakeDate returns the day number of year-month-day and whether that date
// exists and is within MinDate and MaxDate.
func MakeDate(year, month, day int) (int32, bool) {
	if year < -5877641 || year > 5881580 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month) {
		return 0, false
	}
	n := DayNumber(year, month, day)
	return int32(n), n >= MinDate && n <= MaxDate
}

// DateFinite reports whether d is neither infinity.
func DateFinite(d int32) bool { return d != DateInfinity && d != DateNegInfinity }

// TimestampFinite reports whether t, of any timestamp type, is neither
// infinity.
func TimestampFinite(t int64) bool { return t != TSInfinity && t != TSNegInfinity }

// AppendDate appends a DATE: 2020-01-31, 0044-03-15 (BC), infinity.
func AppendDate(dst []byte, d int32) []byte {
	switch d {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	y, m, day := Civil(d)
	if uint(y-1) < 9999 {
		return append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
			byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10))
	}
	bc := y <= 0
	if bc {
		y = 1 - y
	}
	dst = appendPadded(dst, uint64(y), 4)
	dst = append(dst, '-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10))
	if bc {
		dst = append(dst, " (BC)"...)
	}
	return dst
}

// appendPadded appends x with at least width digits.
func appendPadded(dst []byte, x uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for x > 0 || len(buf)-i < width {
		i--
		buf[i] = byte('0' + x%10)
		x /= 10
	}
	return append(dst, buf[i:]...)
}

// ParseStatus tells how reading a date, time or timestamp ended.
type ParseStatus uint8

// The outcomes. BadRange is a well-formed text that names no date (2020-02-30)
// or one beyond the type; BadZone a timestamp with a zone that is not UTC where
// none is allowed, or that is unknown.
const (
	ParseOK ParseStatus = iota
	BadFormat
	BadRange
	BadZone
)

// ParseDate reads a DATE as a cast does: spaces, an optional minus,
// year-month-day with '-', '/', '\' or a space between, " (BC)", and then
// anything that is not a digit; or infinity, inf, epoch with an optional minus.
func ParseDate(b []byte) (int32, ParseStatus) {
	// The fast path takes the canonical ten bytes.
	if len(b) == 10 && b[4] == '-' && b[7] == '-' {
		y0, y1, y2, y3 := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0'
		m0, m1, d0, d1 := b[5]-'0', b[6]-'0', b[8]-'0', b[9]-'0'
		if y0 <= 9 && y1 <= 9 && y2 <= 9 && y3 <= 9 && m0 <= 1 && m1 <= 9 && d0 <= 3 && d1 <= 9 {
			y := int(y0)*1000 + int(y1)*100 + int(y2)*10 + int(y3)
			m, d := int(m0)*10+int(m1), int(d0)*10+int(d1)
			if m < 1 || m > 12 || d < 1 || d > DaysInMonth(y, m) {
				return 0, BadRange
			}
			return int32(DayNumber(y, m, d)), ParseOK
		}
	}
	d, _, _, st := scanDate(b)
	return d, st
}

// ParseDateStrict is ParseDate that takes nothing but spaces behind the date:
// what sniffing and CSV columns of dates want.
func ParseDateStrict(b []byte) (int32, ParseStatus) {
	d, n, _, st := scanDate(b)
	if st == ParseOK && len(TrimSpace(b[n:])) > 0 {
		return 0, BadFormat
	}
	return d, st
}

// scanDate reads a date at the start of b and returns it, the bytes read and
// whether it was one of the special words.
func scanDate(b []byte) (days int32, n int, special bool, st ParseStatus) {
	i := 0
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	neg := false
	if i < len(b) && b[i] == '-' {
		neg = true
		i++
	}
	if i == len(b) {
		return 0, 0, false, BadFormat
	}
	if !isDigit(b[i]) {
		j := i
		for j < len(b) && b[j]|0x20 >= 'a' && b[j]|0x20 <= 'z' {
			j++
		}
		switch word := b[i:j]; {
		case equalFold(word, "epoch"):
			days = 0
		case equalFold(word, "infinity"), equalFold(word, "inf"):
			days = DateInfinity
			if neg {
				days = DateNegInfinity
			}
		default:
			return 0, 0, false, BadFormat
		}
		return days, j, true, ParseOK
	}
	year := 0
	for ; i < len(b) && isDigit(b[i]); i++ {
		if year > 10000000 {
			return 0, 0, false, BadRange
		}
		year = year*10 + int(b[i]-'0')
	}
	if i == len(b) {
		return 0, 0, false, BadFormat
	}
	sep := b[i]
	if sep != '-' && sep != '/' && sep != '\\' && sep != ' ' {
		return 0, 0, false, BadFormat
	}
	month, i, ok := oneOrTwoDigits(b, i+1)
	if !ok || i == len(b) || b[i] != sep {
		return 0, 0, false, BadFormat
	}
	day, i, ok := oneOrTwoDigits(b, i+1)
	if !ok {
		return 0, 0, false, BadFormat
	}
	if len(b)-i >= 5 && isSpace(b[i]) && b[i+1] == '(' && b[i+4] == ')' && equalFold(b[i+2:i+4], "bc") {
		if neg || year == 0 {
			return 0, 0, false, BadFormat
		}
		year = 1 - year
		i += 5
	} else if neg {
		year = -year
	}
	if i < len(b) && isDigit(b[i]) {
		return 0, 0, false, BadFormat
	}
	d, ok := MakeDate(year, month, day)
	if !ok {
		return 0, i, false, BadRange
	}
	return d, i, false, ParseOK
}

func oneOrTwoDigits(b []byte, i int) (v, next int, ok bool) {
	if i >= len(b) || !isDigit(b[i]) {
		return 0, i, false
	}
	v = int(b[i] - '0')
	i++
	if i < len(b) && isDigit(b[i]) {
		v = v*10 + int(b[i]-'0')
		i++
	}
	return v, i, true
}
