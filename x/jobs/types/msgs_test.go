package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

func registration() *types.MsgRegisterJob {
	worker, evaluator := releaseSpec(), releaseSpec()
	evaluator.Role = program.ROLE_EVALUATOR
	return &types.MsgRegisterJob{
		Name: "roots", SourceURL: "https://example.org/roots", SourceCommit: "abc",
		Releases: []types.ReleaseSpec{worker, evaluator},
	}
}

func TestRegistrationIsRefused(t *testing.T) {
	require.NoError(t, registration().Validate(types.DefaultParams()))
	for name, c := range map[string]struct {
		change func(*types.MsgRegisterJob)
		err    error
		says   string
	}{
		"no name":                        {func(m *types.MsgRegisterJob) { m.Name = "" }, types.ErrInvalid, "name: empty"},
		"a name that is too long":        {func(m *types.MsgRegisterJob) { m.Name = strings.Repeat("a", 65) }, types.ErrLimit, "name: 65 of at most 64"},
		"a name with a control":          {func(m *types.MsgRegisterJob) { m.Name = "a\x1b[2J" }, types.ErrInvalid, "name: character U+001B"},
		"a name that is not UTF-8":       {func(m *types.MsgRegisterJob) { m.Name = "\xff" }, types.ErrInvalid, "name: not UTF-8"},
		"a description that is too long": {func(m *types.MsgRegisterJob) { m.Description = strings.Repeat("a", 1025) }, types.ErrLimit, "description"},
		"no source":                      {func(m *types.MsgRegisterJob) { m.SourceURL = "" }, types.ErrInvalid, "source_url"},
		"a source that is no URL":        {func(m *types.MsgRegisterJob) { m.SourceURL = "example.org" }, types.ErrInvalid, "source_url"},
		"no commit":                      {func(m *types.MsgRegisterJob) { m.SourceCommit = "" }, types.ErrInvalid, "source_commit: empty"},
		"a negative deposit":             {func(m *types.MsgRegisterJob) { m.Terms.MinDeposit = math.NewInt(-1) }, types.ErrInvalid, "terms.min_deposit: -1uain"},
		"an absurd fee": {func(m *types.MsgRegisterJob) {
			m.Terms.ChallengeFee = math.NewInt(2).ToLegacyDec().Power(100).TruncateInt()
		}, types.ErrLimit, "terms.challenge_fee"},
		"a negative bond":                  {func(m *types.MsgRegisterJob) { m.Terms.Bond = &types.Bond{Amount: math.NewInt(-1)} }, types.ErrInvalid, "terms.bond.amount"},
		"a window that is too short":       {func(m *types.MsgRegisterJob) { m.Terms.Windows.RevealMs = 1 }, types.ErrInvalid, "terms.windows.reveal_ms: 1 ms"},
		"a window that is too long":        {func(m *types.MsgRegisterJob) { m.Terms.Windows.ChallengeMs = 1 << 60 }, types.ErrInvalid, "terms.windows.challenge_ms"},
		"too many tags":                    {func(m *types.MsgRegisterJob) { m.Terms.Requirement.Tags = make([]string, 33) }, types.ErrLimit, "terms.requirement.tags"},
		"an absurd requirement":            {func(m *types.MsgRegisterJob) { m.Terms.Requirement.MemoryBytes = 1 << 61 }, types.ErrLimit, "terms.requirement.memory_bytes"},
		"more metrics than a job may have": {func(m *types.MsgRegisterJob) { m.Terms.Metrics = make([]types.Metric, 9) }, types.ErrLimit, "terms.metrics: 9 of at most 8"},
		"a metric of no fold":              {func(m *types.MsgRegisterJob) { m.Terms.Metrics = []types.Metric{{Field: "loss"}} }, types.ErrInvalid, "terms.metrics[0].fold"},
		"a metric that is there twice": {func(m *types.MsgRegisterJob) {
			loss := types.Metric{Field: "loss", Fold: program.METRIC_FOLD_MIN}
			m.Terms.Metrics = []types.Metric{loss, loss}
		}, types.ErrInvalid, "terms.metrics[1]: METRIC_FOLD_MIN of loss is there twice"},
		"a metric of a garbled name": {func(m *types.MsgRegisterJob) {
			m.Terms.Metrics = []types.Metric{{Field: "lo\x1bss", Fold: program.METRIC_FOLD_MIN}}
		}, types.ErrInvalid, "terms.metrics[0].field: character U+001B"},
		"no worker release":                 {func(m *types.MsgRegisterJob) { m.Releases = m.Releases[1:] }, types.ErrInvalid, "releases: 0 of ROLE_WORKER"},
		"two worker releases":               {func(m *types.MsgRegisterJob) { m.Releases[1].Role = program.ROLE_WORKER }, types.ErrInvalid, "releases: 2 of ROLE_WORKER"},
		"a version that is none":            {func(m *types.MsgRegisterJob) { m.Releases[0].Version = "latest" }, types.ErrVersion, "releases[0].version"},
		"a digest that is none":             {func(m *types.MsgRegisterJob) { m.Releases[0].Program.Digest = "v1" }, types.ErrInvalid, "releases[0].program.digest"},
		"an empty program":                  {func(m *types.MsgRegisterJob) { m.Releases[0].Program.Size_ = 0 }, types.ErrLimit, "releases[0].program.size"},
		"a program of no kind":              {func(m *types.MsgRegisterJob) { m.Releases[0].Program.Kind = 0 }, types.ErrInvalid, "releases[0].program.kind"},
		"a script without runtime":          {func(m *types.MsgRegisterJob) { m.Releases[0].Program.Runtime = "" }, types.ErrInvalid, "releases[0].program.runtime"},
		"a script that speaks stdio":        {func(m *types.MsgRegisterJob) { m.Releases[0].Program.ABI = program.ABI_STDIO_JSON }, types.ErrInvalid, "releases[0].program.abi"},
		"a module with the script ABI":      {func(m *types.MsgRegisterJob) { m.Releases[0].Program.Kind = program.PROGRAM_KIND_WASM }, types.ErrInvalid, "releases[0].program.abi"},
		"a qualification that is too large": {func(m *types.MsgRegisterJob) { m.QualificationInput.Inline = make([]byte, 4097) }, types.ErrLimit, "qualification_input.inline"},
	} {
		t.Run(name, func(t *testing.T) {
			m := registration()
			c.change(m)
			err := m.Validate(types.DefaultParams())
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func order() *types.MsgRequestJob {
	return &types.MsgRequestJob{Spec: types.RequestSpec{
		JobId: 1, TimeLimitMs: 3_000, RewardFunction: types.RewardFunction{Kind: types.REWARD_KIND_EVEN},
	}}
}

func TestOrderIsFilledIn(t *testing.T) {
	m := order()
	require.NoError(t, m.Validate(types.DefaultParams()))
	require.Equal(t, uint32(1), m.Spec.MinWorkers)
	require.Equal(t, uint32(64), m.Spec.MaxWorkers)
	require.Equal(t, "0", m.Spec.Rewards().String(), "rewards that were left out are zero")
}

func TestOrderIsRefused(t *testing.T) {
	reference := func(digest string, size uint64) *types.Reference {
		return &types.Reference{Digest: digest, Size_: size}
	}
	weights := func(weights ...uint64) func(*types.RequestSpec) {
		return func(s *types.RequestSpec) {
			s.MaxWorkers, s.RewardFunction = 3, types.RewardFunction{Kind: types.REWARD_KIND_WEIGHTS, Weights: weights}
		}
	}
	ratio := func(p, q uint64) func(*types.RequestSpec) {
		return func(s *types.RequestSpec) {
			s.RewardFunction = types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: p, RatioDenominator: q}
		}
	}
	candidate := sdk.AccAddress("candidate___________").String()
	for name, c := range map[string]struct {
		change func(*types.RequestSpec)
		err    error
		says   string
	}{
		"an input that is too large": {func(s *types.RequestSpec) { s.Input.Inline = make([]byte, 4097) }, types.ErrLimit, "spec.input.inline: 4097 bytes of at most 4096"},
		"an input in two places": {func(s *types.RequestSpec) {
			s.Input = types.Input{Inline: []byte{1}, Reference: reference(types.Digest(nil), 1)}
		}, types.ErrInvalid, "spec.input: both"},
		"a reference without digest":     {func(s *types.RequestSpec) { s.Input.Reference = reference("", 1) }, types.ErrInvalid, "spec.input.reference.digest"},
		"a reference that is too large":  {func(s *types.RequestSpec) { s.Input.Reference = reference(types.Digest(nil), 1<<50) }, types.ErrLimit, "spec.input.reference.size"},
		"a negative evaluator reward":    {func(s *types.RequestSpec) { s.EvaluatorReward = math.NewInt(-1) }, types.ErrInvalid, "spec.evaluator_reward: -1uain"},
		"a negative worker reward":       {func(s *types.RequestSpec) { s.WorkerReward = math.NewInt(-1) }, types.ErrInvalid, "spec.worker_reward: -1uain"},
		"no reward function":             {func(s *types.RequestSpec) { s.RewardFunction.Kind = 0 }, types.ErrInvalid, "spec.reward_function.kind"},
		"a negative reward function":     {func(s *types.RequestSpec) { s.RewardFunction.Kind = -1 }, types.ErrInvalid, "spec.reward_function.kind"},
		"an unknown reward function":     {func(s *types.RequestSpec) { s.RewardFunction.Kind = 6 }, types.ErrInvalid, "spec.reward_function.kind"},
		"weights that nobody reads":      {func(s *types.RequestSpec) { s.RewardFunction.Weights = []uint64{1} }, types.ErrInvalid, "spec.reward_function.weights: 1 of them"},
		"a ratio that nobody reads":      {func(s *types.RequestSpec) { s.RewardFunction.RatioDenominator = 1 }, types.ErrInvalid, "spec.reward_function.ratio_numerator: a ratio of 0/1"},
		"no weights":                     {weights(), types.ErrInvalid, "spec.reward_function.weights: none"},
		"weights of nothing":             {weights(0, 0), types.ErrInvalid, "spec.reward_function.weights: none"},
		"weights that rise":              {weights(3, 1, 2), types.ErrInvalid, "spec.reward_function.weights[2]: 2 after 1"},
		"a weight that is too large":     {weights(1<<32 + 1), types.ErrLimit, "spec.reward_function.weights[0]"},
		"more weights than workers":      {weights(4, 3, 2, 1), types.ErrLimit, "spec.reward_function.weights: 4 of at most 3"},
		"a ratio without denominator":    {ratio(0, 0), types.ErrInvalid, "spec.reward_function.ratio_numerator: 0/0"},
		"a ratio above one":              {ratio(3, 2), types.ErrInvalid, "spec.reward_function.ratio_numerator: 3/2"},
		"a ratio of large numbers":       {ratio(1, 1001), types.ErrInvalid, "spec.reward_function.ratio_numerator: 1/1001"},
		"a candidate that is no address": {func(s *types.RequestSpec) { s.EvaluatorCandidates = []string{"me"} }, types.ErrInvalid, "spec.evaluator_candidates[0]"},
		"a candidate twice":              {func(s *types.RequestSpec) { s.WorkerCandidates = []string{candidate, candidate} }, types.ErrInvalid, "spec.worker_candidates[1]"},
		"a candidate in capitals, too":   {func(s *types.RequestSpec) { s.WorkerCandidates = []string{candidate, strings.ToUpper(candidate)} }, types.ErrInvalid, "spec.worker_candidates[1]"},
		"too many candidates":            {func(s *types.RequestSpec) { s.WorkerCandidates = make([]string, 65) }, types.ErrLimit, "spec.worker_candidates: 65 of at most 64"},
		"fewer candidates than workers": {func(s *types.RequestSpec) {
			s.MinWorkers, s.WorkerCandidates = 2, []string{candidate}
		}, types.ErrInvalid, "spec.worker_candidates: 1 accounts, but min_workers is 2"},
		"more challenge levels than there are": {func(s *types.RequestSpec) { s.MinChallengeLevels = 4 }, types.ErrInvalid, "spec.min_challenge_levels: 4"},
		"an input of the evaluator that everybody reads": {func(s *types.RequestSpec) { s.EvaluatorInput = &types.Input{Inline: []byte{1}} },
			types.ErrInvalid, "spec.evaluator_input.reference: missing"},
		"an input of the evaluator without digest": {func(s *types.RequestSpec) { s.EvaluatorInput = &types.Input{Reference: reference("", 1)} },
			types.ErrInvalid, "spec.evaluator_input.reference.digest"},
		"no time":                         {func(s *types.RequestSpec) { s.TimeLimitMs = 0 }, types.ErrInvalid, "spec.time_limit_ms: 0 ms"},
		"too much time":                   {func(s *types.RequestSpec) { s.TimeLimitMs = 1 << 60 }, types.ErrInvalid, "spec.time_limit_ms"},
		"more workers than the chain has": {func(s *types.RequestSpec) { s.MaxWorkers = 65 }, types.ErrLimit, "spec.max_workers: 65 of at most 64"},
		"fewest above most":               {func(s *types.RequestSpec) { s.MinWorkers, s.MaxWorkers = 3, 2 }, types.ErrInvalid, "spec.min_workers: 3"},
		"a tag with a line break":         {func(s *types.RequestSpec) { s.Requirement.Tags = []string{"a\nb"} }, types.ErrInvalid, "spec.requirement"},
	} {
		t.Run(name, func(t *testing.T) {
			m := order()
			c.change(&m.Spec)
			err := m.Validate(types.DefaultParams())
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestOtherMessagesAreRefused(t *testing.T) {
	params := types.DefaultParams()
	for name, c := range map[string]struct{ err, is error }{
		"an acceptance as admin":         {(&types.MsgAcceptJob{Role: program.ROLE_ADMIN}).Validate(), types.ErrInvalid},
		"an acceptance as nobody":        {(&types.MsgAcceptJob{}).Validate(), types.ErrInvalid},
		"a commitment of 31 bytes":       {(&types.MsgSubmitResult{Commitment: make([]byte, 31)}).Validate(params, types.TermsSpec{}), types.ErrInvalid},
		"a result beside a commitment":   {(&types.MsgSubmitResult{Commitment: make([]byte, 32), Result: &types.Result{}}).Validate(params, types.TermsSpec{}), types.ErrInvalid},
		"a commitment to an open result": {(&types.MsgSubmitResult{Commitment: make([]byte, 32)}).Validate(params, types.TermsSpec{OpenResults: true}), types.ErrInvalid},
		"no open result":                 {(&types.MsgSubmitResult{}).Validate(params, types.TermsSpec{OpenResults: true}), types.ErrInvalid},
		"a space beside an open result":  {(&types.MsgSubmitResult{Result: &types.Result{}, Space: 5}).Validate(params, types.TermsSpec{OpenResults: true}), types.ErrInvalid},
		"a salt of 33 bytes":             {(&types.MsgRevealResult{Salt: make([]byte, 33)}).Validate(params), types.ErrInvalid},
		"a result that is too large":     {(&types.MsgRevealResult{Salt: make([]byte, 32), Result: types.Result{Inline: make([]byte, 4097)}}).Validate(params), types.ErrLimit},
		"a ranking with a node twice":    {(&types.MsgRank{Ranking: []types.RankEntry{{Node: "a", Score: 1}, {Node: "a", Score: 1}}}).Validate(params), types.ErrRanking},
		"a ranking of an unusable input": {(&types.MsgRank{InputUnusable: true, Ranking: []types.RankEntry{{Node: "a"}}}).Validate(params), types.ErrInvalid},
		"evidence without a digest":      {(&types.MsgRank{Evidence: &types.Reference{}}).Validate(params), types.ErrInvalid},
		"a challenge with bad evidence":  {(&types.MsgChallenge{Evidence: &types.Reference{Digest: "sha256:ab"}}).Validate(params), types.ErrInvalid},
		"a verdict that confirms and ranks": {
			(&types.MsgResolveChallenge{Confirm: true, Ranking: []types.RankEntry{{Node: "a"}}}).Validate(params), types.ErrInvalid},
		"a verdict that confirms what is unusable": {
			(&types.MsgResolveChallenge{Confirm: true, InputUnusable: true}).Validate(params), types.ErrInvalid},
		"a verdict with rising scores": {
			(&types.MsgResolveChallenge{Ranking: []types.RankEntry{{Node: "a", Score: 1}, {Node: "b", Score: 2}}}).Validate(params), types.ErrRanking},
		"a ranking with rising scores": {(&types.MsgRank{Ranking: []types.RankEntry{{Node: "a", Score: 1}, {Node: "b", Score: 2}}}).Validate(params), types.ErrRanking},
	} {
		require.ErrorIs(t, c.err, c.is, name)
	}
}

func TestRequirementsAreMerged(t *testing.T) {
	merged, err := types.MergeRequirements(
		program.Capability{CPUMillis: 1000, MemoryBytes: 5, FreeStorageBytes: 9, Tags: []string{"wasm"}, Arch: "amd64"},
		program.Capability{CPUMillis: 500, MemoryBytes: 7, DiskBytes: 1, FreeStorageBytes: 8, Tags: []string{"gpu"}, OS: "linux", GPUs: []program.GPU{{Count: 1}}})
	require.NoError(t, err)
	require.Equal(t, program.Capability{
		CPUMillis: 1000, MemoryBytes: 7, DiskBytes: 1, FreeStorageBytes: 9, Tags: []string{"wasm", "gpu"}, Arch: "amd64", OS: "linux", GPUs: []program.GPU{{Count: 1}},
	}, merged)
	same := program.Capability{Arch: "amd64", OS: "linux"}
	for _, job := range []program.Capability{same, {}} {
		merged, err = types.MergeRequirements(job, same)
		require.NoError(t, err)
		require.Equal(t, "amd64", merged.Arch)
		require.Equal(t, "linux", merged.OS)
	}
	_, err = types.MergeRequirements(program.Capability{Arch: "amd64"}, program.Capability{Arch: "arm64"})
	require.ErrorContains(t, err, `spec.requirement.arch: "arm64", but the job needs "amd64"`)
	_, err = types.MergeRequirements(program.Capability{OS: "linux"}, program.Capability{OS: "darwin"})
	require.ErrorContains(t, err, "spec.requirement.os")
}
