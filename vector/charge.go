package vector

// Purse pays for the memory of vectors. A *budget.Reservation is one.
type Purse interface {
	Grow(n int64) error
	Shrink(n int64)
}

// freeBytes of each vector's buffers, and of its strings, are not charged: what
// columns of numbers and short strings take.
const freeBytes = 64 << 10

// account is what some buffers take and what was paid for them.
type account struct {
	purse      Purse // nil: nobody pays
	size, paid int64
}

// refused is what a vector panics with whose purse does not pay.
type refused struct{ err error }

// add counts n more bytes that are about to be allocated. It panics when they are
// not paid for; CatchRefusal makes an error of that.
func (a *account) add(n int) {
	a.size += int64(n)
	if a.purse == nil || a.size <= freeBytes {
		return
	}
	due := a.size - freeBytes - a.paid
	if due <= 0 {
		return
	}
	if err := a.purse.Grow(due); err != nil {
		a.size -= int64(n)
		panic(refused{err})
	}
	a.paid += due
}

// sub counts n bytes less.
func (a *account) sub(n int) {
	a.size -= int64(n)
	if back := a.paid - max(a.size-freeBytes, 0); back > 0 && a.purse != nil {
		a.paid -= back
		a.purse.Shrink(back)
	}
}

// ChargeTo makes p pay for the buffers that v, which has none yet, and its
// children will own, from 64 KiB on. Whoever lets v grow defers CatchRefusal, and
// calls Discharge in the end.
func (v *Vector) ChargeTo(p Purse) {
	v.own.buffers.purse, v.own.heap.pages.purse = p, p
	for _, c := range v.own.children {
		c.ChargeTo(p)
	}
}

// Discharge drops v's own buffers and gives back what was paid for them: nobody
// shows them any more. v is charged to nobody afterwards.
func (v *Vector) Discharge() {
	v.giveBack()
	v.own = scratch{}
	v.Data, v.Valid, v.Bufs, v.Codes, v.Dict, v.Len = nil, nil, nil, nil, nil, 0
	v.Form = Flat
	v.ownChildren()
}

// giveBack gives back what was paid for v's buffers and its children's.
func (v *Vector) giveBack() {
	v.own.buffers.sub(int(v.own.buffers.size))
	v.own.heap.pages.sub(int(v.own.heap.pages.size))
	for _, c := range v.own.children {
		c.giveBack()
	}
}

// CatchRefusal is deferred by who lets charged vectors grow: when a purse did not
// pay, it ends the panic and sets err to what the purse said. Other panics go on.
func CatchRefusal(err *error) {
	switch r := recover().(type) {
	case nil:
	case refused:
		*err = r.err
	default:
		panic(r)
	}
}
