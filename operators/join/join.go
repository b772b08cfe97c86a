package join

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Kind is what a join puts out. The probe side is the left side.
type Kind uint8

// The kinds.
const (
	Inner     Kind = iota
	Left           // probe rows without a match, build columns NULL
	Right          // build rows without a match, probe columns NULL
	Full           // both
	Semi           // probe rows with a match, once
	Anti           // probe rows without a match (NOT EXISTS)
	NullAnti       // probe rows for which the condition is false for every build row (NOT IN)
	Single         // as Left, but a second match is error 21000
	Mark           // every probe row once, and whether it has a match (three-valued)
	BuildSemi      // build rows with a match, once
	BuildAnti      // build rows without a match
)

func (k Kind) String() string {
	return [...]string{"inner", "left", "right", "full", "semi", "anti", "null-aware anti", "single", "mark", "build-side semi", "build-side anti"}[k]
}

// semiLike: each probe row comes out at most once and no build column does.
func (k Kind) semiLike() bool { return k == Semi || k == Anti || k == NullAnti || k == Mark }

// leftLike: probe rows without a match come out with NULLs.
func (k Kind) leftLike() bool { return k == Left || k == Full || k == Single }

// keepsBuild: what becomes of build rows is known when all probe rows were
// seen; they have a flag that says whether they have a match.
func (k Kind) keepsBuild() bool { return k == Right || k == Full || k.buildOnce() }

// buildOnce: build rows alone come out.
func (k Kind) buildOnce() bool { return k == BuildSemi || k == BuildAnti }

// threeValued: it matters whether the condition is false or unknown.
func (k Kind) threeValued() bool { return k == NullAnti || k == Mark }

// Spec describes a join. It is not changed after NewBuild.
type Spec struct {
	Kind       Kind
	ProbeTypes []types.Type // columns of the chunks pushed to the probe
	BuildTypes []types.Type // columns of the chunks pushed to the build sink
	// ProbeKeys and BuildKeys are the columns that are compared, pairwise of
	// the same type; there may be none.
	ProbeKeys, BuildKeys []int
	// NullSafe says by key that NULL equals NULL (IS NOT DISTINCT FROM); nil:
	// none does.
	NullSafe []bool
	// Ranges are one or two inequalities that a pair fulfils as well; the rows
	// of the build side are ordered by them. Types as CanRange says. For Mark
	// and NullAnti there are no keys then, and there is one inequality and no
	// residual unless the inequalities are known.
	Ranges []Range
	// Asof: of the build rows that fulfil the keys, the one inequality and the
	// residual, a probe row is joined with one whose value in the inequality is
	// nearest. For Inner, Left, Right, Full, Semi and Anti.
	Asof bool
	// Loop: the nearest row is looked for among all rows of its key, which are
	// not ordered; for a few probe rows. Without Residual only.
	Loop bool
	// Residual is a further condition, over chunks of ProbeTypes and then
	// BuildTypes; nil: none.
	Residual eval.Expr
	// ResidualCols lists the columns that Residual reads, numbered as it sees
	// them; nil: any. It saves copying the others.
	ResidualCols []int
	// ProbeOut and BuildOut are the columns that come out: these columns of
	// the probe side (none for BuildSemi and BuildAnti), then these of the
	// build side (none for Semi, Anti, NullAnti and Mark); Mark appends one
	// BOOLEAN.
	ProbeOut, BuildOut []int
	// BuildRowsHint is how many build rows are expected; 0: unknown.
	BuildRowsHint int64
}

// nullSafe reports whether NULL equals NULL in key k.
func (s *Spec) nullSafe(k int) bool { return s.NullSafe != nil && s.NullSafe[k] }

func (s *Spec) check() error {
	bad := func(what string) error {
		return sqlerr.New(sqlerr.CodeInternal, "%s join: %s", s.Kind, what)
	}
	switch {
	case s.Kind > BuildAnti:
		return sqlerr.New(sqlerr.CodeInternal, "join of an unknown kind %d", uint8(s.Kind))
	case len(s.ProbeKeys) != len(s.BuildKeys) || s.NullSafe != nil && len(s.NullSafe) != len(s.BuildKeys):
		return bad("the sides have different numbers of keys")
	case s.Kind.semiLike() && len(s.BuildOut) > 0:
		return bad("it has no build columns to put out")
	case s.Kind.buildOnce() && (len(s.ProbeOut) > 0 || len(s.BuildKeys) == 0 || len(s.Ranges) > 0):
		return bad("it has keys and puts out build columns alone")
	case len(s.Ranges) > 2 || s.Asof && len(s.Ranges) != 1:
		return bad("it has the wrong number of inequalities")
	case s.Asof && (s.Kind.threeValued() || s.Kind == Single):
		return bad("it cannot be an ASOF join")
	case s.Loop && (!s.Asof || s.Residual != nil):
		return bad("it cannot be a loop")
	}
	if err := s.checkRanges(bad); err != nil {
		return err
	}
	for _, l := range []struct{ cols, n int }{
		{outside(s.ProbeKeys, len(s.ProbeTypes)) + outside(s.ProbeOut, len(s.ProbeTypes)), 0},
		{outside(s.BuildKeys, len(s.BuildTypes)) + outside(s.BuildOut, len(s.BuildTypes)), 0},
		{outside(s.ResidualCols, len(s.ProbeTypes)+len(s.BuildTypes)), 0},
	} {
		if l.cols != 0 {
			return bad("a column is out of range")
		}
	}
	for k, p := range s.ProbeKeys {
		if a, b := s.ProbeTypes[p], s.BuildTypes[s.BuildKeys[k]]; !a.Equal(b) {
			return bad(fmt.Sprintf("a key is %s on one side and %s on the other", a, b))
		}
	}
	return nil
}

