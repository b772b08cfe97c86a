package types

import "math"

// AddMonths moves a day number by months, to the last day of the month where
// the day does not exist there. Infinities stay; ok is false beyond the
// calendar.
func AddMonths(day int32, months int32) (int32, bool) {
	if !DateFinite(day) || months == 0 {
		return day, true
	}
	y, m, d := Civil(day)
	n := int64(y)*12 + int64(m-1) + int64(months)
	yy, mm := FloorDiv(n, 12)
	if yy < -5877641 || yy > 5881580 {
		return 0, false
	}
	return MakeDate(int(yy), int(mm)+1, min(d, DaysInMonth(int(yy), int(mm)+1)))
}

// AddInterval adds iv to a timestamp in microseconds: months first, then days,
// then microseconds. Infinities stay; ok is false beyond the range.
func AddInterval(ts int64, iv Interval) (int64, bool) {
	if !TimestampFinite(ts) {
		return ts, true
	}
	day, micros := SplitTimestamp(ts)
	if iv.Months != 0 {
		var ok bool
		if day, ok = AddMonths(day, iv.Months); !ok {
			return 0, false
		}
	}
	d := int64(day) + int64(iv.Days)
	x := mulInt64(d, MicrosPerDay).Add(Int128From(micros)).Add(Int128From(iv.Micros))
	ts = int64(x.Lo)
	return ts, x.IsInt64() && ts >= MinTimestamp && ts <= MaxTimestamp
}

// AddIntervalLocal adds iv to an instant by the calendar of zone z.
func AddIntervalLocal(ts int64, iv Interval, z *Zone) (int64, bool) {
	if z.utc || iv.Months == 0 && iv.Days == 0 {
		return AddInterval(ts, iv)
	}
	if !TimestampFinite(ts) {
		return ts, true
	}
	local, ok := AddInterval(z.ToLocal(ts), Interval{Months: iv.Months, Days: iv.Days})
	if !ok {
		return 0, false
	}
	return AddInterval(z.FromLocal(local), Interval{Micros: iv.Micros})
}

// Neg returns -iv and whether it fits.
func (iv Interval) Neg() (Interval, bool) {
	return Interval{-iv.Months, -iv.Days, -iv.Micros},
		iv.Months != math.MinInt32 && iv.Days != math.MinInt32 && iv.Micros != math.MinInt64
}

// Add returns iv+o, part by part, and whether it fits.
func (iv Interval) Add(o Interval) (Interval, bool) {
	m, d := int64(iv.Months)+int64(o.Months), int64(iv.Days)+int64(o.Days)
	u := iv.Micros + o.Micros
	ok := int64(int32(m)) == m && int64(int32(d)) == d && (iv.Micros^u)&(o.Micros^u) >= 0
	return Interval{int32(m), int32(d), u}, ok
}

// Sub returns iv-o, part by part, and whether it fits.
func (iv Interval) Sub(o Interval) (Interval, bool) {
	m, d := int64(iv.Months)-int64(o.Months), int64(iv.Days)-int64(o.Days)
	u := iv.Micros - o.Micros
	ok := int64(int32(m)) == m && int64(int32(d)) == d && (iv.Micros^o.Micros)&(iv.Micros^u) >= 0
	return Interval{int32(m), int32(d), u}, ok
}

// Mul returns iv*k, part by part, and whether it fits.
func (iv Interval) Mul(k int64) (Interval, bool) {
	m, d, u := mulInt64(int64(iv.Months), k), mulInt64(int64(iv.Days), k), mulInt64(iv.Micros, k)
	ok := m.IsInt64() && int64(int32(m.Lo)) == int64(m.Lo) && d.IsInt64() && int64(int32(d.Lo)) == int64(d.Lo) && u.IsInt64()
	return Interval{int32(m.Lo), int32(d.Lo), int64(u.Lo)}, ok
}

// MulFloat returns iv*f as PostgreSQL computes it: what is left of months goes
// into days of 30, what is left of days into microseconds; ok is false when a
// part does not fit.
func (iv Interval) MulFloat(f float64) (Interval, bool) {
	const perDay = 86400
	round := func(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }
	months, days := float64(iv.Months)*f, float64(iv.Days)*f
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	rest := round((months - wholeMonths) * 30)
	secs := round((days - wholeDays + rest - math.Trunc(rest)) * perDay)
	if math.Abs(secs) >= perDay {
		d := math.Trunc(secs / perDay)
		wholeDays += d
		secs -= d * perDay
	}
	wholeDays += math.Trunc(rest)
	micros := math.RoundToEven(float64(iv.Micros)*f + secs*1e6)
	if !(math.Abs(wholeMonths) <= math.MaxInt32 && math.Abs(wholeDays) <= math.MaxInt32 && math.Abs(micros) < 1<<63) {
		return Interval{}, false
	}
	return Interval{int32(wholeMonths), int32(wholeDays), int64(micros)}, true
}

