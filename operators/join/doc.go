// Package join holds the joins: inner, outer, semi, anti, mark and single ones,
// over equality keys, inequalities or neither, and ASOF joins, all of which
// spill; and the positional join.
//
//	build, err := join.NewBuild(env, spec)   // sink of the build pipeline
//	probe := build.Probe()                   // operator of a pipeline that depends on it
//
// # Build
//
// Every worker stores its rows, keys first, in a rowset.Writer, partitioned by
// hash once they are many. When memory is refused, the writer's largest
// partitions go to disk and it goes on. Finalize knows the totals: it keeps
// the partitions that fit the reservation, directories included, and moves the
// others to disk (Kuiper, Groß, Boncz and Mühleisen, "Saving Private Hash
// Join", PVLDB 18).
//
// A directory has 8 bytes a slot: 16 bits of the hash (salt) and the 48-bit
// address of a row; linear probing, at most half full, one entry for each
// distinct key, the rows of a key chained through their next field in build
// order. A single integer key whose values are dense has an array of addresses
// indexed by key − minimum instead, and nothing is hashed. Directories are
// filled partition by partition in parallel, without atomics: a key has one
// partition, so a slot has one writer.
//
// # Probe
//
// A chunk is probed in stages over its whole selection: hash, directory
// entries and salts, keys, and again for the few rows whose slot was another
// key's. When no build key occurs twice, the result is the chunk with a
// narrower selection, its columns by reference and build columns gathered at
// the same positions. Otherwise chains become pairs, as many a call as the
// fill limit allows. A residual condition is evaluated on candidate pairs
// before anything is decided.
//
// Rows of partitions that are not in memory are put aside, in a row set with
// the same partitions. Continue returns a source with one morsel for each
// partition: it loads the build rows and streams the probe rows; a partition
// that does not fit is divided by further hash bits and comes again; one that
// does not shrink (a hot key), and joins without keys, are joined block by
// block, each block of build rows as large as memory allows, with a bitmap of
// the probe rows that have found a match.
//
// # Inequalities
//
// With Spec.Ranges the rows of each key, or all rows, are ordered by one or two
// inequalities (order.go): a table then has an array of addresses in order
// beside the directory, whose rows refer to spans of it instead of chains. A
// probe row finds its candidates by binary search (order_search.go), among
// which a tree of maxima finds those that fulfil the second inequality. The
// probe side needs no order and streams as ever; what is put aside, and blocks
// of build rows that do not fit, work as they do for other joins.
//
// An ASOF join (Spec.Asof) takes the last candidate, or, with a residual, the
// last that fulfils it. A partition that does not fit and has no hash bits left
// to divide it is cut by values of the inequality (order_spill.go).
//
// # NULL
//
// Keys compare with =, under which NULL matches nothing, or with IS NOT
// DISTINCT FROM (Spec.NullSafe). For Mark and NullAnti the whole condition, the
// keys and the residual, is three-valued: the mark is TRUE when it holds for
// some build row, else NULL when it is unknown for some, else FALSE. A
// predicate that is merely a filter of the subquery has to be made two-valued
// by the planner (a NullSafe key, or p IS TRUE). Inequalities are false for NULL;
// for Mark and NullAnti see Spec.Ranges.
//
// # Memory
//
// One spilling reservation pays for rows and directories; a second, working
// one for what the join cannot do without: one small block of a partition at a
// time. Everything is given back when the probe pipeline ends, and at the
// latest by Build.Close.
//
// # Invariants
//
//   - Output order within a morsel follows the probe rows, except for what was
//     put aside.
//   - A build row is read-only once Finalize has returned, but for the match
//     flag of the kinds that put out build rows at the end (Right, Full,
//     BuildSemi, BuildAnti), which is set atomically.
//
// What it does not do: it chooses no sides and no join order, and it pushes no
// filters into scans.
package join
