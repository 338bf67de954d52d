package types_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

func accountsOf(n int) (accounts []string) {
	for i := range n {
		accounts = append(accounts, sdk.AccAddress(fmt.Sprintf("account %012d", i)).String())
	}
	return accounts
}

func metricsOf(n int) (metrics []types.Metric) {
	for i := range n {
		metrics = append(metrics, types.Metric{Field: fmt.Sprint("m", i), Fold: program.METRIC_FOLD_SUM})
	}
	return metrics
}

// What is exactly at its limit is accepted, one more is refused.
func TestLimitsOfARegistration(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	for field, c := range map[string]struct {
		set  func(m *types.MsgRegisterJob, n int)
		most int
	}{
		"name":                   {func(m *types.MsgRegisterJob, n int) { m.Name = text(n) }, 64},
		"description":            {func(m *types.MsgRegisterJob, n int) { m.Description = text(n) }, 1024},
		"source_url":             {func(m *types.MsgRegisterJob, n int) { m.SourceURL = "a://" + text(n-4) }, 1024},
		"source_commit":          {func(m *types.MsgRegisterJob, n int) { m.SourceCommit = text(n) }, 128},
		"terms.metrics":          {func(m *types.MsgRegisterJob, n int) { m.Terms.Metrics = metricsOf(n) }, 8},
		"terms.requirement.gpus": {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.GPUs = make([]program.GPU, n) }, 32},
		"terms.requirement.tags": {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.Tags = make([]string, n) }, 32},
		"terms.requirement.arch": {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.Arch = text(n) }, 64},
		"terms.requirement.os":   {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.OS = text(n) }, 64},
		"requirement.tags[0]":    {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.Tags = []string{text(n)} }, 64},
		"gpus[0].vendor":         {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.GPUs = []program.GPU{{Vendor: text(n)}} }, 64},
		"gpus[0].model":          {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.GPUs = []program.GPU{{Model: text(n)}} }, 64},
		"requirement.cpu_millis": {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.CPUMillis = uint64(n) }, 1 << 60},
		"requirement.memory_":    {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.MemoryBytes = uint64(n) }, 1 << 60},
		"requirement.disk_bytes": {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.DiskBytes = uint64(n) }, 1 << 60},
		"free_storage_bytes":     {func(m *types.MsgRegisterJob, n int) { m.Terms.Requirement.FreeStorageBytes = uint64(n) }, 1 << 60},
		"gpus[0].memory_bytes": {func(m *types.MsgRegisterJob, n int) {
			m.Terms.Requirement.GPUs = []program.GPU{{MemoryBytes: uint64(n)}}
		}, 1 << 60},
		"terms.metrics[0].field": {func(m *types.MsgRegisterJob, n int) { m.Terms.Metrics = []types.Metric{{Field: text(n), Fold: 1}} }, 64},
		"terms.metrics[0].fold": {func(m *types.MsgRegisterJob, n int) {
			m.Terms.Metrics = []types.Metric{{Field: "m", Fold: program.MetricFold(n)}}
		}, 4},
		"terms.windows.open_ms":   {func(m *types.MsgRegisterJob, n int) { m.Terms.Windows.OpenMs = uint64(n) }, 604_800_000},
		"qualification_input.inl": {func(m *types.MsgRegisterJob, n int) { m.QualificationInput.Inline = make([]byte, n) }, 4096},
		"qualification_input.reference.size": {func(m *types.MsgRegisterJob, n int) {
			m.QualificationInput.Reference = &types.Reference{Digest: types.Digest(nil), Size_: uint64(n)}
		}, 64 << 30},
		"releases[0].program.size":        {func(m *types.MsgRegisterJob, n int) { m.Releases[0].Program.Size_ = uint64(n) }, 64 << 30},
		"releases[0].program.entry_point": {func(m *types.MsgRegisterJob, n int) { m.Releases[0].Program.EntryPoint = text(n) }, 64},
		"releases[0].platforms":           {func(m *types.MsgRegisterJob, n int) { m.Releases[0].Platforms = make([]program.Platform, n) }, 32},
		"platforms[0].os":                 {func(m *types.MsgRegisterJob, n int) { m.Releases[0].Platforms = []program.Platform{{OS: text(n)}} }, 64},
		"platforms[0].arch":               {func(m *types.MsgRegisterJob, n int) { m.Releases[0].Platforms = []program.Platform{{Arch: text(n)}} }, 64},
		"terms.max_checkpoints": {func(m *types.MsgRegisterJob, n int) {
			m.Terms.Verification, m.Terms.Deterministic, m.Terms.MaxCheckpoints, m.Terms.Segments = types.VERIFICATION_CHECKPOINT, true, uint32(n), 1
		}, 256},
		"terms.segments": {func(m *types.MsgRegisterJob, n int) {
			m.Terms.Verification, m.Terms.Deterministic, m.Terms.MaxCheckpoints, m.Terms.Segments = types.VERIFICATION_CHECKPOINT, true, 9, uint32(n)
		}, 9},
	} {
		m := registration()
		c.set(m, c.most)
		require.NoError(t, m.Validate(types.DefaultParams()), field)
		c.set(m, c.most+1)
		require.ErrorContains(t, m.Validate(types.DefaultParams()), field)
	}
	m := registration()
	m.Terms.Windows.OpenMs = 500
	require.NoError(t, m.Validate(types.DefaultParams()))
	m.Terms.Windows.OpenMs = 499
	require.ErrorContains(t, m.Validate(types.DefaultParams()), "terms.windows.open_ms: 499 ms")

	most := math.NewInt(2).ToLegacyDec().Power(100).TruncateInt().SubRaw(1)
	for field, set := range map[string]func(m *types.MsgRegisterJob, amount math.Int){
		"terms.min_deposit":   func(m *types.MsgRegisterJob, amount math.Int) { m.Terms.MinDeposit = amount },
		"terms.challenge_fee": func(m *types.MsgRegisterJob, amount math.Int) { m.Terms.ChallengeFee = amount },
		"terms.bond.amount":   func(m *types.MsgRegisterJob, amount math.Int) { m.Terms.Bond = &types.Bond{Amount: amount} },
	} {
		m := registration()
		set(m, most)
		require.NoError(t, m.Validate(types.DefaultParams()), field)
		set(m, most.AddRaw(1))
		require.ErrorContains(t, m.Validate(types.DefaultParams()), field+": more than 2^100 uain")
	}
}

