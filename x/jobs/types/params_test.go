package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestDefaultParamsAreValid(t *testing.T) {
	require.NoError(t, types.DefaultParams().Validate())
	require.NoError(t, types.DefaultGenesis().Validate())
}

func TestParamsAreRefused(t *testing.T) {
	for field, change := range map[string]func(*types.Params){
		"max_name_bytes":                func(p *types.Params) { p.MaxNameBytes = 0 },
		"max_text_bytes":                func(p *types.Params) { p.MaxTextBytes = 1 << 30 },
		"max_schema_bytes":              func(p *types.Params) { p.MaxSchemaBytes = 2 << 20 },
		"max_schema_messages":           func(p *types.Params) { p.MaxSchemaMessages = 0 },
		"max_schema_fields":             func(p *types.Params) { p.MaxSchemaFields = 0 },
		"max_schema_nesting":            func(p *types.Params) { p.MaxSchemaNesting = 65 },
		"max_inline_bytes":              func(p *types.Params) { p.MaxInlineBytes = 1 << 20 },
		"max_reference_bytes":           func(p *types.Params) { p.MaxReferenceBytes = 0 },
		"max_workers":                   func(p *types.Params) { p.MaxWorkers = 1001 },
		"max_candidates":                func(p *types.Params) { p.MaxCandidates = 0 },
		"max_releases":                  func(p *types.Params) { p.MaxReleases = 1 },
		"max_metrics":                   func(p *types.Params) { p.MaxMetrics = 1001 },
		"max_tags":                      func(p *types.Params) { p.MaxTags = 0 },
		"max_key_bytes":                 func(p *types.Params) { p.MaxKeyBytes = 16<<10 + 1 },
		"gas_per_decoded_byte":          func(p *types.Params) { p.GasPerDecodedByte = 1 << 40 },
		"max_block_gap_ms":              func(p *types.Params) { p.MaxBlockGapMs = 0 },
		"min_time_limit_ms":             func(p *types.Params) { p.MinTimeLimitMs = p.MaxTimeLimitMs + 1 },
		"max_time_limit_ms":             func(p *types.Params) { p.MaxTimeLimitMs = 1 << 62 },
		"min_window_ms":                 func(p *types.Params) { p.MinWindowMs = 0 },
		"max_window_ms":                 func(p *types.Params) { p.MaxWindowMs = 1 << 62 },
		"retention_ms":                  func(p *types.Params) { p.RetentionMs = 1 << 62 },
		"deposit_share_bps":             func(p *types.Params) { p.DepositShareBps = 1_000_001 },
		"bond_share_bps":                func(p *types.Params) { p.BondShareBps = 1_000_001 },
		"chain_share_bps":               func(p *types.Params) { p.ChainShareBps = 10_001 },
		"challenge_levels":              func(p *types.Params) { p.ChallengeLevels = 0 },
		"silent_slash_bps":              func(p *types.Params) { p.SilentSlashBps = 10_001 },
		"evaluation_rounds":             func(p *types.Params) { p.EvaluationRounds = 0 },
		"confirm_share_bps":             func(p *types.Params) { p.ConfirmShareBps = 10_001 },
		"burn_share_bps":                func(p *types.Params) { p.BurnShareBps = 10_001 },
		"sweep_payouts":                 func(p *types.Params) { p.SweepPayouts = 0 },
		"sweep_removals":                func(p *types.Params) { p.SweepRemovals = 0 },
		"default_windows.open_ms":       func(p *types.Params) { p.DefaultWindows.OpenMs = 0 },
		"default_windows.hiring_ms":     func(p *types.Params) { p.DefaultWindows.HiringMs = 1 },
		"default_windows.grant_ms":      func(p *types.Params) { p.DefaultWindows.GrantMs = 0 },
		"default_windows.reveal_ms":     func(p *types.Params) { p.DefaultWindows.RevealMs = 0 },
		"default_windows.evaluation_ms": func(p *types.Params) { p.DefaultWindows.EvaluationMs = p.MaxWindowMs + 1 },
		"default_windows.challenge_ms":  func(p *types.Params) { p.DefaultWindows.ChallengeMs = 0 },
		"default_windows.resolve_ms":    func(p *types.Params) { p.DefaultWindows.ResolveMs = 0 },
	} {
		t.Run(field, func(t *testing.T) {
			params := types.DefaultParams()
			change(&params)
			err := params.Validate()
			require.ErrorIs(t, err, types.ErrInvalid)
			require.ErrorContains(t, err, "params."+field+":")
		})
	}
}

func TestWindowsThatAreSetAreKept(t *testing.T) {
	defaults := types.DefaultParams().DefaultWindows
	require.Equal(t, defaults, types.Windows{}.Or(defaults))
	set := types.Windows{OpenMs: 1, HiringMs: 2, GrantMs: 3, RevealMs: 4, EvaluationMs: 5, ChallengeMs: 6, ResolveMs: 7}
	require.Equal(t, set, set.Or(defaults))
}
