package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestDefaultParamsAreThoseOfTheReadme(t *testing.T) {
	require.NoError(t, types.DefaultGenesis().Validate())
	require.Equal(t, types.Params{
		MaxNameBytes: 64, MaxTextBytes: 1024, MaxSchemaBytes: 32_768, MaxSchemaMessages: 64, MaxSchemaFields: 512, MaxSchemaNesting: 16,
		MaxInlineBytes: 4096, MaxReferenceBytes: 68_719_476_736, MaxWorkers: 64, MaxCandidates: 64, MaxReleases: 1000, MaxMetrics: 8, MaxTags: 32, MaxFiles: 32,
		MaxKeyBytes: 1024, MaxCheckpoints: 256, GasPerDecodedByte: 20,
		MaxBlockGapMs: 30_000, MinTimeLimitMs: 500, MaxTimeLimitMs: 2_592_000_000, MinWindowMs: 500, MaxWindowMs: 604_800_000,
		DefaultWindows: types.Windows{
			OpenMs: 600_000, HiringMs: 30_000, GrantMs: 60_000, RevealMs: 30_000, EvaluationMs: 300_000, ChallengeMs: 300_000, ResolveMs: 3_600_000,
		},
		RetentionMs: 3_600_000, DepositShareBps: 10_000, BondShareBps: 1000, ChainShareBps: 100, ChallengeLevels: 3, SilentSlashBps: 2000,
		EvaluationRounds: 3, ConfirmShareBps: 500, BurnShareBps: 1000, SweepPayouts: 256, SweepRemovals: 64,
	}, types.DefaultParams())
}

