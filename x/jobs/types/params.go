package types

import "fmt"

const (
	second = 1_000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Hard bounds of the params. They keep a vote from making a block unbounded.
const (
	maxTextLimit      = 64 << 10
	maxSchemaLimit    = 1 << 20
	maxInlineLimit    = 64 << 10
	maxWorkersLimit   = 1_000
	maxListLimit      = 1_000
	maxReleasesLimit  = 100_000
	maxNestingLimit   = 64
	maxLevelsLimit    = 16
	maxRoundsLimit    = 16
	maxSweepLimit     = 100_000
	maxDuration       = 10 * 365 * day
	maxGasPerByte     = 1_000_000
	maxReferenceLimit = 1 << 50
	maxKeyLimit       = 16 << 10
	maxCheckpoints    = 1_024
)

// DefaultParams are sane for a network of strangers; a devnet shortens the windows.
func DefaultParams() Params {
	return Params{
		MaxNameBytes:      64,
		MaxTextBytes:      1024,
		MaxSchemaBytes:    32 << 10,
		MaxSchemaMessages: 64,
		MaxSchemaFields:   512,
		MaxSchemaNesting:  16,
		MaxInlineBytes:    4 << 10,
		MaxReferenceBytes: 64 << 30,
		MaxWorkers:        64,
		MaxCandidates:     64,
		MaxReleases:       1_000,
		MaxMetrics:        8,
		MaxTags:           32,
		MaxFiles:          32,
		MaxKeyBytes:       1 << 10,
		MaxCheckpoints:    256,
		GasPerDecodedByte: 20,

		MaxBlockGapMs:  30 * second,
		MinTimeLimitMs: 500,
		MaxTimeLimitMs: 30 * day,
		MinWindowMs:    500,
		MaxWindowMs:    7 * day,
		DefaultWindows: Windows{
			OpenMs:       10 * minute,
			HiringMs:     30 * second,
			GrantMs:      minute,
			RevealMs:     30 * second,
			EvaluationMs: 5 * minute,
			ChallengeMs:  5 * minute,
			ResolveMs:    hour,
		},
		RetentionMs: hour,

		DepositShareBps:  basisPoints,
		BondShareBps:     1_000,
		ChainShareBps:    100,
		ChallengeLevels:  3,
		SilentSlashBps:   2_000,
		EvaluationRounds: 3,
		ConfirmShareBps:  500,
		BurnShareBps:     1_000,

		SweepPayouts:  256,
		SweepRemovals: 64,
	}
}

// Validate bounds every param from below and above.
func (p Params) Validate() error {
	numbers := []struct {
		name            string
		value, min, max uint64
	}{
		{"max_name_bytes", uint64(p.MaxNameBytes), 1, maxTextLimit},
		{"max_text_bytes", uint64(p.MaxTextBytes), 1, maxTextLimit},
		{"max_schema_bytes", uint64(p.MaxSchemaBytes), 1, maxSchemaLimit},
		{"max_schema_messages", uint64(p.MaxSchemaMessages), 1, maxSchemaLimit},
		{"max_schema_fields", uint64(p.MaxSchemaFields), 1, maxSchemaLimit},
		{"max_schema_nesting", uint64(p.MaxSchemaNesting), 1, maxNestingLimit},
		{"max_inline_bytes", uint64(p.MaxInlineBytes), 1, maxInlineLimit},
		{"max_reference_bytes", p.MaxReferenceBytes, 1, maxReferenceLimit},
		{"max_workers", uint64(p.MaxWorkers), 1, maxWorkersLimit},
		{"max_candidates", uint64(p.MaxCandidates), 1, maxListLimit},
		{"max_releases", uint64(p.MaxReleases), 2, maxReleasesLimit},
		{"max_metrics", uint64(p.MaxMetrics), 0, maxListLimit},
		{"max_tags", uint64(p.MaxTags), 1, maxListLimit},
		{"max_files", uint64(p.MaxFiles), 0, maxListLimit},
		{"max_key_bytes", uint64(p.MaxKeyBytes), 1, maxKeyLimit},
		{"max_checkpoints", uint64(p.MaxCheckpoints), 1, maxCheckpoints},
		{"gas_per_decoded_byte", p.GasPerDecodedByte, 0, maxGasPerByte},
		{"max_block_gap_ms", p.MaxBlockGapMs, 1, day},
		{"min_time_limit_ms", p.MinTimeLimitMs, 1, p.MaxTimeLimitMs},
		{"max_time_limit_ms", p.MaxTimeLimitMs, 1, maxDuration},
		{"min_window_ms", p.MinWindowMs, 1, p.MaxWindowMs},
		{"max_window_ms", p.MaxWindowMs, 1, maxDuration},
		{"retention_ms", p.RetentionMs, 0, maxDuration},
		{"deposit_share_bps", uint64(p.DepositShareBps), 0, 100 * basisPoints},
		{"bond_share_bps", uint64(p.BondShareBps), 0, 100 * basisPoints},
		{"chain_share_bps", uint64(p.ChainShareBps), 0, basisPoints},
		{"challenge_levels", uint64(p.ChallengeLevels), 1, maxLevelsLimit},
		{"silent_slash_bps", uint64(p.SilentSlashBps), 0, basisPoints},
		{"evaluation_rounds", uint64(p.EvaluationRounds), 1, maxRoundsLimit},
		{"confirm_share_bps", uint64(p.ConfirmShareBps), 0, basisPoints},
		{"burn_share_bps", uint64(p.BurnShareBps), 0, basisPoints},
		{"sweep_payouts", uint64(p.SweepPayouts), 1, maxSweepLimit},
		{"sweep_removals", uint64(p.SweepRemovals), 1, maxSweepLimit},
	}
	for _, n := range numbers {
		if n.value < n.min || n.value > n.max {
			return ErrInvalid.Wrapf("params.%s: %d is not within %d and %d", n.name, n.value, n.min, n.max)
		}
	}
	for _, w := range p.DefaultWindows.named() {
		if err := p.checkWindow("params.default_windows."+w.name, w.value); err != nil {
			return err
		}
	}
	return nil
}

func (p Params) checkWindow(name string, ms uint64) error {
	if ms < p.MinWindowMs || ms > p.MaxWindowMs {
		return ErrInvalid.Wrapf("%s: %d ms is not within %d and %d", name, ms, p.MinWindowMs, p.MaxWindowMs)
	}
	return nil
}

// namedNumber is a number and the name of its field.
type namedNumber struct {
	name  string
	value uint64
}

func (w Windows) named() []namedNumber {
	return []namedNumber{
		{"open_ms", w.OpenMs},
		{"hiring_ms", w.HiringMs},
		{"grant_ms", w.GrantMs},
		{"reveal_ms", w.RevealMs},
		{"evaluation_ms", w.EvaluationMs},
		{"challenge_ms", w.ChallengeMs},
		{"resolve_ms", w.ResolveMs},
	}
}

// Or fills the windows that are 0 from the defaults.
func (w Windows) Or(defaults Windows) Windows {
	or := func(ms, fallback uint64) uint64 {
		if ms == 0 {
			return fallback
		}
		return ms
	}
	return Windows{
		OpenMs:       or(w.OpenMs, defaults.OpenMs),
		HiringMs:     or(w.HiringMs, defaults.HiringMs),
		GrantMs:      or(w.GrantMs, defaults.GrantMs),
		RevealMs:     or(w.RevealMs, defaults.RevealMs),
		EvaluationMs: or(w.EvaluationMs, defaults.EvaluationMs),
		ChallengeMs:  or(w.ChallengeMs, defaults.ChallengeMs),
		ResolveMs:    or(w.ResolveMs, defaults.ResolveMs),
	}
}

// checkLength refuses a text or list that is too long.
func checkLength(field string, length int, limit uint32) error {
	if uint64(length) > uint64(limit) {
		return ErrLimit.Wrapf("%s: %d of at most %d", field, length, limit)
	}
	return nil
}

func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
