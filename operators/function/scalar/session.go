package scalar

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// sessionOp is what a function tells of the session.
type sessionOp uint8

const (
	sayNow sessionOp = iota
	sayDate
	sayTime
	sayLocalTime
	sayLocalTimestamp
	sayUser
	sayDatabase
	saySchema
	sayVersion
)

// Version is what version() returns; the driver may set it before it opens a
// database.
var Version = "v0.1.0"

// sessionOf returns the session, or an empty one.
func sessionOf(c *function.Call) *function.Session {
	if c.Session != nil {
		return c.Session
	}
	return &function.Session{}
}

func runSession(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
	s := sessionOf(c)
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	local := zone.ToLocal(s.Now)
	day, micros := types.SplitTimestamp(local)
	var v types.Value
	switch c.Bound.Data.(sessionOp) {
	case sayNow:
		v = types.IntValue(instant, s.Now)
	case sayDate:
		v = types.IntValue(date, int64(day))
	case sayTime:
		v = types.IntValue(clockTZ, types.MakeTimeTZ(micros, zone.Offset(s.Now)))
	case sayLocalTime:
		v = types.IntValue(clock, micros)
	case sayLocalTimestamp:
		v = types.IntValue(timestamp, local)
	case sayUser:
		v = types.StringValue(s.CurrentUser)
	case sayDatabase:
		v = types.StringValue(s.Database)
	case saySchema:
		v = types.StringValue(s.Schema)
	case sayVersion:
		v = types.StringValue(Version)
	}
	out.SetConstant(v, c.N)
	return nil
}

func sessionFunction(name string, aliases []string, what, example string, ret types.Type, op sessionOp) *function.Scalar {
	return &function.Scalar{Name: name, Aliases: aliases, Category: "session", Description: what, Example: example, Result: "true",
		Overloads: []function.Overload{stable(with(op, sig(ret, runSession)))}}
}

func runSetting(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	names, r, s := textArg(c, args, 0), living(c), sessionOf(c)
	for k := range r.n {
		p := r.at(k)
		name := string(names.at(p))
		value, ok := "", false
		if s.Setting != nil {
			value, ok = s.Setting(name)
		}
		if !ok {
			return sqlerr.New(sqlerr.CodeUndefinedObject, "there is no setting \"%s\"", shown([]byte(name)))
		}
		out.PutString(p, []byte(value))
	}
	return nil
}

// randomSite is the Data of a call that draws random numbers: workers counts
// the generators made for it, so that no two of them draw the same numbers.
type randomSite struct {
	site    uint64
	workers atomic.Uint64
}

// randomSites counts calls that draw random numbers, for the same reason.
var randomSites atomic.Uint64

func bindRandom(ret types.Type, k function.Kernel) function.Overload {
	return binding(func([]types.Type, []*types.Value) (*function.Bound, error) {
		return &function.Bound{Return: ret, Vol: function.Volatile, Kernel: k, Data: &randomSite{site: randomSites.Add(1)}}, nil
	})
}

// generator is the random numbers of one call site and worker.
func generator(c *function.Call) *rand.PCG {
	g, ok := c.Local.(*rand.PCG)
	if !ok {
		seed := sessionOf(c).Seed
		if seed == 0 {
			seed = rand.Uint64()
		}
		d := c.Bound.Data.(*randomSite)
		g = rand.NewPCG(seed, d.site<<32|d.workers.Add(1))
		c.Local = g
	}
	return g
}

func runRandom(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
	g, dst, r := generator(c), vector.Values[float64](out), living(c)
	for k := range r.n {
		dst[r.at(k)] = float64(g.Uint64()>>11) / (1 << 53)
	}
	return nil
}

// runUUID makes random UUIDs of version 4.
func runUUID(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
	g, dst, r := generator(c), vector.Values[types.Int128](out), living(c)
	for k := range r.n {
		hi, lo := g.Uint64(), g.Uint64()
		hi = hi&^0xf000 | 0x4000
		lo = lo&^(3<<62) | 2<<62
		dst[r.at(k)] = types.Int128{Lo: lo, Hi: int64(hi ^ 1<<63)}
	}
	return nil
}

// bindTypeOf answers when it is bound.
func bindTypeOf(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	return &function.Bound{Params: args, Return: varchar, Nulls: function.Special, Kernel: runTypeOf, Data: args[0].String()}, nil
}

func runTypeOf(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
	out.SetConstant(types.StringValue(c.Bound.Data.(string)), c.N)
	return nil
}

// runError fails with its argument's text.
func runError(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, r := textArg(c, args, 0), living(c)
	if r.n == 0 {
		return nil
	}
	return sqlerr.New(sqlerr.CodeDataException, "%s", string(s.at(r.at(0))))
}

var sessions = []*function.Scalar{
	sessionFunction("now", []string{"current_timestamp", "transaction_timestamp", "get_current_timestamp"}, "When the transaction began.", "now() = now()", instant, sayNow),
	sessionFunction("current_date", []string{"today"}, "The date when the transaction began.", "current_date() = today()", date, sayDate),
	sessionFunction("current_time", []string{"get_current_time"}, "The time of day when the transaction began.", "current_time() = current_time()", clockTZ, sayTime),
	sessionFunction("current_localtime", []string{"localtime"}, "The local time of day when the transaction began.", "current_localtime() = current_localtime()", clock, sayLocalTime),
	sessionFunction("current_localtimestamp", []string{"localtimestamp"}, "The local time when the transaction began.", "current_localtimestamp() = current_localtimestamp()", timestamp, sayLocalTimestamp),
	sessionFunction("current_user", []string{"user", "session_user", "current_role"}, "The name of the user.", "current_user() = user()", varchar, sayUser),
	sessionFunction("current_database", []string{"current_catalog"}, "The name of the current database.", "current_database() = current_catalog()", varchar, sayDatabase),
	sessionFunction("current_schema", nil, "The name of the current schema.", "current_schema() = current_schema()", varchar, saySchema),
	sessionFunction("version", nil, "The version of Gannet.", "version() = version()", varchar, sayVersion),
	{Name: "current_setting", Category: "session", Description: "The value of a setting.", Example: "current_setting('TimeZone')", Result: "UTC", Overloads: []function.Overload{stable(failing(sig(varchar, runSetting, varchar)))}},
	{Name: "random", Category: "numeric", Description: "A random number from 0 up to but without 1.", Example: "random() < 1", Result: "true", Overloads: []function.Overload{bindRandom(double, runRandom)}},
	{Name: "uuid", Aliases: []string{"gen_random_uuid", "uuidv4"}, Category: "other", Description: "A random UUID of version 4.", Example: "uuid() <> uuid()", Result: "true", Overloads: []function.Overload{bindRandom(uuid, runUUID)}},
	{Name: "typeof", Category: "other", Description: "The name of the argument's type.", Example: "typeof(1)", Result: "INTEGER", Overloads: []function.Overload{binding(bindTypeOf, anyType)}},
	{Name: "error", Category: "other", Description: "Fails with the text given.", Example: "error(NULL)", Result: "NULL", Overloads: []function.Overload{failing(sig(integer, runError, varchar))}},
}
