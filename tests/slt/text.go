package slt

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// ValueText gives a Go value that a database/sql driver returned the text of
// CAST(x AS VARCHAR). typ is its SQL type, upper case, "" where unknown; a NULL
// is "NULL".
func ValueText(v any, typ string) string { return new(Engine).text(v, typ) }

// text gives a Go value that a driver returned the text of CAST(x AS VARCHAR).
// typ is the SQL type, upper case, "" where unknown.
func (e *Engine) text(v any, typ string) string {
	if e.Text != nil {
		if s, ok := e.Text(v, typ); ok {
			return s
		}
	}
	if e.Entries != nil {
		if keys, values, ok := e.Entries(v); ok {
			return e.entriesText(keys, values, typ)
		}
	}
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case []byte:
		if typ == "BLOB" || typ == "BYTEA" || typ == "" {
			return blobText(v)
		}
		return string(v)
	case float64:
		if typ == "FLOAT" || typ == "REAL" || typ == "FLOAT4" {
			return floatText(v, 32)
		}
		return floatText(v, 64)
	case float32:
		return floatText(float64(v), 32)
	case time.Time:
		return timeText(v, typ)
	case *big.Int:
		return v.String()
	case fmt.Stringer:
		return v.String()
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			return "NULL"
		}
		return e.text(rv.Elem().Interface(), typ)
	case reflect.Slice, reflect.Array:
		elem := ""
		if i := strings.LastIndexByte(typ, '['); i > 0 {
			elem = typ[:i]
		}
		parts := make([]string, rv.Len())
		for i := range parts {
			parts[i] = e.nested(rv.Index(i).Interface(), elem)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Map:
		return e.mapText(rv, typ)
	}
	return fmt.Sprint(v)
}

// mapText writes a MAP, or a STRUCT that came as a map. The order of a
// struct's fields is that of its type; without one they are sorted.
func (e *Engine) mapText(m reflect.Value, typ string) string {
	isStruct := strings.HasPrefix(typ, "STRUCT")
	type entry struct{ key, text string }
	var entries []entry
	place := map[string]int{}
	inside := map[string]string{}
	names, kinds := structFields(typ)
	for i, f := range names {
		place[strings.ToLower(f)] = i
		if isStruct {
			inside[strings.ToLower(f)] = kinds[i]
		}
	}
	for it := m.MapRange(); it.Next(); {
		k, v := e.nested(it.Key().Interface(), ""), e.nested(it.Value().Interface(), inside[strings.ToLower(fmt.Sprint(it.Key().Interface()))])
		if isStruct {
			entries = append(entries, entry{fmt.Sprint(it.Key().Interface()), "'" + fmt.Sprint(it.Key().Interface()) + "': " + v})
		} else {
			entries = append(entries, entry{k, k + "=" + v})
		}
	}
	sort.Slice(entries, func(i, j int) bool {
		a, okA := place[strings.ToLower(entries[i].key)]
		b, okB := place[strings.ToLower(entries[j].key)]
		if okA && okB {
			return a < b
		}
		return entries[i].key < entries[j].key
	})
	parts := make([]string, len(entries))
	for i, x := range entries {
		parts[i] = x.text
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// entriesText writes the entries of a MAP in the order given.
func (e *Engine) entriesText(keys, values []any, typ string) string {
	var keyType, valueType string
	if first, rest := structFields(typ); len(first) == 2 && strings.HasPrefix(typ, "MAP(") {
		// What looks like a name is the first word of a type.
		keyType, valueType = strings.TrimSpace(first[0]+" "+rest[0]), strings.TrimSpace(first[1]+" "+rest[1])
	}
	parts := make([]string, len(keys))
	for i := range parts {
		parts[i] = e.nested(keys[i], keyType) + "=" + e.nested(values[i], valueType)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// structFields reads the names and types out of
// STRUCT(a INTEGER, "b c" VARCHAR).
func structFields(typ string) (names, kinds []string) {
	open, end := strings.IndexByte(typ, '('), strings.LastIndexByte(typ, ')')
	if open < 0 || end < open {
		return nil, nil
	}
	body, depth, quoted, from := typ[open+1:end], 0, false, 0
	for i := 0; i <= len(body); i++ {
		if i < len(body) {
			switch c := body[i]; {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
			if quoted || depth > 0 || body[i] != ',' {
				continue
			}
		}
		field := strings.TrimSpace(body[from:i])
		from = i + 1
		if strings.HasPrefix(field, `"`) {
			name, kind, _ := strings.Cut(field[1:], `"`)
			names, kinds = append(names, name), append(kinds, strings.TrimSpace(kind))
			continue
		}
		name, kind, _ := strings.Cut(field, " ")
		names, kinds = append(names, name), append(kinds, kind)
	}
	return names, kinds
}

// nested is the text of a value inside a list, struct or map, where strings
// that could be misread are quoted.
func (e *Engine) nested(v any, typ string) string {
	s := e.text(v, typ)
	switch v.(type) {
	case string, []byte, time.Time:
		if s == "" || strings.EqualFold(s, "null") || strings.TrimSpace(s) != s || strings.ContainsAny(s, `()[]{}'"\,:=`) {
			return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
		}
	}
	return s
}

// floatText writes the shortest digits that read back the same value, with a
// decimal point, in exponent form outside 1e-4 to 1e16.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	s := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func timeText(t time.Time, typ string) string {
	day := func() string {
		if y := t.Year(); y <= 0 {
			return fmt.Sprintf("%04d-%02d-%02d (BC)", 1-y, t.Month(), t.Day())
		}
		return fmt.Sprintf("%04d-%02d-%02d", t.Year(), t.Month(), t.Day())
	}
	switch {
	case typ == "DATE":
		return day()
	case typ == "TIME":
		return t.Format("15:04:05.999999")
	case typ == "TIMETZ" || typ == "TIME WITH TIME ZONE":
		return t.Format("15:04:05.999999-07")
	case typ == "TIMESTAMPTZ" || typ == "TIMESTAMP WITH TIME ZONE":
		return day() + " " + t.Format("15:04:05.999999-07")
	case typ == "TIMESTAMP_NS":
		return day() + " " + t.Format("15:04:05.999999999")
	}
	return day() + " " + t.Format("15:04:05.999999")
}

// IntervalText writes an interval of months, days and microseconds.
func IntervalText(months, days int32, micros int64) string {
	var parts []string
	add := func(n int32, unit string) {
		if n == 1 || n == -1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		} else if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit))
		}
	}
	add(months/12, "year")
	add(months%12, "month")
	add(days, "day")
	if micros != 0 || len(parts) == 0 {
		sign, u := "", uint64(micros)
		if micros < 0 {
			sign, u = "-", -u
		}
		s := fmt.Sprintf("%s%02d:%02d:%02d", sign, u/3_600_000_000, u/60_000_000%60, u/1_000_000%60)
		if frac := u % 1_000_000; frac != 0 {
			s += strings.TrimRight(fmt.Sprintf(".%06d", frac), "0")
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// blobText writes printable ASCII as it is and the rest as \xNN.
func blobText(b []byte) string {
	var sb strings.Builder
	for _, c := range b {
		if c >= ' ' && c <= '~' && c != '\\' && c != '\'' && c != '"' {
			sb.WriteByte(c)
		} else {
			fmt.Fprintf(&sb, `\x%02X`, c)
		}
	}
	return sb.String()
}
