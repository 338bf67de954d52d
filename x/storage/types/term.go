package types

import "cosmossdk.io/math"

// unit is the bytes times milliseconds of one GiB-hour.
var unit = math.NewInt(gib).MulRaw(hour)

// worth is what size bytes for ms milliseconds come to at a price, in unit parts of a uain. It is less than 2^192.
func worth(size, price uint64, ms int64) math.Int {
	return math.NewIntFromUint64(size).Mul(math.NewIntFromUint64(price)).MulRaw(ms)
}

// Cost of the whole term for a space of size bytes: rounded up, so that nothing is stored for nothing.
func (t Term) Cost(size uint64) math.Int {
	return worth(size, t.Price, t.UntilMs-t.FromMs).Add(unit.SubRaw(1)).Quo(unit)
}

// Earned is what of the cost the provider has earned at a time: rounded down.
func (t Term) Earned(size uint64, now int64) math.Int {
	return worth(size, t.Price, max(0, min(now, t.UntilMs)-t.FromMs)).Quo(unit)
}

// Unpaid is what lies in the space's hold: the cost of its terms less what was paid.
func (s Space) Unpaid() math.Int {
	sum := math.ZeroInt()
	for _, t := range s.Terms {
		sum = sum.Add(t.Cost(s.SizeBytes)).Sub(t.Paid)
	}
	return sum
}

// Extend lets the space expire later by ms, at a price, and returns what that costs. Time at the price of the last
// term joins it.
func (s *Space) Extend(price uint64, ms int64) math.Int {
	before := s.Unpaid()
	until := s.ExpiresMs + ms
	if last := len(s.Terms) - 1; last >= 0 && s.Terms[last].Price == price {
		s.Terms[last].UntilMs = until
	} else {
		s.Terms = append(s.Terms, Term{Price: price, FromMs: s.ExpiresMs, UntilMs: until, Paid: math.ZeroInt()})
	}
	s.ExpiresMs = until
	return s.Unpaid().Sub(before)
}

// Shorten lets the space expire at a time that is not before now and not after its expiry, and returns what of the
// payment is not used.
func (s *Space) Shorten(to int64) math.Int {
	before := s.Unpaid()
	var kept []Term
	for _, t := range s.Terms {
		if t.FromMs < to {
			t.UntilMs = min(t.UntilMs, to)
			kept = append(kept, t)
		}
	}
	s.Terms, s.ExpiresMs = kept, to
	return before.Sub(s.Unpaid())
}

// Settle takes off what is earned at a time, and the terms that are over. It returns what goes to the provider, and
// what was lost to rounding and goes back to the owner.
func (s *Space) Settle(now int64) (earned, dust math.Int) {
	earned, dust = math.ZeroInt(), math.ZeroInt()
	var left []Term
	for _, t := range s.Terms {
		due := t.Earned(s.SizeBytes, now)
		earned = earned.Add(due).Sub(t.Paid)
		if now >= t.UntilMs {
			dust = dust.Add(t.Cost(s.SizeBytes)).Sub(due)
			continue
		}
		t.Paid = due
		left = append(left, t)
	}
	s.Terms = left
	return earned, dust
}

// Live says that the space is paid for at a time.
func (s Space) Live(now int64) bool { return now < s.ExpiresMs }

// KeptAtMost is the latest time until which the content may be kept for requests.
func (s Space) KeptAtMost(p Params) int64 { return s.ExpiresMs + int64(p.MaxKeepMs) }

// Gone says that nobody needs the space any more: it is not paid for, and no request needs it.
func (s Space) Gone(now int64) bool { return now >= s.ExpiresMs && now >= s.KeepUntilMs }

// NextDue is when the chain has to look at a space that is settled at now: at the next payout, at its expiry, or when
// its content need not be kept any longer.
func (s Space) NextDue(now int64, p Params) int64 {
	switch {
	case !s.Live(now):
		return s.KeepUntilMs
	case s.Unpaid().IsZero():
		return s.ExpiresMs
	default:
		return min(s.ExpiresMs, now+int64(p.PayoutIntervalMs))
	}
}