func (s *Spec) checkRanges(bad func(string) error) error {
	strict := 0
	for _, r := range s.Ranges {
		if outside([]int{r.Probe}, len(s.ProbeTypes))+outside([]int{r.Build}, len(s.BuildTypes)) > 0 {
			return bad("a column of an inequality is out of range")
		}
		if t := s.ProbeTypes[r.Probe]; !t.Equal(s.BuildTypes[r.Build]) || !CanRange(t) {
			return bad(fmt.Sprintf("an inequality of %s and %s", t, s.BuildTypes[r.Build]))
		}
		switch r.Op {
		case kernel.Lt, kernel.Le, kernel.Gt, kernel.Ge:
		default:
			return bad(fmt.Sprintf("an inequality with %s", r.Op))
		}
		if !r.Known {
			strict++
		}
	}
	if len(s.Ranges) > 0 && s.Kind.threeValued() &&
		(len(s.BuildKeys) > 0 || strict > 0 && (len(s.Ranges) > 1 || s.Residual != nil)) {
		return bad("inequalities cannot say what is unknown")
	}
	return nil
}

// outside counts the columns that are not in [0, n).
func outside(cols []int, n int) int {
	bad := 0
	for _, c := range cols {
		if c < 0 || c >= n {
			bad++
		}
	}
	return bad
}

// Build is the sink of the build side and the state of the whole join.
type Build struct {
	env   *operators.Env
	spec  *Spec
	kind  Kind
	nkeys int
	build side
	probe side
	out   []types.Type
	// residual columns by side, as Spec.ResidualCols says.
	resProbe, resBuild []int

	// order has the columns of the inequalities, the first one so turned that
	// the rows which fulfil it come first, the second that they come last.
	order []orderKey
	// drop lists the row columns in which a NULL makes a build row useless.
	drop []int

	strict     []int // keys that are not null-safe
	nullsEqual bool  // some key is null-safe
	inline     int   // width of the single integer key that is compared in line, or 0
	integer    bool  // a single integer key, which may have a dense directory
	// flagNulls: one bit tells all that matters about NULL keys of a
	// three-valued kind. keepNulls: their rows have to be kept, in nulls.
	flagNulls, keepNulls bool

	mu       sync.Mutex
	mem      *budget.Reservation // rows and directories; nil before open; guarded by mu
	away     *budget.Reservation // probe rows put aside; nil when none are; guarded by mu
	force    *budget.Reservation // what spilling cannot save; guarded by mu
	set      *rowset.Set         // build rows; set by open, replaced by Finalize
	nulls    *rowset.Set         // build rows with a NULL key, if keepNulls
	aside    *rowset.Set         // probe rows of partitions on disk; set by Finalize
	writers  []*rowset.Writer    // of aside; guarded by mu
	others   []*rowset.Set       // sets of divided partitions; guarded by mu
	released bool                // guarded by mu
	finished bool                // Finalize has returned; guarded by mu
	// reading counts those that look at table, a probe for good; when there are
	// none its partitions can be given. Guarded by mu.
	reading int

	total    atomic.Int64 // rows pushed, those dropped for NULL keys included
	hasNull  atomic.Bool  // some build row has a NULL in a strict key
	keys     keyRange     // guarded by mu until Finalize
	table    *table       // resident partitions; set by Finalize
	resident []uint8      // by partition: 1 = in table; nil = all are

	stats   Stats // set by Finalize, completed by release; guarded by mu
	divided atomic.Int64
	blocks  atomic.Int64
}

var _ operators.Sink = (*Build)(nil)