func TestParamsAreBoundedOnBothSides(t *testing.T) {
	const day, years = 86_400_000, 10 * 365 * 86_400_000
	for _, c := range []struct {
		field    string
		set      func(p *types.Params, value uint64)
		min, max uint64
	}{
		{"max_name_bytes", func(p *types.Params, v uint64) { p.MaxNameBytes = uint32(v) }, 1, 64 << 10},
		{"max_text_bytes", func(p *types.Params, v uint64) { p.MaxTextBytes = uint32(v) }, 1, 64 << 10},
		{"max_schema_bytes", func(p *types.Params, v uint64) { p.MaxSchemaBytes = uint32(v) }, 1, 1 << 20},
		{"max_schema_messages", func(p *types.Params, v uint64) { p.MaxSchemaMessages = uint32(v) }, 1, 1 << 20},
		{"max_schema_fields", func(p *types.Params, v uint64) { p.MaxSchemaFields = uint32(v) }, 1, 1 << 20},
		{"max_schema_nesting", func(p *types.Params, v uint64) { p.MaxSchemaNesting = uint32(v) }, 1, 64},
		{"max_inline_bytes", func(p *types.Params, v uint64) { p.MaxInlineBytes = uint32(v) }, 1, 64 << 10},
		{"max_reference_bytes", func(p *types.Params, v uint64) { p.MaxReferenceBytes = v }, 1, 1 << 50},
		{"max_workers", func(p *types.Params, v uint64) { p.MaxWorkers = uint32(v) }, 1, 1000},
		{"max_candidates", func(p *types.Params, v uint64) { p.MaxCandidates = uint32(v) }, 1, 1000},
		{"max_releases", func(p *types.Params, v uint64) { p.MaxReleases = uint32(v) }, 2, 100_000},
		{"max_metrics", func(p *types.Params, v uint64) { p.MaxMetrics = uint32(v) }, 0, 1000},
		{"max_tags", func(p *types.Params, v uint64) { p.MaxTags = uint32(v) }, 1, 1000},
		{"max_files", func(p *types.Params, v uint64) { p.MaxFiles = uint32(v) }, 0, 1000},
		{"max_key_bytes", func(p *types.Params, v uint64) { p.MaxKeyBytes = uint32(v) }, 1, 16 << 10},
		{"max_checkpoints", func(p *types.Params, v uint64) { p.MaxCheckpoints = uint32(v) }, 1, 1024},
		{"gas_per_decoded_byte", func(p *types.Params, v uint64) { p.GasPerDecodedByte = v }, 0, 1_000_000},
		{"max_block_gap_ms", func(p *types.Params, v uint64) { p.MaxBlockGapMs = v }, 1, day},
		{"min_time_limit_ms", func(p *types.Params, v uint64) { p.MinTimeLimitMs = v }, 1, 30 * day},
		{"max_time_limit_ms", func(p *types.Params, v uint64) { p.MaxTimeLimitMs, p.MinTimeLimitMs = v, 1 }, 1, years},
		{"min_window_ms", func(p *types.Params, v uint64) { p.MinWindowMs, p.DefaultWindows = v, windowsOf(7*day) }, 1, 7 * day},
		{"max_window_ms", func(p *types.Params, v uint64) { p.MaxWindowMs, p.MinWindowMs, p.DefaultWindows = v, 1, windowsOf(1) }, 1, years},
		{"retention_ms", func(p *types.Params, v uint64) { p.RetentionMs = v }, 0, years},
		{"deposit_share_bps", func(p *types.Params, v uint64) { p.DepositShareBps = uint32(v) }, 0, 1_000_000},
		{"bond_share_bps", func(p *types.Params, v uint64) { p.BondShareBps = uint32(v) }, 0, 1_000_000},
		{"chain_share_bps", func(p *types.Params, v uint64) { p.ChainShareBps = uint32(v) }, 0, 10_000},
		{"challenge_levels", func(p *types.Params, v uint64) { p.ChallengeLevels = uint32(v) }, 1, 16},
		{"silent_slash_bps", func(p *types.Params, v uint64) { p.SilentSlashBps = uint32(v) }, 0, 10_000},
		{"evaluation_rounds", func(p *types.Params, v uint64) { p.EvaluationRounds = uint32(v) }, 1, 16},
		{"confirm_share_bps", func(p *types.Params, v uint64) { p.ConfirmShareBps = uint32(v) }, 0, 10_000},
		{"burn_share_bps", func(p *types.Params, v uint64) { p.BurnShareBps = uint32(v) }, 0, 10_000},
		{"sweep_payouts", func(p *types.Params, v uint64) { p.SweepPayouts = uint32(v) }, 1, 100_000},
		{"sweep_removals", func(p *types.Params, v uint64) { p.SweepRemovals = uint32(v) }, 1, 100_000},
		{"default_windows.open_ms", func(p *types.Params, v uint64) { p.DefaultWindows.OpenMs = v }, 500, 7 * day},
		{"default_windows.hiring_ms", func(p *types.Params, v uint64) { p.DefaultWindows.HiringMs = v }, 500, 7 * day},
		{"default_windows.grant_ms", func(p *types.Params, v uint64) { p.DefaultWindows.GrantMs = v }, 500, 7 * day},
		{"default_windows.reveal_ms", func(p *types.Params, v uint64) { p.DefaultWindows.RevealMs = v }, 500, 7 * day},
		{"default_windows.evaluation_ms", func(p *types.Params, v uint64) { p.DefaultWindows.EvaluationMs = v }, 500, 7 * day},
		{"default_windows.challenge_ms", func(p *types.Params, v uint64) { p.DefaultWindows.ChallengeMs = v }, 500, 7 * day},
		{"default_windows.resolve_ms", func(p *types.Params, v uint64) { p.DefaultWindows.ResolveMs = v }, 500, 7 * day},
	} {
		t.Run(c.field, func(t *testing.T) {
			params := types.DefaultParams()
			for _, good := range []uint64{c.min, c.max} {
				c.set(&params, good)
				require.NoError(t, params.Validate())
			}
			for _, bad := range []uint64{c.max + 1, c.min - min(c.min, 1)} {
				if bad == c.min {
					continue // nothing is below 0
				}
				c.set(&params, bad)
				require.ErrorIs(t, params.Validate(), types.ErrInvalid)
				// Of the longest the shortest says it, where none is left between them.
				require.ErrorContains(t, params.Validate(), strings.TrimPrefix(c.field, "max_")+":")
			}
		})
	}
}

// windowsOf are windows of one length.
func windowsOf(ms uint64) types.Windows {
	return types.Windows{OpenMs: ms, HiringMs: ms, GrantMs: ms, RevealMs: ms, EvaluationMs: ms, ChallengeMs: ms, ResolveMs: ms}
}

func TestWindowsThatAreSetAreKept(t *testing.T) {
	defaults := types.DefaultParams().DefaultWindows
	require.Equal(t, defaults, types.Windows{}.Or(defaults))
	set := types.Windows{OpenMs: 1, HiringMs: 2, GrantMs: 3, RevealMs: 4, EvaluationMs: 5, ChallengeMs: 6, ResolveMs: 7}
	require.Equal(t, set, set.Or(defaults))
}
