package types

// Never is the wait for what waiting does not help.
const Never = int64(-1)

// At is the meter at a later time, when the room is full. What was in use is free
// again at the pace of the smaller of the two rooms, then and now: coins that came
// a moment ago have freed nothing in the time before. Time that goes backwards
// counts as none. Rounded down, against the payer.
func (m Meter) At(nowMs int64, full Room, windowMs uint64) Meter {
	passed := uint64(max(nowMs-m.AtMs, 0))
	return Meter{
		Used: Room{
			Bytes: freed(m.Used.Bytes, min(m.Full.Bytes, full.Bytes), passed, windowMs),
			Gas:   freed(m.Used.Gas, min(m.Full.Gas, full.Gas), passed, windowMs),
		},
		Full: full,
		AtMs: max(m.AtMs, nowMs),
	}
}

func freed(used, pace, passed, windowMs uint64) uint64 {
	return used - min(used, mulDiv(pace, passed, windowMs))
}

// PassesAt is the block time at which need would fit into full, given that nothing
// else is used until then; Never if it would not. It is exact: a millisecond earlier
// it does not fit.
func (m Meter) PassesAt(need, full Room, windowMs uint64) int64 {
	bytes := wait(m.Used.Bytes, need.Bytes, m.Full.Bytes, full.Bytes, windowMs)
	gas := wait(m.Used.Gas, need.Gas, m.Full.Gas, full.Gas, windowMs)
	if bytes == Never || gas == Never {
		return Never
	}
	return m.AtMs + max(bytes, gas)
}

// FreeAt is the block time at which nothing is in use any more; Never if nothing is
// being freed.
func (m Meter) FreeAt(full Room, windowMs uint64) int64 {
	bytes := free(m.Used.Bytes, min(m.Full.Bytes, full.Bytes), windowMs)
	gas := free(m.Used.Gas, min(m.Full.Gas, full.Gas), windowMs)
	if bytes == Never || gas == Never {
		return Never
	}
	return m.AtMs + max(bytes, gas)
}

// wait is how long it takes until need fits, in ms.
func wait(used, need, before, full, windowMs uint64) int64 {
	if need > full {
		return Never
	}
	if fits(need, used, full) {
		return 0
	}
	return free(used-(full-need), min(before, full), windowMs)
}

// free is how long it takes to free an amount at a pace, in ms.
func free(amount, pace, windowMs uint64) int64 {
	switch {
	case amount == 0:
		return 0
	case pace == 0:
		return Never
	}
	return int64(mulDivUp(amount, windowMs, pace))
}

// Use adds what a transaction takes.
func (m Meter) Use(need Room) Meter {
	m.Used = m.Used.Add(need)
	return m
}

// Fits says whether need goes into what is left. The meter is of now: see At.
func (m Meter) Fits(need Room) bool { return need.Fits(m.Used, m.Full) }
