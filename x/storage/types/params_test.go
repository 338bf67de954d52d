package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/storage/types"
)

const day = 86_400_000

func TestDefaultParamsAreThoseOfTheReadme(t *testing.T) {
	require.Equal(t, types.Params{
		MaxEndpointBytes: 256, MinSizeBytes: 1 << 20, MaxSizeBytes: 16 << 40, MinDurationMs: 60_000, MaxDurationMs: 365 * day, MaxRuleAccounts: 100,
		MaxSpacesPerOwner: 100, MaxTerms: 8, PayoutIntervalMs: day, SweepSpaces: 100, MaxKeepMs: day,
	}, types.DefaultParams())
	require.NoError(t, types.DefaultParams().Validate())
}

func TestParamsKeepToTheirBounds(t *testing.T) {
	for _, c := range []struct {
		set      func(*types.Params, uint64)
		min, max uint64
	}{
		{func(p *types.Params, v uint64) { p.MaxEndpointBytes = uint32(v) }, 16, 1024},
		{func(p *types.Params, v uint64) { p.MinSizeBytes, p.MaxSizeBytes = v, max(v, 1) }, 1, 1 << 60},
		{func(p *types.Params, v uint64) { p.MaxSizeBytes = v }, 1 << 20, 1 << 60},
		{func(p *types.Params, v uint64) { p.MinDurationMs, p.MaxDurationMs = v, max(v, 1) }, 1, 3650 * day},
		{func(p *types.Params, v uint64) { p.MaxDurationMs = v }, 60_000, 3650 * day},
		{func(p *types.Params, v uint64) { p.MaxRuleAccounts = uint32(v) }, 1, 1000},
		{func(p *types.Params, v uint64) { p.MaxSpacesPerOwner = uint32(v) }, 1, 1000},
		{func(p *types.Params, v uint64) { p.MaxTerms = uint32(v) }, 1, 100},
		{func(p *types.Params, v uint64) { p.PayoutIntervalMs = v }, 1000, 30 * day},
		{func(p *types.Params, v uint64) { p.SweepSpaces = uint32(v) }, 1, 10_000},
		{func(p *types.Params, v uint64) { p.MaxKeepMs = v }, 0, 30 * day},
	} {
		for v, ok := range map[uint64]bool{c.min: true, c.max: true, c.max + 1: false, c.min - 1: false} {
			p := types.DefaultParams()
			if c.min == 0 && v > c.max+1 {
				continue
			}
			c.set(&p, v)
			require.Equal(t, ok, p.Validate() == nil, "%d of %d to %d", v, c.min, c.max)
		}
	}
}