func TestLimitsOfAnOrder(t *testing.T) {
	params := types.DefaultParams()
	reference := func(n int) *types.Input {
		return &types.Input{Reference: &types.Reference{Digest: types.Digest(nil), Size_: uint64(n)}}
	}
	weight := func(s *types.RequestSpec, weights ...uint64) {
		s.MaxWorkers, s.RewardFunction = 3, types.RewardFunction{Kind: types.REWARD_KIND_WEIGHTS, Weights: weights}
	}
	for field, c := range map[string]struct {
		set         func(s *types.RequestSpec, n int)
		least, most int
	}{
		"spec.input.inline":         {func(s *types.RequestSpec, n int) { s.Input.Inline = make([]byte, n) }, 0, 4096},
		"spec.input.reference.size": {func(s *types.RequestSpec, n int) { s.Input = *reference(n) }, 0, 64 << 30},
		"spec.input.files":          {func(s *types.RequestSpec, n int) { s.Input.Files = filesOf(n) }, 0, 32},
		"spec.input.files[0].name": {func(s *types.RequestSpec, n int) {
			s.Input.Files = []types.NamedReference{{Name: strings.Repeat("a", n), Reference: types.Reference{Digest: types.Digest(nil)}}}
		}, 1, 100},
		"spec.evaluator_input.reference.siz": {func(s *types.RequestSpec, n int) { s.EvaluatorInput = reference(n) }, 0, 64 << 30},
		"spec.time_limit_ms":                 {func(s *types.RequestSpec, n int) { s.TimeLimitMs = uint64(n) }, 500, 30 * 86_400_000},
		"spec.max_workers":                   {func(s *types.RequestSpec, n int) { s.MaxWorkers = uint32(n) }, 0, 64},
		"spec.min_workers":                   {func(s *types.RequestSpec, n int) { s.MinWorkers, s.MaxWorkers = uint32(n), 5 }, 0, 5},
		"spec.evaluator_candidates":          {func(s *types.RequestSpec, n int) { s.EvaluatorCandidates = accountsOf(n) }, 0, 64},
		"spec.worker_candidates":             {func(s *types.RequestSpec, n int) { s.WorkerCandidates = accountsOf(n) }, 0, 64},
		"spec.worker_candidates: 3 accounts": {func(s *types.RequestSpec, n int) { s.MinWorkers, s.WorkerCandidates = uint32(n), accountsOf(3) }, 0, 3},
		"spec.min_rating":                    {func(s *types.RequestSpec, n int) { s.MinRating = uint64(n) }, 0, 1_000_000},
		"spec.min_challenge_levels":          {func(s *types.RequestSpec, n int) { s.MinChallengeLevels = uint32(n) }, 0, 3},
		"spec.requirement.tags":              {func(s *types.RequestSpec, n int) { s.Requirement.Tags = make([]string, n) }, 0, 32},
		"spec.reward_function.kind":          {func(s *types.RequestSpec, n int) { s.RewardFunction.Kind = types.RewardKind(n) }, 1, 5},
		"spec.reward_function.weights":       {func(s *types.RequestSpec, n int) { weight(s, slices.Repeat([]uint64{1}, n)...) }, 1, 3},
		"reward_function.weights":            {func(s *types.RequestSpec, n int) { weight(s, uint64(n)) }, 1, 1 << 32},
		"spec.reward_function.weights[1]":    {func(s *types.RequestSpec, n int) { weight(s, 7, uint64(n)) }, 0, 7},
		"spec.reward_function.ratio_numerat": {func(s *types.RequestSpec, n int) {
			s.RewardFunction = types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: uint64(n), RatioDenominator: 3}
		}, 0, 3},
		"spec.reward_function.ratio": {func(s *types.RequestSpec, n int) {
			s.RewardFunction = types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: 1, RatioDenominator: uint64(n)}
		}, 1, 1000},
	} {
		for _, n := range []int{c.least, c.most} {
			m := order()
			c.set(&m.Spec, n)
			require.NoError(t, m.Validate(params), "%s: %d", field, n)
		}
		for _, n := range []int{c.least - 1, c.most + 1} {
			if n < 0 {
				continue
			}
			m := order()
			c.set(&m.Spec, n)
			require.ErrorContains(t, m.Validate(params), field, n)
		}
	}
}

