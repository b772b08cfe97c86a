package budget

// Promise says how much a working reservation will want, which spilling ones
// leave free then; it is made before they grow, and lowered when less is wanted
// than was. The promises of a budget, with what those hold that they were made to,
// bind for half of the limit: operators work with the other half.
func (r *Reservation) Promise(n int64) {
	if !r.promises {
		return
	}
	r.promise.Store(min(max(n, 0), maxFloor))
	r.owe()
}

// owe brings the reservation's part of the sum of promises up to date, after what
// it holds or was promised has changed. Whoever comes last sees both as they are.
func (r *Reservation) owe() {
	r.owing.Lock()
	defer r.owing.Unlock()
	owes := int64(0)
	if held := r.held.Load(); held >= 0 {
		owes = max(r.promise.Load()-held, 0)
	}
	r.b.promised.Add(owes - r.owes)
	r.owes = owes
}

// owed is what spilling reservations leave free for promises.
func (b *Budget) owed() int64 {
	return max(min(b.promised.Load(), b.limit.Load()/promisedPart-b.kept.Load()), 0)
}

// bound is what promises take of the limit, whether it is held already or not.
func (b *Budget) bound() int64 {
	return max(min(b.promised.Load()+b.kept.Load(), b.limit.Load()/promisedPart), 0)
}

// Part is how much the working memory of one query should be at most where it can
// do with less: five eighths of the limit, or what operators leave that work in
// partRest, but half of it in any case, divided between the queries that hold state or
// were promised memory. It changes when queries come and go.
func (b *Budget) Part() int64 {
	limit := b.Limit()
	return max(min(limit/partDen*partNum, limit-partRest), limit/2) / int64(b.Queries())
}

// Queries is how many queries Part divides by, one at least.
func (b *Budget) Queries() int { return int(max(b.parts.Load(), 1)) }

// hasPart reports whether the reservation makes its query one of those that Part
// divides by.
func (r *Reservation) hasPart() bool {
	return r.query != nil && (r.promises || r.isOfQuery())
}
