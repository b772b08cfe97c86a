package scalar

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	hexLower = "0123456789abcdef"
	hexUpper = "0123456789ABCDEF"
)

func appendHex(dst, b []byte, digits string) []byte {
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// appendDigest appends a hash or an encoding of t.
func appendDigest(dst, t []byte, op textOp) []byte {
	switch op {
	case opMD5:
		h := md5.Sum(t)
		return appendHex(dst, h[:], hexLower)
	case opSHA1:
		h := sha1.Sum(t)
		return appendHex(dst, h[:], hexLower)
	case opSHA256:
		h := sha256.Sum256(t)
		return appendHex(dst, h[:], hexLower)
	case opHex:
		return appendHex(dst, t, hexUpper)
	}
	return base64.StdEncoding.AppendEncode(dst, t)
}

func unreserved(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '-' || c == '_' || c == '.' || c == '~'
}

func appendURLEncoded(dst, t []byte) []byte {
	for _, c := range t {
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hexUpper[c>>4], hexUpper[c&15])
		}
	}
	return dst
}

func appendURLDecoded(dst, t []byte) []byte {
	for i := 0; i < len(t); i++ {
		if t[i] == '%' && i+2 < len(t) {
			if h, l := hexValue(t[i+1]), hexValue(t[i+2]); h >= 0 && l >= 0 {
				dst = append(dst, byte(h<<4|l))
				i += 2
				continue
			}
		}
		dst = append(dst, t[i])
	}
	return dst
}

func hexValue(c byte) int {
	switch {
	case c-'0' < 10:
		return int(c - '0')
	case c|0x20-'a' < 6:
		return int(c|0x20-'a') + 10
	}
	return -1
}

// hexNumber writes the bits of a 64-bit integer without leading zeros; the
// Data is the number of bits a digit.
func hexNumber(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	bits := c.Bound.Data.(int)
	x, r := numArg[uint64](c, args, 0), living(c)
	var buf [64]byte
	for k := range r.n {
		p := r.at(k)
		v, i := x.at(p), len(buf)
		for v > 0 || i == len(buf) {
			i--
			buf[i] = hexUpper[v&(1<<bits-1)]
			v >>= bits
		}
		out.PutString(p, buf[i:])
	}
	return nil
}

func unhex(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, r, buf := textArg(c, args, 0), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		t := s.at(p)
		b := buf.b[:0]
		// A first digit that is alone stands for its byte.
		for i := -(len(t) & 1); i < len(t); i += 2 {
			h := 0
			if i >= 0 {
				h = hexValue(t[i])
			}
			l := hexValue(t[i+1])
			if h < 0 || l < 0 {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "invalid hexadecimal text: %s", shown(t))
			}
			b = append(b, byte(h<<4|l))
		}
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

func fromBase64(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, r, buf := textArg(c, args, 0), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		t := s.at(p)
		b, err := base64.StdEncoding.AppendDecode(buf.b[:0], t)
		if err != nil {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "invalid base64 text: %s", shown(t))
		}
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

// shown cuts a text for an error message.
func shown(s []byte) string {
	if len(s) > 100 {
		return string(s[:100]) + "..."
	}
	return string(s)
}

func md5Number(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, dst, r := textArg(c, args, 0), vector.Values[types.Uint128](out), living(c)
	for k := range r.n {
		p := r.at(k)
		h := md5.Sum(s.at(p))
		dst[p] = types.Uint128{Lo: binary.LittleEndian.Uint64(h[:]), Hi: binary.LittleEndian.Uint64(h[8:])}
	}
	return nil
}

// hashScratch is what hash() keeps between chunks.
type hashScratch struct {
	caches []kernel.HashCache
}

// hashSeed makes hash() the same in every process.
const hashSeed = 0

func runHash(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, ok := c.Local.(*hashScratch)
	if !ok {
		s = &hashScratch{caches: make([]kernel.HashCache, len(args))}
		c.Local = s
	}
	r, dst := living(c), vector.Values[uint64](out)
	for i, a := range args {
		kernel.Hash(a, r.n, r.sel, hashSeed, dst, i > 0, &s.caches[i])
	}
	return nil
}

func digestOverloads(op textOp) []function.Overload {
	return []function.Overload{with(op, sig(varchar, runText, varchar)), with(op, sig(varchar, runText, blob))}
}

var digests = []*function.Scalar{
	{Name: "md5", Category: "string", Description: "The MD5 hash in hexadecimal.", Example: "md5('a')", Result: "0cc175b9c0f1b6a831c399e269772661", Overloads: digestOverloads(opMD5)},
	{Name: "md5_number", Category: "string", Description: "The MD5 hash as a number.", Example: "md5_number('a')", Result: "129134844867590561315626153795017621772",
		Overloads: []function.Overload{sig(uhugeint, md5Number, varchar), sig(uhugeint, md5Number, blob)}},
	{Name: "sha1", Category: "string", Description: "The SHA-1 hash in hexadecimal.", Example: "sha1('a')", Result: "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", Overloads: digestOverloads(opSHA1)},
	{Name: "sha256", Category: "string", Description: "The SHA-256 hash in hexadecimal.", Example: "sha256('a')", Result: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", Overloads: digestOverloads(opSHA256)},
	{Name: "hex", Aliases: []string{"to_hex"}, Category: "string", Description: "The bytes of a text, or a number, in hexadecimal.", Example: "hex('a')", Result: "61",
		Overloads: append(digestOverloads(opHex), with(4, sig(varchar, hexNumber, bigint)), with(4, sig(varchar, hexNumber, ubigint)))},
	{Name: "bin", Aliases: []string{"to_binary"}, Category: "string", Description: "A number in binary.", Example: "bin(5)", Result: "101",
		Overloads: []function.Overload{with(1, sig(varchar, hexNumber, bigint)), with(1, sig(varchar, hexNumber, ubigint))}},
	{Name: "unhex", Aliases: []string{"from_hex"}, Category: "string", Description: "The bytes that hexadecimal digits stand for.", Example: "unhex('FF')", Result: `\xFF`, Overloads: []function.Overload{failing(sig(blob, unhex, varchar))}},
	{Name: "to_base64", Aliases: []string{"base64"}, Category: "string", Description: "The bytes in base64.", Example: "to_base64('a'::BLOB)", Result: "YQ==", Overloads: []function.Overload{with(opBase64, sig(varchar, runText, blob))}},
	{Name: "from_base64", Category: "string", Description: "The bytes that a base64 text stands for.", Example: "from_base64('YQ==')", Result: "a", Overloads: []function.Overload{failing(sig(blob, fromBase64, varchar))}},
	{Name: "hash", Category: "other", Description: "A 64-bit hash of the values.", Example: "hash('a') = hash('a')", Result: "true",
		Overloads: []function.Overload{variadic(special(sig(ubigint, runHash, anyType, anyType)))}},
	{Name: "encode", Category: "string", Description: "The UTF-8 bytes of a text.", Example: "encode('é')", Result: `\xC3\xA9`, Overloads: []function.Overload{sig(blob, identity, varchar)}},
	{Name: "decode", Category: "string", Description: "The text that bytes are in UTF-8.", Example: `decode('\xC3\xA9'::BLOB)`, Result: "é", Overloads: []function.Overload{failing(sig(varchar, decodeUTF8, blob))}},
}