// NewBuild prepares a join. It reserves nothing. Errors: XX000 for a spec that
// contradicts itself, 54011 for rows that are too wide.
func NewBuild(env *operators.Env, spec *Spec) (*Build, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	b := &Build{env: env, spec: spec, kind: spec.Kind, nkeys: len(spec.BuildKeys)}
	for k := range spec.BuildKeys {
		if spec.nullSafe(k) {
			b.nullsEqual = true
		} else {
			b.strict = append(b.strict, k)
		}
	}
	if b.nkeys == 1 && !b.nullsEqual {
		p := spec.BuildTypes[spec.BuildKeys[0]].Physical()
		if isInteger(p) {
			b.integer = true
			if w := p.Width(); w >= 4 {
				b.inline = w
			}
		}
	}
	if b.kind.threeValued() && len(b.strict) > 0 {
		b.flagNulls = b.nkeys == 1 && spec.Residual == nil
		b.keepNulls = !b.flagNulls
	}
	if spec.Residual != nil {
		np, nb := len(spec.ProbeTypes), len(spec.BuildTypes)
		if spec.ResidualCols == nil {
			b.resProbe, b.resBuild = upTo(np), upTo(nb)
		}
		for _, c := range spec.ResidualCols {
			if c < np {
				b.resProbe = append(b.resProbe, c)
			} else {
				b.resBuild = append(b.resBuild, c-np)
			}
		}
	}
	var rangeProbe, rangeBuild []int
	for k, r := range spec.Ranges {
		up := r.Op == kernel.Gt || r.Op == kernel.Ge
		b.order = append(b.order, newOrderKey(r, spec.BuildTypes[r.Build], up == (k == 1)))
		rangeProbe, rangeBuild = append(rangeProbe, r.Probe), append(rangeBuild, r.Build)
	}
	var err error
	if b.build, err = newSide(spec.BuildTypes, spec.BuildKeys, b.kind.keepsBuild(), true, spec.BuildOut, b.resBuild, rangeBuild); err != nil {
		return nil, err
	}
	if b.probe, err = newSide(spec.ProbeTypes, spec.ProbeKeys, false, false, spec.ProbeOut, b.resProbe, rangeProbe); err != nil {
		return nil, err
	}
	for k := range b.order {
		b.order[k].at = b.build.at[b.order[k].build]
		if !b.kind.keepsBuild() && (!b.kind.threeValued() || b.order[k].known) {
			b.drop = append(b.drop, b.order[k].at)
		}
	}
	for _, c := range spec.ProbeOut {
		b.out = append(b.out, spec.ProbeTypes[c])
	}
	for _, c := range spec.BuildOut {
		b.out = append(b.out, spec.BuildTypes[c])
	}
	if b.kind == Mark {
		b.out = append(b.out, types.Of(types.Boolean))
	}
	return b, nil
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Probe returns the operator that probes the build side: for one pipeline that
// starts after the build's is finalized.
func (b *Build) Probe() operators.Operator { return &Probe{b} }

// tag names the join's memory and files.
const tag = "hash join"

// floorBytes is what the join asks for before it is refused for fairness: a
// page for each of 16 partitions.
const floorBytes = 4 << 20

// open makes the reservations and the row sets. Idempotent.
func (b *Build) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.released {
		return sqlerr.New(sqlerr.CodeInternal, "join used after its end")
	}
	if b.mem != nil {
		return nil
	}
	b.mem = b.env.Budget.ReserveSpilling(tag, floorBytes)
	b.force = b.env.Budget.Reserve(tag)
	b.mem.Gives(b.give)
	cfg := b.config(&b.build)
	cfg.Bits = b.firstBits()
	b.set = rowset.New(cfg)
	if b.keepNulls {
		b.nulls = rowset.New(b.config(&b.build))
	}
	return nil
}

// firstBits is how many bits the build side begins with: none, unless it is
// known to be divided anyway.
func (b *Build) firstBits() int {
	workers := max(b.env.Threads, 1)
	bytes := b.spec.BuildRowsHint * int64(b.build.layout.Width)
	mem := b.mem.Share()
	if b.nkeys == 0 || bytes/int64(workers) <= 4*rowset.RaiseBytes {
		return 0
	}
	if b.build.layout.HasHeap {
		bytes *= 2 // a guess
	}
	return rowset.Bits(bytes, mem, workers, leastBits, mostBits)
}

// A side that is divided at all has leastBits for a start, and mostBits when many
// parts are needed for each to fit.
const leastBits, mostBits = 4, 8

func (b *Build) config(s *side) rowset.Config {
	return rowset.Config{
		Layout: s.layout, Pool: b.env.Pool, Mem: b.mem, Spill: b.env.Spill, Tag: tag,
		Rows: b.spec.BuildRowsHint, Writers: max(b.env.Threads, 1),
	}
}

// Close implements operators.Sink.
func (b *Build) Close() { b.release() }

// release gives everything back. Idempotent.
func (b *Build) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.released {
		return
	}
	b.released = true
	b.count()
	b.table.close()
	for _, w := range b.writers {
		w.Close()
	}
	b.writers = nil
	for _, s := range b.sets() {
		s.Close()
	}
	b.others = nil
	if b.mem != nil {
		b.mem.Close()
		b.force.Close()
		b.closeAway()
	}
}

// adopt remembers a set that release has to close.
func (b *Build) adopt(s *rowset.Set) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.others = append(b.others, s)
}

// makeRoom moves rows that nobody reads now to disk until want bytes are free:
// probe rows first, which are streamed anyway.
func (b *Build) makeRoom(ctx context.Context, want int64) error {
	b.mu.Lock()
	sets := b.sets()
	b.mu.Unlock()
	for _, s := range sets {
		if want <= 0 {
			break
		}
		n, err := s.SpillResident(ctx, want)
		if err != nil {
			return err
		}
		want -= n
	}
	return nil
}
