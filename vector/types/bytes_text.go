package types

const hexUpper = "0123456789ABCDEF"
const hexLower = "0123456789abcdef"

// AppendBlob appends a BLOB: printable ASCII as it is, save \ ' and ", and
// everything else as \xAA.
func AppendBlob(dst, b []byte) []byte {
	for _, c := range b {
		if c >= 32 && c <= 126 && c != '\\' && c != '\'' && c != '"' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '\\', 'x', hexUpper[c>>4], hexUpper[c&15])
		}
	}
	return dst
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// ParseBlob appends the bytes that the text s of a BLOB stands for; ok is false
// for a bad escape or a byte that is not ASCII.
func ParseBlob(dst, s []byte) (out []byte, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 0x80:
			return dst, false
		case c != '\\':
			dst = append(dst, c)
			continue
		}
		if i+3 >= len(s) || s[i+1] != 'x' {
			return dst, false
		}
		h, l := hexDigit(s[i+2]), hexDigit(s[i+3])
		if h < 0 || l < 0 {
			return dst, false
		}
		dst = append(dst, byte(h<<4|l))
		i += 3
	}
	return dst, true
}

// AppendUUID appends a UUID in its canonical form. Its top bit is stored
// inverted, so that UUIDs compare as signed 128-bit integers.
func AppendUUID(dst []byte, u Int128) []byte {
	hi, lo := uint64(u.Hi)^1<<63, u.Lo
	for i := range 16 {
		c := byte(hi >> 56)
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexLower[c>>4], hexLower[c&15])
		hi = hi<<8 | lo>>56
		lo <<= 8
	}
	return dst
}

// ParseUUID reads a UUID: 32 hexadecimal digits with dashes anywhere between
// them, in braces or not.
func ParseUUID(b []byte) (Int128, bool) {
	if n := len(b); n > 1 && b[0] == '{' {
		if b[n-1] != '}' {
			return Int128{}, false
		}
		b = b[1 : n-1]
	}
	var hi, lo uint64
	n := 0
	for i, c := range b {
		if c == '-' {
			if i == 0 {
				return Int128{}, false
			}
			continue
		}
		d := hexDigit(c)
		if d < 0 || n == 32 {
			return Int128{}, false
		}
		n++
		hi = hi<<4 | lo>>60
		lo = lo<<4 | uint64(d)
	}
	return Int128{lo, int64(hi ^ 1<<63)}, n == 32
}

// AppendBit appends a BIT: its bits as 0 and 1. The stored form is DuckDB's: a
// byte with the number of padding bits, then the bits, the padding (ones) in
// front.
func AppendBit(dst, b []byte) []byte {
	if len(b) < 2 {
		return dst
	}
	n := (len(b)-1)*8 - int(b[0]&7)
	for i := (len(b)-1)*8 - n; i < (len(b)-1)*8; i++ {
		dst = append(dst, '0'+b[1+i>>3]>>(7-i&7)&1)
	}
	return dst
}

// ParseBit appends the stored form of the text s of a BIT.
func ParseBit(dst, s []byte) (out []byte, ok bool) {
	if len(s) == 0 {
		return dst, false
	}
	pad := (8 - len(s)&7) & 7
	dst = append(dst, byte(pad))
	acc := byte(1<<pad - 1)
	n := pad
	for _, c := range s {
		if c != '0' && c != '1' {
			return dst, false
		}
		acc = acc<<1 | (c - '0')
		if n++; n == 8 {
			dst = append(dst, acc)
			acc, n = 0, 0
		}
	}
	return dst, true
}
