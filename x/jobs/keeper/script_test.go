package keeper_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

var rewrite = flag.Bool("rewrite", false, "rewrite testdata/*.txt with what really happens")

// TestScripts runs life cycles that a person can read. A script is a list of
// steps: commands, one a line, "----", and what happened. Lines that start with #
// before a step say what it is about.
//
// Everybody starts with the same coins: the client 10000, the root and a1 2000 in the
// wallet, each node 5000 in its stake. Evaluators are e1 to e3, workers w1 to w4, the root is root.
//
//	job [invalid_loses_bond] [open] [unevaluated] [execution] [checkpoint=SEGMENTS/MOST] [loss=FOLD] [bond=N|default] [min_deposit=N] [fee=N]   register the job, everybody joins
//	chain A B...        A's parent is the root, B's is A, and so on; the last is e4's
//	encrypt NAME [none]  state an encryption key, or take it back
//	request [keys] [test] [fn=even|winner|proportional|W,W…|P/Q] [evaluators=NAME,…] [workers=NAME,…] [levels=N] [rating=N] [reward=E,W] [limit=MS] [min=N] [max=N] [by=NAME] [skip]
//	grant NAME... [by=NAME]
//	accept NAME... | resign NAME | reject NAME | cancel | commit NAME[:LIKE]... | reveal NAME[:LIKE]... | submit NAME... the result of LIKE
//	checkpoint NAME N [first=I]   publish N digests of states, the next ones or from the I-th on
//	segments NAME...    what each has published, and which of its segments are drawn
//	rank NAME W[:SCORE[:LOSS]]... | rank NAME unusable | concede NAME...
//	challenge NAME | resolve NAME confirm | resolve NAME W[:SCORE]... | resolve NAME unusable, and forged=W,…
//	scores NAME...      ratings, and what is kept beside counts
//	wait DURATION       time passes          halt DURATION   the chain stands still
//	publish ROLE VERSION | revoke RELEASE...   by the root: releases count from 1, the worker's, and 2, the evaluator's
//	fork NAME | update bond=N    another root for the same job; new terms
//	params KEY=N...     governance changes   balances        every change since the start
//	show                the request's state          keys            who was granted one
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			got := newScript(t).play(string(want))
			if *rewrite {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(want), got, "rewrite with: go test ./x/jobs/keeper -run TestScripts -rewrite")
		})
	}
}

type script struct {
	*fixture
	job, request uint64
	start        map[string][2]int64
	supply       int64 // at the start
}

func newScript(t *testing.T) *script {
	s := &script{fixture: newFixture(t), start: map[string][2]int64{}}
	s.fund("client", 10_000, 0)
	s.fund("root", 2_000, 0)
	s.fund("a1", 2_000, 0)
	for _, name := range s.nodes() {
		s.fund(name, 0, 5_000)
	}
	for _, name := range append(s.nodes(), "client", "root", "a1") {
		s.start[name] = [2]int64{s.wallet(name), s.stake(name)}
	}
	s.supply = s.bank.GetSupply(s.ctx, chain.Denom).Amount.Int64()
	return s
}

func (s *script) nodes() []string { return []string{"e1", "e2", "e3", "e4", "w1", "w2", "w3", "w4"} }

