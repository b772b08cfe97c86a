package types

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// parse reads s as type id and renders it again; "!" for an error.
func parse(id ID, s string) string {
	b := []byte(s)
	v := Value{Type: Of(id)}
	st := ParseOK
	ok := true
	switch id {
	case Boolean:
		var x bool
		x, ok = ParseBool(b)
		v = BoolValue(x)
	case BigInt:
		v.I, ok = ParseInt64(b)
	case UBigInt:
		var x uint64
		x, ok = ParseUint64(b)
		v.I = int64(x)
	case Double:
		v.F, ok = ParseFloat(b)
	case Float:
		var x float32
		x, ok = ParseFloat32(b)
		v.F = float64(x)
	case Date:
		var d int32
		d, st = ParseDate(b)
		v.I = int64(d)
	case Time:
		v.I, st = ParseTime(b)
	case TimeTZ:
		v.I, st = ParseTimeTZ(b)
	case Timestamp:
		v.I, st = ParseTimestamp(b)
	case TimestampNS:
		v.I, st = ParseTimestampNS(b)
	case TimestampTZ:
		v.I, st = ParseTimestampTZ(b, UTC)
	case IntervalID:
		v.Iv, st = ParseInterval(b)
	case UUID:
		var x Int128
		x, ok = ParseUUID(b)
		v = Int128Value(Of(UUID), x)
	case Blob:
		var x []byte
		x, ok = ParseBlob(nil, b)
		v.S = string(x)
	case Bit:
		var x []byte
		x, ok = ParseBit(nil, b)
		v.S = string(x)
	}
	if !ok || st != ParseOK {
		return "!"
	}
	return v.String()
}