// Normalize returns iv with 24 hours made days and 30 days made months: equal
// intervals have equal normal forms, and these compare by months, days,
// microseconds in that order. (The months may exceed 32 bits.)
func (iv Interval) Normalize() (months, days, micros int64) {
	d, micros := iv.Micros/MicrosPerDay, iv.Micros%MicrosPerDay
	d += int64(iv.Days)
	months, days = int64(iv.Months)+d/30, d%30
	// Parts of different signs borrow, so that the order is total.
	if micros < 0 {
		micros += MicrosPerDay
		days--
	}
	if days < 0 {
		days += 30
		months--
	}
	return months, days, micros
}

// Cmp returns -1, 0 or 1; months count 30 days and days 24 hours.
func (iv Interval) Cmp(o Interval) int {
	if iv == o {
		return 0
	}
	m1, d1, u1 := iv.Normalize()
	m2, d2, u2 := o.Normalize()
	for _, p := range [3][2]int64{{m1, m2}, {d1, d2}, {u1, u2}} {
		if p[0] != p[1] {
			if p[0] < p[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// TimestampDiff returns a-b as days and microseconds, both of one sign.
func TimestampDiff(a, b int64) (Interval, bool) {
	x := Int128From(a).Sub(Int128From(b))
	if !x.IsInt64() {
		return Interval{}, false
	}
	d := int64(x.Lo)
	return Interval{Days: int32(d / MicrosPerDay), Micros: d % MicrosPerDay}, true
}

// Age returns a-b in years, months, days and a time of day, as the calendar
// counts them.
func Age(a, b int64) (Interval, bool) {
	if a < b {
		iv, ok := Age(b, a)
		if !ok {
			return iv, false
		}
		return iv.Neg()
	}
	d1, t1 := SplitTimestamp(a)
	d2, t2 := SplitTimestamp(b)
	y1, m1, day1 := Civil(d1)
	y2, m2, day2 := Civil(d2)
	months := (y1-y2)*12 + m1 - m2
	days, micros := day1-day2, t1-t2
	if micros < 0 {
		micros += MicrosPerDay
		days--
	}
	if days < 0 {
		// Borrow the days of the month that the earlier date is in.
		days += DaysInMonth(y2, m2)
		months--
	}
	return Interval{int32(months), int32(days), micros}, true
}

// AppendInterval appends an INTERVAL: 1 year 2 months 3 days 04:05:06.789.
func AppendInterval(dst []byte, iv Interval) []byte {
	start := len(dst)
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = AppendInt128(dst, Int128From(n))
		dst = append(dst, ' ')
		dst = append(dst, unit...)
		if n != 1 && n != -1 {
			dst = append(dst, 's')
		}
	}
	part(int64(iv.Months/12), "year")
	part(int64(iv.Months%12), "month")
	part(int64(iv.Days), "day")
	if iv.Micros == 0 {
		if len(dst) > start {
			return dst
		}
		return append(dst, "00:00:00"...)
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	u := uint64(iv.Micros)
	if iv.Micros < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = appendClock(dst, int64(u/MicrosPerSecond))
	return appendFraction(dst, int64(u%MicrosPerSecond), 6)
}

// intervalUnit is what one of a named unit is worth.
type intervalUnit struct {
	months, days, micros int64
}

var intervalUnits = func() map[string]intervalUnit {
	m := map[string]intervalUnit{}
	add := func(u intervalUnit, names ...string) {
		for _, n := range names {
			m[n] = u
		}
	}
	add(intervalUnit{months: 12000}, "millennium", "millennia", "millenium", "millenniums", "mil", "mils")
	add(intervalUnit{months: 1200}, "century", "centuries", "c", "cent")
	add(intervalUnit{months: 120}, "decade", "decades", "dec", "decs")
	add(intervalUnit{months: 12}, "year", "years", "y", "yr", "yrs")
	add(intervalUnit{months: 3}, "quarter", "quarters")
	add(intervalUnit{months: 1}, "month", "months", "mon", "mons")
	add(intervalUnit{days: 7}, "week", "weeks", "w", "weekofyear")
	add(intervalUnit{days: 1}, "day", "days", "d", "dayofmonth")
	add(intervalUnit{micros: MicrosPerHour}, "hour", "hours", "h", "hr", "hrs")
	add(intervalUnit{micros: MicrosPerMinute}, "minute", "minutes", "m", "min", "mins")
	add(intervalUnit{micros: MicrosPerSecond}, "second", "seconds", "s", "sec", "secs")
	add(intervalUnit{micros: 1000}, "millisecond", "milliseconds", "ms", "msec", "msecs", "msecond", "mseconds")
	add(intervalUnit{micros: 1}, "microsecond", "microseconds", "us", "usec", "usecs", "usecond", "useconds")
	return m
}()

// IntervalUnit returns the interval that n units called name are, and whether
// the name is one and the interval fits: INTERVAL n DAY, to_days(n).
func IntervalUnit(n int64, name string) (Interval, bool) {
	u, ok := intervalUnits[name]
	if !ok {
		return Interval{}, false
	}
	return unitTimes(u, n, 0)
}

// unitTimes returns n units and frac millionths of one.
func unitTimes(u intervalUnit, n, frac int64) (Interval, bool) {
	m, d, us := mulInt64(u.months, n), mulInt64(u.days, n), mulInt64(u.micros, n)
	if !m.IsInt64() || !d.IsInt64() || !us.IsInt64() {
		return Interval{}, false
	}
	months, days, micros := int64(m.Lo), int64(d.Lo), int64(us.Lo)
	if frac != 0 {
		switch {
		case u.months > 1:
			months += frac * u.months / 1e6
			if u.months == 3 {
				days += frac * 3 % 1e6 * 30 / 1e6
			}
		case u.months == 1:
			days += frac * 30 / 1e6
		case u.days == 7:
			f := frac * 7
			days += f / 1e6
			micros += f % 1e6 * MicrosPerDay / 1e6
		case u.days == 1:
			micros += frac * MicrosPerDay / 1e6
		case u.micros == 1:
			if frac >= 500000 {
				micros++
			} else if frac <= -500000 {
				micros--
			}
		default:
			micros += frac * u.micros / 1e6
		}
	}
	return Interval{int32(months), int32(days), micros},
		int64(int32(months)) == months && int64(int32(days)) == days
}

// ParseInterval reads an INTERVAL: numbers with units (1 year 2 mons 3d), a
// time of day (-12:34:56.7), "ago" at the end. A number without a unit is
// seconds when it stands alone.
func ParseInterval(b []byte) (Interval, ParseStatus) {
	b = TrimSpace(b)
	if len(b) > 0 && b[0] == '@' {
		b = TrimSpace(b[1:])
	}
	var out Interval
	i, parts := 0, 0
	for i < len(b) {
		if isSpace(b[i]) {
			i++
			continue
		}
		neg := b[i] == '-'
		if neg {
			i++
		}
		j := i
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		if j == i {
			if !neg && parts > 0 && equalFold(b[i:], "ago") {
				var ok bool
				if out, ok = out.Neg(); !ok {
					return out, BadRange
				}
				return out, ParseOK
			}
			return out, BadFormat
		}
		var piece Interval
		ok := true
		if j < len(b) && b[j] == ':' {
			secs, nanos, next, st := scanClock(b, i, true)
			if st != ParseOK || next < len(b) && !isSpace(b[next]) {
				return out, BadFormat
			}
			us := mulInt64(secs, MicrosPerSecond).Add(Int128From(nanos / 1000))
			piece.Micros, ok = int64(us.Lo), us.IsInt64()
			j = next
		} else {
			n, fits := ParseInt64(b[i:j])
			if !fits {
				return out, BadRange
			}
			frac := int64(0)
			if j < len(b) && b[j] == '.' {
				j++
				for p := int64(1e5); j < len(b) && isDigit(b[j]); j++ {
					frac += int64(b[j]-'0') * p
					p /= 10
				}
			}
			for j < len(b) && isSpace(b[j]) {
				j++
			}
			k := j
			for k < len(b) && b[k]|0x20 >= 'a' && b[k]|0x20 <= 'z' {
				k++
			}
			if k-j > 16 {
				return out, BadFormat
			}
			var word [16]byte
			name := word[:copy(word[:], b[j:k])]
			for x := range name {
				name[x] |= 0x20
			}
			if k == j {
				if parts > 0 || k < len(b) {
					return out, BadFormat
				}
				name = append(name, 's')
			}
			u, known := intervalUnits[string(name)]
			if !known {
				return out, BadFormat
			}
			piece, ok = unitTimes(u, n, frac)
			j = k
		}
		if ok && neg {
			piece, ok = piece.Neg()
		}
		if ok {
			out, ok = out.Add(piece)
		}
		if !ok {
			return out, BadRange
		}
		i = j
		parts++
	}
	if parts == 0 {
		return out, BadFormat
	}
	return out, ParseOK
}