// play runs every step and returns the script with what happened.
func (s *script) play(text string) string {
	var out strings.Builder
	for step := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(step+"\n", "----\n")
		out.WriteString(commands + "----\n")
		for line := range strings.SplitSeq(strings.TrimSpace(commands), "\n") {
			if !strings.HasPrefix(line, "#") {
				out.WriteString(s.step(strings.Fields(line)))
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// step runs one command in a block of its own and says what happened.
func (s *script) step(fields []string) string {
	command, args := fields[0], fields[1:]
	var out strings.Builder
	s.ctx = s.ctx.WithEventManager(sdk.NewEventManager())
	switch command {
	case "balances":
		return s.balances()
	case "show":
		return s.show()
	case "segments":
		return s.segments(args)
	case "keys":
		return s.granted()
	case "scores":
		return s.scores(args)
	case "wait", "halt":
		d, err := time.ParseDuration(args[0])
		require.NoError(s.t, err)
		if command == "wait" {
			s.wait(d)
		} else {
			s.endBlock()
			s.beginBlock(d)
		}
	default:
		for _, call := range calls(command, args) {
			if err := s.run(func(ctx context.Context) error { return s.command(ctx, command, call) }); err != nil {
				fmt.Fprintf(&out, "%s refused: %s\n", strings.Join(append([]string{command}, call...), " "), s.named(err.Error()))
			}
		}
	}
	s.endBlock()
	out.WriteString(s.events())
	return out.String()
}

// calls splits the commands that may name several accounts.
func calls(command string, args []string) [][]string {
	switch command {
	case "accept", "commit", "reveal", "submit", "concede", "revoke":
		var each [][]string
		for _, arg := range args {
			each = append(each, []string{arg})
		}
		return each
	}
	return [][]string{args}
}

// command sends the message that a command stands for.
func (s *script) command(ctx context.Context, name string, args []string) (err error) {
	signer := "client"
	if len(args) > 0 && !strings.Contains(args[0], "=") && name != "reject" && name != "grant" {
		signer = args[0]
	}
	signer, like, as := strings.Cut(signer, ":") // whose result it gives
	if !as {
		like = signer
	}
	from := s.address(signer).String()
	switch name {
	case "job":
		s.registerJob(options(args))
	case "request":
		err = s.requestJob(ctx, options(args))
	case "chain":
		s.chainOf(args)
	case "params":
		err = s.updateParams(ctx, options(args))
	case "publish":
		err = s.publishRelease(ctx, args[0], args[1])
	case "revoke":
		_, err = s.server.RevokeRelease(ctx, &types.MsgRevokeRelease{
			Signer: s.address("root").String(), ReleaseId: number(args[0]).Uint64(), Reason: "it is wrong",
		})
	case "fork":
		err = s.fork(ctx, signer)
	case "update":
		terms := s.registration().Terms
		terms.Bond = &types.Bond{Amount: options(args).amount("bond", 20)}
		_, err = s.server.UpdateJob(ctx, &types.MsgUpdateJob{Signer: s.address("root").String(), JobId: s.job, Terms: &terms})
	case "cancel":
		_, err = s.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: from, RequestId: s.request})
	case "accept":
		role := program.ROLE_WORKER
		if strings.HasPrefix(signer, "e") {
			role = program.ROLE_EVALUATOR
		}
		_, err = s.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: from, RequestId: s.request, Role: role})
	case "resign":
		_, err = s.server.Resign(ctx, &types.MsgResign{Signer: from, RequestId: s.request})
	case "reject":
		_, err = s.server.RejectWorker(ctx, &types.MsgRejectWorker{Signer: from, RequestId: s.request, Worker: s.address(args[0]).String()})
	case "encrypt":
		s.encrypt(signer, len(args) == 1)
	case "grant":
		_, err = s.server.GrantKey(ctx, s.grant(args))
	case "checkpoint":
		_, err = s.server.PublishCheckpoints(ctx, s.checkpoint(args))
	case "commit":
		_, err = s.server.SubmitResult(ctx, s.commitAs(s.request, signer, like))
	case "submit":
		_, err = s.server.SubmitResult(ctx, s.fixture.submit(s.request, signer))
	case "reveal":
		_, err = s.server.RevealResult(ctx, s.revealAs(s.request, signer, like))
	case "rank":
		_, err = s.server.Rank(ctx, s.rank(from, args[1:]))
	case "challenge":
		_, err = s.server.Challenge(ctx, &types.MsgChallenge{Signer: from, RequestId: s.request})
	case "resolve":
		_, err = s.server.ResolveChallenge(ctx, s.verdict(from, args[1:]))
	case "concede":
		_, err = s.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: from, RequestId: s.request})
	default:
		s.t.Fatalf("unknown command %q", name)
	}
	return err
}