func TestTextRoundTrips(t *testing.T) {
	for _, c := range []struct {
		id       ID
		in, want string
	}{
		{BigInt, " 12 ", "12"}, {BigInt, "12.5", "13"}, {BigInt, "-12.5", "-13"}, {BigInt, "12.4999", "12"},
		{BigInt, "1e3", "1000"}, {BigInt, "1e-1", "0"}, {BigInt, "15e-1", "2"}, {BigInt, "1_000", "1000"},
		{BigInt, "0x1F", "31"}, {BigInt, "0b101", "5"}, {BigInt, "+5", "5"}, {BigInt, "", "!"}, {BigInt, "-", "!"},
		{BigInt, ".5", "1"}, {BigInt, "5.", "5"}, {BigInt, ".", "!"}, {BigInt, "1e", "!"}, {BigInt, "1,000", "!"},
		{BigInt, "12a", "!"}, {BigInt, "1__0", "!"}, {BigInt, "_10", "!"}, {BigInt, "10_", "!"}, {BigInt, "0x", "!"},
		{BigInt, "-0x1F", "!"}, {BigInt, "1e2.5", "!"}, {BigInt, "9223372036854775807", "9223372036854775807"},
		{BigInt, "9223372036854775808", "!"}, {BigInt, "-9223372036854775808", "-9223372036854775808"}, {BigInt, "1e99", "!"},
		{BigInt, "0e99", "0"}, {BigInt, "1e-9999999999999", "0"},
		{UBigInt, "-0", "0"}, {UBigInt, "-1", "!"}, {UBigInt, "18446744073709551615", "18446744073709551615"}, {UBigInt, "18446744073709551616", "!"},
		{Boolean, "true", "true"}, {Boolean, "T", "true"}, {Boolean, "yes", "true"}, {Boolean, "on", "!"}, {Boolean, "0", "false"},
		{Boolean, "2", "!"}, {Boolean, " true ", "!"}, {Boolean, "TRUE", "true"}, {Boolean, "no", "false"},
		{Double, " 1.5 ", "1.5"}, {Double, "1e400", "inf"}, {Double, "1e-400", "0.0"}, {Double, "Infinity", "inf"}, {Double, "+inf", "inf"},
		{Double, "infinit", "!"}, {Double, "nan", "nan"}, {Double, "0x10", "!"}, {Double, "1_0", "10.0"}, {Double, ".1", "0.1"}, {Double, "1.", "1.0"},
		{Double, "1d", "!"}, {Double, "1e20", "1e+20"}, {Double, "1e15", "1000000000000000.0"}, {Double, "1e16", "1e+16"}, {Double, "0.0001", "0.0001"},
		{Double, "0.00001", "1e-05"}, {Double, "9999999999999999", "1e+16"}, {Double, "5e-324", "5e-324"}, {Double, "-0.0", "-0.0"},
		{Double, "999999999999999.9", "999999999999999.9"}, {Double, "9.5e15", "9500000000000000.0"},
		{Float, "123456.789", "123456.79"}, {Float, "0.00001234", "1.234e-05"}, {Float, "1e10", "10000000000.0"}, {Float, "1e39", "inf"},
		{Float, "0.00009999999", "9.999999e-05"}, {Float, "1.4e-45", "1e-45"},
		{Date, "2020-1-1", "2020-01-01"}, {Date, "2020/1/1", "2020-01-01"}, {Date, "2020-01/01", "!"}, {Date, "2020 01 01", "2020-01-01"},
		{Date, "20200101", "!"}, {Date, "2020-02-30", "!"}, {Date, " 2020-02-03 ", "2020-02-03"}, {Date, "2020-02-03 xx", "2020-02-03"},
		{Date, "2020-02-031", "!"}, {Date, "epoch", "1970-01-01"}, {Date, "Infinity", "infinity"}, {Date, "-inf", "-infinity"},
		{Date, "-0001-01-01", "0002-01-01 (BC)"}, {Date, "0000-01-01", "0001-01-01 (BC)"}, {Date, "20-01-01", "0020-01-01"},
		{Date, "5877642-06-25 (BC)", "5877642-06-25 (BC)"}, {Date, "5877642-06-24 (BC)", "!"}, {Date, "5881580-07-10", "5881580-07-10"},
		{Date, "5881580-07-11", "!"}, {Date, "12020-01-01", "12020-01-01"}, {Date, "0000-01-01 (BC)", "!"}, {Date, "", "!"}, {Date, "abc", "!"},
		{Time, "12:34:56", "12:34:56"}, {Time, "12:34:56.5", "12:34:56.5"}, {Time, "12:34", "12:34:00"}, {Time, "24:00:00", "24:00:00"},
		{Time, "1:2:3", "01:02:03"}, {Time, "25:00:00", "!"}, {Time, "12", "!"}, {Time, "12:34:56.1234567", "12:34:56.123456"},
		{Time, "12:34:60", "!"}, {Time, "2020-01-01 12:34:56", "12:34:56"}, {Time, "12:34:56+02", "12:34:56"}, {Time, "24:00:00.000001", "!"},
		{TimeTZ, "12:34:56+02", "12:34:56+02"}, {TimeTZ, "12:34:56.123-02:30:15", "12:34:56.123-02:30:15"}, {TimeTZ, "12:34:56+16", "!"},
		{TimeTZ, "2020-01-01 12:34:56+02", "10:34:56+00"},
		{Timestamp, "2020-01-01 12:00:00.1234567", "2020-01-01 12:00:00.123456"}, {Timestamp, "2020-01-01 12:00:00+02", "2020-01-01 12:00:00"},
		{Timestamp, "2020-01-01 12", "!"}, {Timestamp, "2020-01-01T12:00:00Z", "2020-01-01 12:00:00"}, {Timestamp, "2020-01-01", "2020-01-01 00:00:00"},
		{Timestamp, "2020-01-01 24:00:00", "2020-01-02 00:00:00"}, {Timestamp, "2020-01-01 24:00:01", "!"}, {Timestamp, "2020-01-01 23:59:60", "!"},
		{Timestamp, "2020-01-01 12:00:00 America/New_York", "!"}, {Timestamp, "2020-01-01 12:00:00 UTC", "2020-01-01 12:00:00"},
		{Timestamp, "2020-01-01x", "!"}, {Timestamp, "2020-01-01T", "!"}, {Timestamp, " 2020-01-01 1:2:3 ", "2020-01-01 01:02:03"},
		{Timestamp, "290309-12-22 (BC) 00:00:00", "290309-12-22 (BC) 00:00:00"}, {Timestamp, "290309-12-21 (BC) 00:00:00", "!"},
		{Timestamp, "294247-01-10 04:00:54.775806", "294247-01-10 04:00:54.775806"}, {Timestamp, "294247-01-10 04:00:54.775807", "!"},
		{Timestamp, "infinity", "infinity"}, {Timestamp, "-infinity", "-infinity"}, {Timestamp, "epoch", "1970-01-01 00:00:00"},
		{Timestamp, "2020-01-01 12:00:00.", "2020-01-01 12:00:00"}, {Timestamp, "2020-01-01 12:34:56abc", "!"},
		{TimestampNS, "2020-01-01 12:00:00.1234567891", "2020-01-01 12:00:00.123456789"}, {TimestampNS, "2900-01-01", "!"},
		{TimestampTZ, "2020-01-01 12:00:00+0230", "2020-01-01 09:30:00+00"}, {TimestampTZ, "2020-01-01 12:00:00+2", "!"},
		{TimestampTZ, "2020-01-01 12:00:00+02:30:15", "2020-01-01 09:29:45+00"}, {TimestampTZ, "2020-01-01 12:00:00 europe/berlin", "2020-01-01 11:00:00+00"},
		{TimestampTZ, "2020-01-01 12:00:00 pst", "2020-01-01 20:00:00+00"}, {TimestampTZ, "2020-01-01 12:00:00 +02", "!"},
		{TimestampTZ, "2020-01-01 12:00:00Z ", "2020-01-01 12:00:00+00"}, {TimestampTZ, "2020-01-01 12:00:00 xx", "!"},
		{IntervalID, "1 year 2 months 3 days 04:05:06.789", "1 year 2 months 3 days 04:05:06.789"}, {IntervalID, "-1 month", "-1 month"},
		{IntervalID, "1 month -1 day", "1 month -1 day"}, {IntervalID, "0 days", "00:00:00"}, {IntervalID, "25 hours", "25:00:00"},
		{IntervalID, "1 century 2 decades", "120 years"}, {IntervalID, "1.5 hours", "01:30:00"}, {IntervalID, "1.5 months", "1 month 15 days"},
		{IntervalID, "1 day ago", "-1 day"}, {IntervalID, "-12:34:56.5", "-12:34:56.5"}, {IntervalID, "13 months 35 days", "1 year 1 month 35 days"},
		{IntervalID, "2 years -1 months", "1 year 11 months"}, {IntervalID, "P1Y", "!"}, {IntervalID, "1y2mon3d", "1 year 2 months 3 days"},
		{IntervalID, "1 day 2", "!"}, {IntervalID, "1.5 years", "1 year 6 months"}, {IntervalID, "1.55 days", "1 day 13:12:00"},
		{IntervalID, "1.5 weeks", "10 days 12:00:00"}, {IntervalID, "1.123456789 seconds", "00:00:01.123456"}, {IntervalID, "1.5", "00:00:01.5"},
		{IntervalID, "-1.5 months", "-1 month -15 days"}, {IntervalID, "+1 day", "!"}, {IntervalID, "@ 1 day", "1 day"},
		{IntervalID, "1-2", "!"}, {IntervalID, "1 DAYS", "1 day"}, {IntervalID, "", "!"}, {IntervalID, "day", "!"}, {IntervalID, "99999999999 days", "!"},
		{IntervalID, "1 day, 2 hours", "!"}, {IntervalID, "0.5 month", "15 days"}, {IntervalID, "1.25 months", "1 month 7 days"},
		{IntervalID, "1.5 quarters", "4 months 15 days"}, {IntervalID, "0.001 days", "00:01:26.4"}, {IntervalID, "1.5 us", "00:00:00.000002"},
		{IntervalID, "1:60:00", "!"}, {IntervalID, "1 hour 12:00:00", "13:00:00"}, {IntervalID, "1_000 days", "!"}, {IntervalID, ".5 days", "!"},
		{IntervalID, "1 day ago 2 hours", "!"}, {IntervalID, "9223372036854775807 us", "2562047788:00:54.775807"}, {IntervalID, "9223372036854775808 us", "!"},
		{UUID, "{550e8400e29b41d4a716446655440000}", "550e8400-e29b-41d4-a716-446655440000"}, {UUID, "5-50E8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-446655440000"},
		{UUID, "550e8400-e29b-41d4-a716-44665544000", "!"}, {UUID, "550e8400-e29b-41d4-a716-4466554400000", "!"},
		{Blob, `\xAA\x00abc`, `\xAA\x00abc`}, {Blob, `\`, "!"}, {Blob, `\xG1`, "!"}, {Blob, "é", "!"}, {Blob, `\x41`, "A"},
		{Bit, "0101", "0101"}, {Bit, "010111110", "010111110"}, {Bit, "", "!"}, {Bit, "12", "!"}, {Bit, "11111111", "11111111"},
	} {
		if got := parse(c.id, c.in); got != c.want {
			t.Errorf("%s %q: got %q, want %q", Of(c.id), c.in, got, c.want)
		}
	}
}

func TestDecimalText(t *testing.T) {
	for _, c := range []struct {
		in   string
		w, s int
		want string
	}{
		{"12.5", 4, 1, "12.5"}, {"12.55", 4, 1, "12.6"}, {"-12.55", 4, 1, "-12.6"}, {"12.54999", 4, 1, "12.5"}, {"1e2", 5, 1, "100.0"},
		{"1e-2", 5, 3, "0.010"}, {"9999.99", 5, 1, "!"}, {"99999", 5, 1, "!"}, {"1_0.5", 5, 1, "10.5"}, {".5", 3, 1, "0.5"}, {"5.", 3, 1, "5.0"},
		{"1. 5", 3, 1, "!"}, {"", 3, 1, "!"}, {"abc", 3, 1, "!"}, {"1e-50", 3, 1, "0.0"}, {"0.00000000000000000000000000000000000001", 38, 38, ".00000000000000000000000000000000000001"},
		{"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"}, {"999999999999999999999999999999999999999", 38, 0, "!"},
		{" 7 ", 3, 0, "7"}, {"-0.05", 4, 2, "-0.05"}, {"123456789012345678", 18, 0, "123456789012345678"}, {"1234567890.12", 15, 2, "1234567890.12"},
		{"0.1", 1, 1, ".1"}, {"1.0", 1, 1, "!"}, {"-", 3, 1, "!"}, {"--1", 3, 1, "!"}, {"1.2.3", 5, 1, "!"},
	} {
		x, ok := ParseDecimal([]byte(c.in), c.w, c.s)
		got := "!"
		if ok {
			got = string(AppendDecimal(nil, x, c.w, c.s))
		}
		if got != c.want {
			t.Errorf("%q to DECIMAL(%d,%d): got %q, want %q", c.in, c.w, c.s, got, c.want)
		}
	}
}

func TestCalendarAgainstTime(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	check := func(d int32) {
		y, m, day := Civil(d)
		tm := time.Unix(int64(d)*86400, 0).UTC()
		if y != tm.Year() || m != int(tm.Month()) || day != tm.Day() {
			t.Fatalf("Civil(%d) = %d-%d-%d, want %v", d, y, m, day, tm)
		}
		if n := DayNumber(y, m, day); n != int64(d) {
			t.Fatalf("DayNumber(%d-%d-%d) = %d, want %d", y, m, day, n, d)
		}
		if s, st := ParseDate(AppendDate(nil, d)); DateFinite(d) && (st != ParseOK || s != d) {
			t.Fatalf("date %d does not round-trip: %s", d, AppendDate(nil, d))
		}
	}
	for d := int32(-800000); d < 800000; d += 7 {
		check(d)
	}
	for range 20000 {
		check(int32(r.Uint32()))
	}
	check(MinDate)
	check(MaxDate)
}

func TestTimestampRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		ts := int64(r.Uint64()) >> r.UintN(40)
		if ts < MinTimestamp || ts > MaxTimestamp {
			continue
		}
		text := AppendTimestamp(nil, ts, 1e6)
		if got, st := ParseTimestamp(text); st != ParseOK || got != ts {
			t.Fatalf("%d prints as %s, which reads as %d, %v", ts, text, got, st)
		}
	}
}

func TestZones(t *testing.T) {
	z, err := LoadZone("america/new_york")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"2021-03-14 01:30:00", "2021-03-14 01:30:00-05"}, {"2021-03-14 02:30:00", "2021-03-14 03:30:00-04"},
		{"2021-11-07 01:30:00", "2021-11-07 01:30:00-04"}, {"2021-07-01 00:00:00", "2021-07-01 00:00:00-04"},
	} {
		ts, st := ParseTimestampTZ([]byte(c[0]), z)
		if got := string(AppendTimestampTZ(nil, ts, z)); st != ParseOK || got != c[1] {
			t.Errorf("%s in New York is %s, want %s", c[0], got, c[1])
		}
	}
	if _, err := LoadZone("Nowhere/Land"); err == nil {
		t.Error("unknown zone accepted")
	}
}

func TestFloatsParseLikeStrconv(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 20000 {
		s := strconv.FormatInt(r.Int64N(1<<53), 10)
		k := r.IntN(len(s) + 1)
		s = s[:k] + "." + s[k:]
		want, _ := strconv.ParseFloat(s, 64)
		if got, ok := ParseFloat([]byte(s)); !ok || got != want {
			t.Fatalf("%s: %v, want %v", s, got, want)
		}
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) {
			continue
		}
		if got, ok := ParseFloat(AppendFloat(nil, f)); !ok || got != f {
			t.Fatalf("%v prints as %s, reads as %v", f, AppendFloat(nil, f), got)
		}
		g := float32(f)
		if got, ok := ParseFloat32(AppendFloat32(nil, g)); !ok || got != g {
			t.Fatalf("float %v prints as %s, reads as %v", g, AppendFloat32(nil, g), got)
		}
	}
}

func TestParsersDoNotAllocate(t *testing.T) {
	in := [][]byte{[]byte("123456"), []byte("-12.50"), []byte("2020-01-31"), []byte("2020-01-31 12:34:56.789"), []byte("1234567890.123456789"), []byte("1.5e30")}
	dst := make([]byte, 0, 200)
	n := testing.AllocsPerRun(100, func() {
		for _, b := range in {
			ParseInt64(b)
			ParseDecimal(b, 15, 2)
			ParseDate(b)
			ParseTimestamp(b)
			ParseFloat(b)
			ParseFloat32(b)
			ParseBool(b)
			ParseInterval(b)
		}
		dst = AppendTimestamp(dst[:0], 1580474096789000, 1e6)
		dst = AppendDecimal(dst, Int128From(-12345), 15, 2)
		dst = AppendFloat(dst, 1.5e300)
		dst = AppendInterval(dst, Interval{14, 3, 4})
		dst = AppendDate(dst, 18292)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "-", "1e5", "2020-01-01 12:00:00+02", "1 day -2 hours", "0x1f", "infinity", "12:34:56.789", ".", "{", `\x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, id := range []ID{Boolean, BigInt, UBigInt, Double, Float, Date, Time, TimeTZ, Timestamp, TimestampNS, TimestampTZ, IntervalID, UUID, Blob, Bit} {
			once := parse(id, s)
			// What we print we must read as the same value.
			if once != "!" && !(id == Blob || id == Bit && once == "") {
				if twice := parse(id, once); twice != once {
					t.Errorf("%s: %q reads as %q, that as %q", Of(id), s, once, twice)
				}
			}
		}
		for _, w := range []int{4, 9, 18, 38} {
			for _, sc := range []int{0, 2, w} {
				x, ok := ParseDecimal([]byte(s), w, sc)
				if !ok {
					continue
				}
				if y, ok := ParseDecimal(AppendDecimal(nil, x, w, sc), w, sc); !ok || x != y {
					t.Errorf("%q to DECIMAL(%d,%d): %v", s, w, sc, fmt.Sprint(x, y))
				}
			}
		}
		QuoteElement([]byte(s), 0)
	})
}
