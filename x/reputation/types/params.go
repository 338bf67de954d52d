package types

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// DefaultParams returns the settings that a new chain starts with.
func DefaultParams() Params {
	return Params{
		RunningWindowMs:         minute,
		ApplicationTtlMs:        hour,
		MaxApplicationsPerAdmin: 1000,
		MaxTags:                 32,
		MaxGpus:                 16,
		MaxStringBytes:          256,
		ExpiredPerBlock:         100,
		ApprovalWindowMs:        minute,
		ApprovalsPerWindow:      1000,
		DropsPerWindow:          100,
		CoolDownMs:              day,
		EloStart:                1500,
		EloK:                    32,
		OverturnedPoints:        40,
		ParentShareBps:          2500,
	}
}

// Upper bounds of what a capability may hold, whatever the params say.
const (
	mostTags        = 256
	mostGPUs        = 64
	mostStringBytes = 4096
)

// widest returns the limits that no params exceed. Genesis is held against them:
// what was stated under wider params stays when they are narrowed.
func widest() Params {
	return Params{MaxTags: mostTags, MaxGpus: mostGPUs, MaxStringBytes: mostStringBytes}
}

// Validate checks every param against its bounds. Upper bounds keep a vote from
// making a message or a block costly.
func (p Params) Validate() error {
	bounds := []struct {
		field           string
		value, min, max uint64
	}{
		{"running_window_ms", p.RunningWindowMs, second, day},
		{"application_ttl_ms", p.ApplicationTtlMs, second, 30 * day},
		{"max_applications_per_admin", uint64(p.MaxApplicationsPerAdmin), 1, 100_000},
		{"max_tags", uint64(p.MaxTags), 1, mostTags},
		{"max_gpus", uint64(p.MaxGpus), 1, mostGPUs},
		{"max_string_bytes", uint64(p.MaxStringBytes), 16, mostStringBytes},
		{"expired_per_block", uint64(p.ExpiredPerBlock), 1, 10_000},
		{"approval_window_ms", p.ApprovalWindowMs, second, 30 * day},
		{"drops_per_window", uint64(p.DropsPerWindow), 1, 100_000},
		{"cool_down_ms", p.CoolDownMs, 0, 365 * day},
		{"elo_start", uint64(p.EloStart), 1, 100_000},
		{"elo_k", uint64(p.EloK), 0, 1000},
		{"overturned_points", uint64(p.OverturnedPoints), 0, 10_000},
		{"parent_share_bps", uint64(p.ParentShareBps), 0, basisPoints},
		{"approvals_per_window", uint64(p.ApprovalsPerWindow), 1, 100_000},
	}
	for _, b := range bounds {
		if b.value < b.min || b.value > b.max {
			return ErrInvalidParams.Wrapf("%s: %d is not between %d and %d", b.field, b.value, b.min, b.max)
		}
	}
	return nil
}