func (s *script) registerJob(o settings) {
	m := s.registration()
	m.Terms.MinDeposit = o.amount("min_deposit", 10)
	m.Terms.ChallengeFee = o.amount("fee", 5)
	m.Terms.Bond = &types.Bond{Amount: o.amount("bond", 20)}
	_, m.Terms.InvalidLosesBond = o["invalid_loses_bond"]
	_, m.Terms.OpenResults = o["open"]
	if _, ok := o["execution"]; ok {
		m.Terms.Verification, m.Terms.Deterministic = types.VERIFICATION_EXECUTION, true
	}
	if segments, most, ok := strings.Cut(o["checkpoint"], "/"); ok {
		byCheckpoint(&m.Terms, uint32(number(most).Uint64()), uint32(number(segments).Uint64()))
	}
	if _, ok := o["unevaluated"]; ok {
		m.Schema = compile(s.t, unevaluated)
		m.Releases = []types.ReleaseSpec{release(m.Schema, "root", program.ROLE_WORKER, "1.0.0")}
	}
	if o["bond"] == "default" {
		m.Terms.Bond = nil
	}
	m.TreePolicy.AdminsApprove = true
	if fold := o["loss"]; fold != "" {
		m.Terms.Metrics = []types.Metric{{Field: "loss", Fold: program.MetricFold(program.MetricFold_value["METRIC_FOLD_"+strings.ToUpper(fold)])}}
	}
	s.job = s.register(m)
	s.join(s.job, program.ROLE_EVALUATOR, "e1", "e2", "e3")
	s.join(s.job, program.ROLE_WORKER, "w1", "w2", "w3", "w4")
}

// chainOf grows a tree that is deeper than one: admins, each below the one before,
// and e4 below the last.
func (s *script) chainOf(admins []string) {
	parent := "root"
	for _, admin := range admins {
		s.joinBelow(s.job, parent, admin, program.ROLE_ADMIN)
		parent = admin
	}
	s.joinBelow(s.job, parent, "e4", program.ROLE_EVALUATOR)
}

func (s *script) publishRelease(ctx context.Context, role, version string) error {
	kind := program.Role(program.Role_value["ROLE_"+strings.ToUpper(role)])
	_, err := s.server.PublishRelease(ctx, &types.MsgPublishRelease{
		Signer: s.address("root").String(), JobId: s.job, Release: release(compile(s.t, calculateRoot), "root", kind, version),
	})
	return err
}

// fork takes the job's newest releases over, signed anew.
func (s *script) fork(ctx context.Context, root string) error {
	_, err := s.server.ForkJob(ctx, s.fixture.fork(root, s.job))
	return err
}

func (s *script) requestJob(ctx context.Context, o settings) error {
	m := s.order(s.job)
	if by := o["by"]; by != "" {
		m.Signer = s.address(by).String()
	}
	if e, w, ok := strings.Cut(o["reward"], ","); ok {
		m.Spec.EvaluatorReward, m.Spec.WorkerReward = number(e), number(w)
	}
	m.Spec.RewardFunction = rewardFunction(o["fn"])
	m.Spec.EvaluatorCandidates, m.Spec.WorkerCandidates = s.addresses(o["evaluators"]), s.addresses(o["workers"])
	if _, m.Spec.GrantKeys = o["keys"]; m.Spec.GrantKeys {
		m.Spec.Input = types.Input{Reference: &types.Reference{Digest: types.Digest([]byte("ciphertext")), Size_: 10}}
	}
	if _, test := o["test"]; test {
		m.Spec.EvaluatorInput = &types.Input{Reference: &types.Reference{Digest: types.Digest([]byte("test set")), Size_: 10}}
	}
	m.Spec.MinChallengeLevels = uint32(o.amount("levels", 0).Uint64())
	m.Spec.MinRating = o.amount("rating", 0).Uint64()
	m.Spec.TimeLimitMs = o.amount("limit", 3_000).Uint64()
	m.Spec.MinWorkers = uint32(o.amount("min", 1).Uint64())
	m.Spec.MaxWorkers = uint32(o.amount("max", 3).Uint64())
	_, m.Spec.SkipEvaluation = o["skip"]
	response, err := s.server.RequestJob(ctx, m)
	if err == nil {
		s.request = response.RequestId
	}
	return err
}

// grant hands a key to each name that is there, in one message.
func (s *script) grant(args []string) *types.MsgGrantKey {
	m := &types.MsgGrantKey{Signer: s.address("client").String(), RequestId: s.request}
	for _, arg := range args {
		if by, ok := strings.CutPrefix(arg, "by="); ok {
			m.Signer = s.address(by).String()
			continue
		}
		m.Keys = append(m.Keys, types.WrappedKey{Account: s.address(arg).String(), Key: []byte("key for " + arg)})
	}
	return m
}

