package types

const (
	second = 1000
	minute = 60 * second
	day    = 24 * 60 * minute
)

// DefaultParams returns the settings that a new chain starts with: room for stake
// only. See "How much room" in the README for how they were chosen.
func DefaultParams() Params {
	return Params{
		WindowMs:      day,
		PerAin:        Room{Bytes: 20_000, Gas: 10_000_000},
		AccountBps:    1000,
		ApplicantsBps: 2000,
	}
}

// OpenParams gives every account all the room that it can use: for local networks
// and tests, where nobody is to be held back.
func OpenParams() Params {
	params := DefaultParams()
	params.WindowMs = minute
	params.Base = Room{Bytes: mostBase, Gas: mostBase}
	return params
}

// Upper bounds of what one AIN and an account may be given.
const (
	mostPerAIN = 1 << 40
	mostBase   = 1 << 50
)

// Validate checks every param against its bounds.
func (p Params) Validate() error {
	bounds := []struct {
		field           string
		value, min, max uint64
	}{
		{"window_ms", p.WindowMs, minute, 30 * day},
		{"per_ain.bytes", p.PerAin.Bytes, 1, mostPerAIN},
		{"per_ain.gas", p.PerAin.Gas, 1, mostPerAIN},
		{"base.bytes", p.Base.Bytes, 0, mostBase},
		{"base.gas", p.Base.Gas, 0, mostBase},
		{"base_balance", p.BaseBalance, 0, MaxRoom},
		{"account_bps", uint64(p.AccountBps), 1, 10_000},
		{"applicants_bps", uint64(p.ApplicantsBps), 1, 10_000},
	}
	for _, b := range bounds {
		if b.value < b.min || b.value > b.max {
			return ErrInvalidParams.Wrapf("%s: %d is not between %d and %d", b.field, b.value, b.min, b.max)
		}
	}
	return nil
}
