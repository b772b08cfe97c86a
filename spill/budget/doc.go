// Package budget makes memory something that is bought before it is used.
//
// A [Budget] holds the memory limit of one database. Whoever needs memory that
// grows with its input opens a [Reservation] and asks it before it allocates:
// TryGrow says yes or no, and an operator that hears no spills; Grow says yes
// or gives error 53200. Shrink and Close give back.
//
// # Two kinds of reservations
//
// Working reservations (Reserve) are for what cannot be spilled: buffers of
// scans, result queues, caches. They may use everything up to the limit. One
// that is opened before its memory is wanted (ReserveWorking) promises it:
// spilling reservations leave that much free, for an operator can make room, a scan
// that comes after it cannot. Promises and what is held under them bind for half of
// the limit at most, and are given back when less is wanted (Promise). Working
// memory that one can do without, such as a page that could go through a file, is
// taken by TryGrow, and no more than the query's Part of about five eighths of the
// limit, which the queries that hold state or have a promise divide.
//
// Spilling reservations (ReserveSpilling) belong to operators that can move
// their state to disk. Left alone, the first of two such operators would take
// everything and the second would have to spill each row, so TryGrow is fair:
// with
//
//	others   = bytes held by all other reservations of the budget
//	promised = sum over working reservations of max(0, promise − held), as bounded above
//	unfilled = sum over the other spilling reservations of max(0, floor − held)
//	share    = 0.7 × (limit − others − promised − unfilled)
//
// a request for n bytes is granted
//
//   - up to the floor (held + n ≤ floor): while held + n ≤ limit − others −
//     promised − waiting, what calls of Grow wait for;
//   - above the floor: while held + n ≤ share.
//
// While several queries can spill (ForQuery), what is free to one of them is also
// at most its part of nine tenths of the limit less what its other reservations
// hold: the first query would else leave the eighth a thousandth. A query that
// held more before the others came keeps it and gets no more; growing, it spills.
//
// The only operator of which the only query says that it will hold much (Expect) gets
// nine tenths instead of seven, if that leaves 16 MiB to its own reading back and to
// small states: there is no next one.
//
// The floor is what the operator needs to work at a bearable speed while it
// spills (a block for each partition, say), but never more than an 8th of the
// limit, nor than a quarter of what other floors leave of it. Floors are promises about order, not about memory: working
// reservations may still use the bytes. The share
// moves: an operator that took 0.7 of an idle budget is refused more while a
// second one grows, and it alone decides what to spill. A geometric series of
// shares, 0.7, 0.21, 0.063 of the limit, never sums up to the limit, so there
// is always something left for the next operator and for working memory.
//
// Grow is the last resort. It ignores floor, share and spill cap and heeds
// only the limit: an operator calls it for the few bytes without which it
// cannot even spill, after TryGrow was refused and spilling did not help.
//
// # Memory that gives way
//
// Rows of tables (ReserveYielding) can go to disk at any moment and be read from
// there. They grow as spilling reservations do; but for the share of everybody
// else they count as free, and a request that the limit refuses, Grow's too,
// first makes them give way. Who asks pays for the writing.
//
// # Operators that give
//
// TryGrow says no to the operator that asks for too much; it does not help one that
// comes late, or that needs a little more to go on at all. So operators say what
// they could give back, in one of two ways or both:
//
//   - What a worker is filling (rows of a sink) only that worker can move. It
//     calls Attend when it begins and Leave when it ends, and looks at Wanted
//     between two chunks: an atomic load. When that is not 0 it spills about so
//     much, in its own goroutine.
//   - What no worker uses (partitions that wait for their turn) anybody can move:
//     Gives names a function that does, and is called by whoever asks.
//
// They are asked, those with the most above their part first: between queries the
// part is what ForQuery says, within a query the floor. Buffers of scans are asked
// for above Part.
//
//   - A TryGrow that is refused below the reservation's floor, or while its query
//     has less than half of its part, asks and does not wait: the next request will
//     find more. In the second case only queries above their part are asked.
//   - A Grow that is refused asks, and waits. Others' TryGrow leave alone what it
//     waits for, so operators that work spill sooner. When nothing comes back for two
//     ticks it asks everybody for everything but what they cannot give (Keeps):
//     nobody fails for the sake of a floor.
//
// Waiting ends when there is memory, when the query ends (Bind), or when nobody is
// left who could give any: that is when all workers wait and none has a task left
// (Workers). A worker that waits where it holds other memory of its query, as a scan
// does with a sink behind it, gives that itself meanwhile (GrowOr), and that of
// workers which have come to their end before the others (Workers.Relieve). When all wait, who
// came last gets error 53200, the others go on with what its query gives back; so of
// those that wait one always goes on. A worker that waits is replaced by another, for
// the task that it waits for may have none yet. What Stuck cannot see (readers of
// results, schedulers within schedulers) is bounded: a second when other queries hold
// memory, 20 seconds without anybody giving anything back.
//
// Who gives needs memory itself, to write: Grow does not queue behind those that
// wait. Nobody waits in TryGrow, and nobody calls anything under a lock of this
// package; see Grow and Gives for what callers must not hold.
//
// TryGrow by a working reservation leaves to the floors of spilling ones what they
// do not hold yet, up to a quarter of the limit: who tries can do with less.
//
// # Invariants
//
//   - Used never exceeds the limit: every grant is one compare-and-swap
//     against it. (SetLimit below Used takes nothing away; it only refuses
//     more until enough was given back.)
//   - Used is the sum of Held over all open reservations, at every moment at
//     which none is inside a call.
//   - Share is computed from a snapshot of counters that move; under
//     concurrency a reservation may pass its share by what others did
//     meanwhile, never the limit.
//
// A grant costs a few atomic operations; locks are taken by Reserve, Close,
// Holders and refusals.
//
// # For tests
//
// SetSpillCap refuses spilling reservations above a number of bytes, even
// below their floor, so that every operator spills; SetSpillSeed refuses half of
// what they ask for, at random; SetFault lets a test refuse single requests.
//
// What it does not do: it allocates nothing (package block does) and it knows no
// operator.
package budget