func filesOf(n int) []types.NamedReference {
	var files []types.NamedReference
	for i := range n {
		files = append(files, types.NamedReference{Name: fmt.Sprint("f", i), Reference: types.Reference{Digest: types.Digest(nil), Size_: 1}})
	}
	return files
}

func TestLimitsOfOtherMessages(t *testing.T) {
	params := types.DefaultParams()
	digests := func(n int) [][]byte { return slices.Repeat([][]byte{make([]byte, 32)}, n) }
	for name, c := range map[string]struct {
		validate func(n int) error
		most     int
	}{
		"keys of a grant": {func(n int) error {
			m := &types.MsgGrantKey{}
			for _, account := range accountsOf(n) {
				m.Keys = append(m.Keys, types.WrappedKey{Account: account, Key: []byte("k")})
			}
			return m.Validate(params)
		}, 64},
		"bytes of a key": {func(n int) error {
			return (&types.MsgGrantKey{Keys: []types.WrappedKey{{Account: accountsOf(1)[0], Key: make([]byte, n)}}}).Validate(params)
		}, 1024},
		"workers named forged": {func(n int) error {
			return (&types.MsgResolveChallenge{Forged: accountsOf(n)}).Validate(params)
		}, 64},
		"checkpoints": {func(n int) error {
			return (&types.MsgPublishCheckpoints{Digests: digests(n)}).Validate(types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT, MaxCheckpoints: 7})
		}, 7},
		"checkpoints behind others": {func(n int) error {
			return (&types.MsgPublishCheckpoints{First: 5, Digests: digests(n)}).Validate(types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT, MaxCheckpoints: 7})
		}, 2},
		"bytes of a reason": {func(n int) error { return (&types.MsgRevokeRelease{Reason: strings.Repeat("x", n)}).Validate(params) }, 1024},
		"bytes of a fork's name": {func(n int) error {
			return (&types.MsgForkJob{Name: strings.Repeat("x", n), Releases: make([]types.ForkedRelease, 1)}).Validate(params)
		}, 64},
		"bytes of a fork's description": {func(n int) error {
			return (&types.MsgForkJob{Description: strings.Repeat("x", n), Releases: make([]types.ForkedRelease, 1)}).Validate(params)
		}, 1024},
		"releases of a fork": {func(n int) error {
			return (&types.MsgForkJob{Releases: make([]types.ForkedRelease, n)}).Validate(params)
		}, 2},
		"bytes of an update": {func(n int) error { return (&types.MsgUpdateJob{Description: strings.Repeat("x", n)}).Validate(params) }, 1024},
		"bytes of an open result": {func(n int) error {
			return (&types.MsgSubmitResult{Result: &types.Result{Inline: make([]byte, n)}}).Validate(params, types.TermsSpec{OpenResults: true})
		}, 4096},
		"bytes of a result": {func(n int) error {
			return (&types.MsgRevealResult{Salt: make([]byte, 32), Result: types.Result{Inline: make([]byte, n)}}).Validate(params)
		}, 4096},
		"bytes of a salt": {func(n int) error { return (&types.MsgRevealResult{Salt: make([]byte, n)}).Validate(params) }, 32},
		"bytes of a commitment": {func(n int) error {
			return (&types.MsgSubmitResult{Commitment: make([]byte, n)}).Validate(params, types.TermsSpec{})
		}, 32},
		"bytes of a digest": {func(n int) error {
			return (&types.MsgPublishCheckpoints{Digests: [][]byte{make([]byte, n)}}).Validate(types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT, MaxCheckpoints: 1})
		}, 32},
	} {
		require.NoError(t, c.validate(c.most), name)
		require.Error(t, c.validate(c.most+1), name)
	}
	require.Error(t, (&types.MsgForkJob{}).Validate(params), "a fork of nothing")
	require.Error(t, (&types.MsgGrantKey{}).Validate(params), "a grant of nothing")
	require.Error(t, (&types.MsgUpdateJob{}).Validate(params), "an update of nothing")
	require.Error(t, (&types.MsgResolveChallenge{Forged: accountsOf(1), InputUnusable: true}).Validate(params))
	require.NoError(t, (&types.MsgResolveChallenge{InputUnusable: true}).Validate(params))
	require.NoError(t, (&types.MsgResolveChallenge{Confirm: true}).Validate(params))
	require.NoError(t, (&types.MsgRank{Ranking: []types.RankEntry{{Node: "a", Score: 1}, {Node: "b", Score: 1}}}).Validate(params), "equal scores")
}

// Characters that show nothing, or change what others show, are kept out of every text; their neighbours are not.
func TestHiddenCharacters(t *testing.T) {
	for _, c := range [][2]rune{
		{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0xfeff, 0xfeff}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
	} {
		for _, r := range []rune{c[0] - 1, c[0], c[1], c[1] + 1} {
			if r < 0 {
				continue
			}
			err := (&types.MsgRevokeRelease{Reason: "a" + string(r)}).Validate(types.DefaultParams())
			if r < c[0] || r > c[1] {
				require.NoError(t, err, "%U", r)
				continue
			}
			require.ErrorContains(t, err, fmt.Sprintf("reason: character %U cannot be printed", r))
		}
	}
	require.Error(t, (&types.MsgRevokeRelease{Reason: "a\nb"}).Validate(types.DefaultParams()), "one line")
	m := registration()
	m.Description = "a\nb"
	require.NoError(t, m.Validate(types.DefaultParams()), "several lines")
	m.Description = "a\rb"
	require.Error(t, m.Validate(types.DefaultParams()))
}