// checkpoint publishes as many digests as it says, those that come next unless it says which.
func (s *script) checkpoint(args []string) *types.MsgPublishCheckpoints {
	name, first := args[0], 0
	if o := options(args[2:]); o["first"] != "" {
		first = int(number(o["first"]).Int64())
	} else if c, err := s.published(name); err == nil {
		first = len(c.Checkpoints.Digests)
	}
	return s.publish(s.request, name, first, int(number(args[1]).Int64()))
}

func (s *script) published(name string) (*types.QueryCheckpointsResponse, error) {
	return s.query.Checkpoints(s.ctx, &types.QueryCheckpointsRequest{RequestId: s.request, Worker: s.address(name).String()})
}

// rewardFunction reads a name, weights or a ratio.
func rewardFunction(text string) types.RewardFunction {
	if p, q, ok := strings.Cut(text, "/"); ok {
		return types.RewardFunction{
			Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: number(p).Uint64(), RatioDenominator: number(q).Uint64(),
		}
	}
	switch text {
	case "", "even":
		return types.RewardFunction{Kind: types.REWARD_KIND_EVEN}
	case "winner":
		return types.RewardFunction{Kind: types.REWARD_KIND_WINNER_TAKES_ALL}
	case "proportional":
		return types.RewardFunction{Kind: types.REWARD_KIND_PROPORTIONAL}
	}
	fn := types.RewardFunction{Kind: types.REWARD_KIND_WEIGHTS}
	for weight := range strings.SplitSeq(text, ",") {
		fn.Weights = append(fn.Weights, number(weight).Uint64())
	}
	return fn
}

func (s *script) addresses(names string) (addresses []string) {
	for name := range strings.SplitSeq(names, ",") {
		if name != "" {
			addresses = append(addresses, s.address(name).String())
		}
	}
	return addresses
}

func (s *script) updateParams(ctx context.Context, o settings) error {
	params := types.DefaultParams()
	params.EvaluationRounds = uint32(o.amount("evaluation_rounds", 3).Uint64())
	params.SilentSlashBps = uint32(o.amount("silent_slash_bps", 2_000).Uint64())
	params.ChainShareBps = uint32(o.amount("chain_share_bps", 100).Uint64())
	params.DepositShareBps = uint32(o.amount("deposit_share_bps", 10_000).Uint64())
	params.SweepPayouts = uint32(o.amount("sweep_payouts", 256).Uint64())
	params.RetentionMs = o.amount("retention_ms", 3_600_000).Uint64()
	_, err := s.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
	return err
}

// rank is a ranking of W or W:SCORE, best first.
func (s *script) rank(from string, places []string) *types.MsgRank {
	m := &types.MsgRank{Signer: from, RequestId: s.request}
	if len(places) == 1 && places[0] == "unusable" {
		m.InputUnusable = true
		return m
	}
	for i, place := range places {
		worker, score, ok := strings.Cut(place, ":")
		entry := types.RankEntry{Node: s.address(worker).String(), Score: uint64(len(places) - i)}
		if score, loss, measured := strings.Cut(score, ":"); ok {
			entry.Score = number(score).Uint64()
			if measured {
				entry.Metrics = []int64{number(loss).Int64()}
			}
		}
		m.Ranking = append(m.Ranking, entry)
	}
	return m
}

// verdict is "confirm", or what rank reads.
func (s *script) verdict(from string, places []string) *types.MsgResolveChallenge {
	m := &types.MsgResolveChallenge{Signer: from, RequestId: s.request}
	if last := len(places) - 1; last >= 0 && strings.HasPrefix(places[last], "forged=") {
		m.Forged = s.addresses(strings.TrimPrefix(places[last], "forged="))
		places = places[:last]
	}
	if len(places) == 1 && places[0] == "confirm" {
		m.Confirm = true
		return m
	}
	ranked := s.rank(from, places)
	m.Ranking, m.InputUnusable = ranked.Ranking, ranked.InputUnusable
	return m
}

// settings are KEY=VALUE arguments.
type settings map[string]string

func options(args []string) settings {
	o := settings{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		o[name] = value
	}
	return o
}

func (o settings) amount(name string, fallback int64) math.Int {
	if value, ok := o[name]; ok && value != "default" {
		return number(value)
	}
	return math.NewInt(fallback)
}

func number(s string) math.Int {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return math.NewInt(n)
}
