package types

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour

	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40

	// mostBytes and mostMs bound what params may be set to: amounts computed from them and any price fit into 256 bits.
	mostBytes = 1 << 60
	mostMs    = 3650 * day
)

// DefaultParams returns the settings that a new chain starts with.
func DefaultParams() Params {
	return Params{
		MaxEndpointBytes:  256,
		MinSizeBytes:      mib,
		MaxSizeBytes:      16 * tib,
		MinDurationMs:     minute,
		MaxDurationMs:     365 * day,
		MaxRuleAccounts:   100,
		MaxSpacesPerOwner: 100,
		MaxTerms:          8,
		PayoutIntervalMs:  day,
		SweepSpaces:       100,
		MaxKeepMs:         day,
	}
}

// Validate checks every param against its bounds.
func (p Params) Validate() error {
	bounds := []struct {
		field           string
		value, min, max uint64
	}{
		{"max_endpoint_bytes", uint64(p.MaxEndpointBytes), 16, 1024},
		{"min_size_bytes", p.MinSizeBytes, 1, mostBytes},
		{"max_size_bytes", p.MaxSizeBytes, p.MinSizeBytes, mostBytes},
		{"min_duration_ms", p.MinDurationMs, 1, mostMs},
		{"max_duration_ms", p.MaxDurationMs, p.MinDurationMs, mostMs},
		{"max_rule_accounts", uint64(p.MaxRuleAccounts), 1, 1000},
		{"max_spaces_per_owner", uint64(p.MaxSpacesPerOwner), 1, 1000},
		{"max_terms", uint64(p.MaxTerms), 1, 100},
		{"payout_interval_ms", p.PayoutIntervalMs, second, 30 * day},
		{"sweep_spaces", uint64(p.SweepSpaces), 1, 10_000},
		{"max_keep_ms", p.MaxKeepMs, 0, 30 * day},
	}
	for _, b := range bounds {
		if b.value < b.min || b.value > b.max {
			return ErrInvalidParams.Wrapf("%s: %d is not between %d and %d", b.field, b.value, b.min, b.max)
		}
	}
	return nil
}
