package keeper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// newMarket has a job, two evaluators and three workers with stakes, and a client.
func newMarket(t testing.TB) (*fixture, uint64) {
	t.Helper()
	f := newFixture(t)
	f.fund("client", 10_000, 0)
	job := f.register(f.registration())
	for _, name := range []string{"e1", "e2", "w1", "w2", "w3"} {
		f.fund(name, 0, 50_000)
	}
	f.join(job, program.ROLE_EVALUATOR, "e1", "e2")
	f.join(job, program.ROLE_WORKER, "w1", "w2", "w3")
	return f, job
}

// request makes a request of client and returns its id.
func (f *fixture) request(job uint64, change ...func(*types.RequestSpec)) uint64 {
	f.t.Helper()
	m := f.order(job)
	for _, c := range change {
		c(&m.Spec)
	}
	var id uint64
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		response, err := f.server.RequestJob(ctx, m)
		if err == nil {
			id = response.RequestId
		}
		return err
	}))
	return id
}

func (f *fixture) accept(request uint64, names ...string) {
	f.t.Helper()
	for _, name := range names {
		role := program.ROLE_WORKER
		if name[0] == 'e' {
			role = program.ROLE_EVALUATOR
		}
		require.NoError(f.t, f.run(func(ctx context.Context) error {
			_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address(name).String(), RequestId: request, Role: role})
			return err
		}))
	}
}

func (f *fixture) get(request uint64) types.Request {
	f.t.Helper()
	response, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: request})
	require.NoError(f.t, err)
	return response.Request
}

func TestRegistrationIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture, *types.MsgRegisterJob)
		err    error
		says   string
	}{
		"by nobody": {func(_ *fixture, m *types.MsgRegisterJob) { m.Signer = "me" }, types.ErrInvalid, `signer: "me"`},
		"with a schema that is none": {func(_ *fixture, m *types.MsgRegisterJob) { m.Schema = []byte("proto") },
			types.ErrSchema, "FileDescriptorSet"},
		"with a schema that is too large": {func(_ *fixture, m *types.MsgRegisterJob) { m.Schema = make([]byte, 33<<10) },
			types.ErrLimit, "schema: 33792 bytes of at most 32768"},
		"without a service Evaluator": {func(f *fixture, m *types.MsgRegisterJob) {
			m.Schema = compile(f.t, `syntax = "proto3"; service Worker { rpc R(M) returns (M) {} } message M {}`)
		}, types.ErrInvalid, "releases: one of ROLE_EVALUATOR, but the schema has no service Evaluator"},
		"with a qualification that does not decode": {func(_ *fixture, m *types.MsgRegisterJob) { m.QualificationInput.Inline = []byte{0x10, 1} },
			types.ErrDecode, "qualification_input.inline: Task: unknown field 2"},
		"without a program for its evaluator": {func(_ *fixture, m *types.MsgRegisterJob) { m.Releases = m.Releases[:1] },
			types.ErrInvalid, "releases: 0 of ROLE_EVALUATOR instead of one"},
		"with a release that another signed": {func(f *fixture, m *types.MsgRegisterJob) {
			m.Releases[1] = release(m.Schema, "mallory", program.ROLE_EVALUATOR, "1.0.0")
		}, types.ErrSignature, "instead of the job's admin"},
		"with a release for another schema": {func(f *fixture, m *types.MsgRegisterJob) {
			m.Releases[0] = release([]byte("other"), "root", program.ROLE_WORKER, "1.0.0")
		}, types.ErrSignature, "not over this program and schema"},
		"with a field that is not enabled": {func(_ *fixture, m *types.MsgRegisterJob) { m.Terms.Network = true },
			types.ErrNotEnabled, "terms.network: leave it out"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			m := f.registration()
			c.change(f, m)
			before := f.dump()
			err := f.run(func(ctx context.Context) error { _, err := f.server.RegisterJob(ctx, m); return err })
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, before, f.dump())
		})
	}
}

func TestReleasesArePublishedByTheRootAlone(t *testing.T) {
	f, job := newMarket(t)
	schema := compile(t, calculateRoot)
	publish := func(signer string, job uint64, spec types.ReleaseSpec) error {
		return f.run(func(ctx context.Context) error {
			_, err := f.server.PublishRelease(ctx, &types.MsgPublishRelease{Signer: f.address(signer).String(), JobId: job, Release: spec})
			return err
		})
	}
	require.ErrorIs(t, publish("mallory", job, release(schema, "mallory", program.ROLE_WORKER, "2.0.0")), types.ErrUnauthorized)
	require.ErrorIs(t, publish("root", job, release(schema, "mallory", program.ROLE_WORKER, "2.0.0")), types.ErrSignature)
	require.ErrorIs(t, publish("root", job, release(schema, "root", program.ROLE_WORKER, "1.0.0")), types.ErrVersion)
	require.ErrorIs(t, publish("root", job, release(schema, "root", program.ROLE_WORKER, "0.9.0")), types.ErrVersion)
	require.ErrorIs(t, publish("root", 7, release(schema, "root", program.ROLE_WORKER, "2.0.0")), types.ErrUnknownJob)

	before := f.request(job)
	require.NoError(t, publish("root", job, release(schema, "root", program.ROLE_WORKER, "1.1.0")))
	after := f.request(job)
	require.Equal(t, uint64(1), f.get(before).WorkerRelease, "a request keeps the release that it was made with")
	require.Equal(t, uint64(3), f.get(after).WorkerRelease)
	require.Equal(t, uint64(2), f.get(after).EvaluatorRelease)
}

// TestResultsThatAreComparedComeFromOneProgram: where a worker's bytes decide, nodes may not choose between programs.
func TestResultsThatAreComparedComeFromOneProgram(t *testing.T) {
	compared := map[string]func(*types.TermsSpec){
		"execution": func(t *types.TermsSpec) {
			t.Verification, t.Deterministic = types.VERIFICATION_EXECUTION, true
		},
		"checkpoint": func(t *types.TermsSpec) { byCheckpoint(t, 4, 2) },
	}
	schema := compile(t, calculateRoot)
	alternatives := func(role program.Role, version string) types.ReleaseSpec {
		spec := release(schema, "root", role, version)
		spec.Alternatives = []program.Program{{Kind: program.PROGRAM_KIND_IMAGE, Digest: types.Digest([]byte("image")), Size_: 1, ABI: program.ABI_STDIO_PROTO}}
		return sign(schema, "root", spec)
	}
	for name, terms := range compared {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			m := f.registration()
			m.Releases[0] = alternatives(program.ROLE_WORKER, "1.0.0")
			register := func() error {
				return f.run(func(ctx context.Context) error { _, err := f.server.RegisterJob(ctx, m); return err })
			}
			terms(&m.Terms)
			require.ErrorContains(t, register(), "release 1.0.0: 1 alternatives, but the job verifies by "+name)
			m.Releases = []types.ReleaseSpec{release(schema, "root", program.ROLE_WORKER, "1.0.0"), alternatives(program.ROLE_EVALUATOR, "1.0.0")}
			require.NoError(t, register(), "evaluators may have alternatives")

			plain := f.register(f.registration())
			require.NoError(t, f.run(func(ctx context.Context) error {
				_, err := f.server.PublishRelease(ctx, &types.MsgPublishRelease{
					Signer: f.address("root").String(), JobId: plain, Release: alternatives(program.ROLE_WORKER, "1.1.0"),
				})
				return err
			}))
			newTerms := f.registration().Terms
			terms(&newTerms)
			update := func() error {
				return f.run(func(ctx context.Context) error {
					_, err := f.server.UpdateJob(ctx, &types.MsgUpdateJob{Signer: f.address("root").String(), JobId: plain, Terms: &newTerms})
					return err
				})
			}
			require.ErrorIs(t, update(), types.ErrInvalid)
			require.NoError(t, f.run(func(ctx context.Context) error {
				_, err := f.server.PublishRelease(ctx, &types.MsgPublishRelease{
					Signer: f.address("root").String(), JobId: plain, Release: release(schema, "root", program.ROLE_WORKER, "1.2.0"),
				})
				return err
			}))
			require.ErrorContains(t, update(), "release 1.1.0", "the one before could become the newest again")
			newest, err := f.query.Releases(f.ctx, &types.QueryReleasesRequest{JobId: plain})
			require.NoError(t, err)
			for _, r := range newest.Releases {
				if r.Spec.Version == "1.1.0" {
					require.NoError(t, f.run(func(ctx context.Context) error {
						_, err := f.server.RevokeRelease(ctx, &types.MsgRevokeRelease{Signer: f.address("root").String(), ReleaseId: r.Id, Reason: "one program from now on"})
						return err
					}))
				}
			}
			require.NoError(t, update())
		})
	}
}

func TestOrderIsRefusedAndMovesNoCoin(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*types.MsgRequestJob)
		err    error
		says   string
	}{
		"for an unknown job":            {func(m *types.MsgRequestJob) { m.Spec.JobId = 0xabcde }, types.ErrUnknownJob, "job 0xabcde"},
		"with an input that is garbage": {func(m *types.MsgRequestJob) { m.Spec.Input.Inline = []byte("garbage") }, types.ErrDecode, "spec.input.inline: Task"},
		"with an unknown field":         {func(m *types.MsgRequestJob) { m.Spec.Input.Inline = []byte{0x10, 0x01} }, types.ErrDecode, "unknown field 2"},
		"with rewards above the wallet": {func(m *types.MsgRequestJob) { m.Spec.WorkerReward = math.NewInt(9_801) }, sdkerrors.ErrInsufficientFunds, "10001uain"},
		"with a rating nobody has":      {func(m *types.MsgRequestJob) { m.Spec.MinRating = 1_000_001 }, types.ErrLimit, "spec.min_rating: 1000001 of at most 1000000"},
		"with itself as evaluator":      {func(m *types.MsgRequestJob) { m.Spec.EvaluatorCandidates = []string{m.Signer} }, types.ErrInvalid, "spec.evaluator_candidates[0]"},
		"with itself as worker":         {func(m *types.MsgRequestJob) { m.Spec.WorkerCandidates = []string{m.Signer} }, types.ErrInvalid, "is the client, who has no other place"},
		"without evaluation":            {func(m *types.MsgRequestJob) { m.Spec.SkipEvaluation = true }, types.ErrInvalid, "spec.worker_candidates: none; without evaluation"},
	} {
		t.Run(name, func(t *testing.T) {
			f, job := newMarket(t)
			m := f.order(job)
			c.change(m)
			before := f.dump()
			err := f.run(func(ctx context.Context) error { _, err := f.server.RequestJob(ctx, m); return err })
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, before, f.dump())
			require.Equal(t, int64(10_000), f.wallet("client"))
		})
	}
}

func TestAcceptanceIsRefused(t *testing.T) {
	f, job := newMarket(t)
	f.fund("stranger", 0, 5_000)
	id := f.request(job)
	accept := func(name string, request uint64, role program.Role) error {
		return f.run(func(ctx context.Context) error {
			_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address(name).String(), RequestId: request, Role: role})
			return err
		})
	}
	const evaluator, worker = program.ROLE_EVALUATOR, program.ROLE_WORKER
	require.ErrorIs(t, accept("e1", 99, evaluator), types.ErrUnknownRequest)
	require.ErrorIs(t, accept("w1", id, worker), types.ErrState, "the evaluator comes first")
	require.ErrorIs(t, accept("stranger", id, evaluator), reputationtypes.ErrNotNode)
	require.ErrorIs(t, accept("w1", id, evaluator), reputationtypes.ErrMissingRole)
	require.NoError(t, accept("e1", id, evaluator))
	require.ErrorIs(t, accept("e2", id, evaluator), types.ErrState, "one evaluator at a time")
	require.NoError(t, accept("w1", id, worker))
	require.ErrorIs(t, accept("w1", id, worker), types.ErrPlaceTaken)

	demanding := f.request(job, func(s *types.RequestSpec) { s.Requirement.Tags = []string{"cuda"} })
	require.ErrorIs(t, accept("e1", demanding, evaluator), reputationtypes.ErrCapability)
}

// TestRootCannotEvaluate: a root has no ancestors, so nobody could resolve a challenge.
// Who has the rating that a request wants may work; evaluators are not asked for theirs.
func TestMinRatingIsAskedOfWorkers(t *testing.T) {
	f, job := newMarket(t)
	enough := f.request(job, func(s *types.RequestSpec) { s.MinRating = 1500 })
	f.accept(enough, "e1", "w1")
	more := f.request(job, func(s *types.RequestSpec) { s.MinRating = 1501 })
	f.accept(more, "e1")
	err := f.run(func(ctx context.Context) error {
		_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address("w1").String(), RequestId: more, Role: program.ROLE_WORKER})
		return err
	})
	require.ErrorIs(t, err, types.ErrRating)
	require.ErrorContains(t, err, "has 1500 in job 0x1, request 2 wants 1501")
}

func TestRootCannotEvaluate(t *testing.T) {
	f, job := newMarket(t)
	f.fund("root", 0, 5_000)
	f.join(job, program.ROLE_EVALUATOR, "root")
	id := f.request(job)
	err := f.run(func(ctx context.Context) error {
		_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address("root").String(), RequestId: id, Role: program.ROLE_EVALUATOR})
		return err
	})
	require.ErrorIs(t, err, types.ErrAncestors)
}

// operate makes operator the hot key of owner.
func (f *fixture) operate(owner, operator string) {
	f.t.Helper()
	signature, err := key(operator).Sign(reputationtypes.OperatorConsent(chain.DefaultChainID, f.address(owner), f.address(operator)))
	require.NoError(f.t, err)
	_, err = f.reputationServer().SetOperator(f.ctx, &reputationtypes.MsgSetOperator{
		Owner: f.address(owner).String(), Operator: f.address(operator).String(),
		OperatorPublicKey: key(operator).PubKey().Bytes(), OperatorSignature: signature,
	})
	require.NoError(f.t, err)
}

func TestOneOwnerHasOnePlace(t *testing.T) {
	f, job := newMarket(t)
	f.operate("w1", "hot")
	f.fund("hot", 5_000, 0)

	// What the operator signs is the owner's, and is paid from its stake.
	m := f.order(job)
	m.Signer = f.address("hot").String()
	var id uint64
	require.NoError(t, f.run(func(ctx context.Context) error {
		response, err := f.server.RequestJob(ctx, m)
		if err == nil {
			id = response.RequestId
		}
		return err
	}))
	require.Equal(t, f.address("w1").String(), f.get(id).Client)
	require.Equal(t, int64(50_000-1_111), f.stake("w1"))
	require.Equal(t, int64(5_000), f.wallet("hot"))

	f.accept(id, "e1")
	accept := func(name string) error {
		return f.run(func(ctx context.Context) error {
			_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address(name).String(), RequestId: id, Role: program.ROLE_WORKER})
			return err
		})
	}
	require.ErrorIs(t, accept("w1"), types.ErrPlaceTaken)
	require.ErrorIs(t, accept("hot"), types.ErrPlaceTaken)
	require.NoError(t, accept("w2"))

	// A client that becomes the operator of a node later keeps its place.
	other := f.request(job)
	f.accept(other, "e2")
	f.operate("w3", "client")
	err := f.run(func(ctx context.Context) error {
		_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address("w3").String(), RequestId: other, Role: program.ROLE_WORKER})
		return err
	})
	require.ErrorIs(t, err, types.ErrPlaceTaken)
	require.ErrorContains(t, err, "client")
}

func TestModuleAccountIsNoClient(t *testing.T) {
	f, job := newMarket(t)
	m := f.order(job)
	m.Signer = moduleAddress(mintName).String()
	err := f.run(func(ctx context.Context) error { _, err := f.server.RequestJob(ctx, m); return err })
	require.ErrorIs(t, err, types.ErrBlocked)
}

func TestRevealIsRefused(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	early := f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	require.ErrorIs(t, early, types.ErrState, "nothing was committed")
	submit := func(m *types.MsgSubmitResult) error {
		return f.run(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, m); return err })
	}
	require.NoError(t, submit(f.commit(id, "w1")))
	early = f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	require.ErrorIs(t, early, types.ErrState, "others may still copy it")

	// w2 commits to what is no reply of the schema.
	digest, err := types.ResultDigest(types.Result{Inline: []byte("garbage")})
	require.NoError(t, err)
	commitment := types.Commitment(chain.DefaultChainID, id, f.address("w2"), digest, salt("w2"))
	require.NoError(t, submit(&types.MsgSubmitResult{Signer: f.address("w2").String(), RequestId: id, Commitment: commitment[:]}))

	for name, c := range map[string]struct {
		change func(*types.MsgRevealResult)
		err    error
	}{
		"with another result":           {func(m *types.MsgRevealResult) { m.Result.Inline = reply("w9") }, types.ErrCommitment},
		"with another salt":             {func(m *types.MsgRevealResult) { m.Salt = salt("w2") }, types.ErrCommitment},
		"as another worker":             {func(m *types.MsgRevealResult) { m.Signer = f.address("w2").String() }, types.ErrCommitment},
		"as nobody of the request":      {func(m *types.MsgRevealResult) { m.Signer = f.address("w3").String() }, types.ErrNoPlace},
		"with bytes that do not decode": {func(m *types.MsgRevealResult) { *m = *f.reveal(id, "w2"); m.Result.Inline = []byte("garbage") }, types.ErrDecode},
		"both inline and by reference":  {func(m *types.MsgRevealResult) { m.Result.Reference = &types.Reference{} }, types.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			m := f.reveal(id, "w1")
			c.change(m)
			before := f.dump()
			err := f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, m); return err })
			require.ErrorIs(t, err, c.err)
			require.Equal(t, before, f.dump())
		})
	}
	reveal := func() error {
		return f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	}
	require.NoError(t, reveal())
	require.ErrorIs(t, reveal(), types.ErrRevealed)
}

func TestResultByReference(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) {
		s.MaxWorkers = 1
		s.Input = types.Input{Reference: &types.Reference{Digest: types.Digest([]byte("input")), Size_: 1 << 30}}
	})
	f.accept(id, "e1", "w1")
	result := types.Result{Reference: &types.Reference{Digest: types.Digest([]byte("result")), Size_: 1 << 30}}
	digest, err := types.ResultDigest(result)
	require.NoError(t, err)
	commitment := types.Commitment(chain.DefaultChainID, id, f.address("w1"), digest, salt("w1"))
	w1 := f.address("w1").String()
	require.NoError(t, f.run(func(ctx context.Context) error {
		if _, err := f.server.SubmitResult(ctx, &types.MsgSubmitResult{Signer: w1, RequestId: id, Commitment: commitment[:]}); err != nil {
			return err
		}
		_, err := f.server.RevealResult(ctx, &types.MsgRevealResult{Signer: w1, RequestId: id, Result: result, Salt: salt("w1")})
		return err
	}))
	response, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
	require.NoError(t, err)
	require.Equal(t, result.Reference, response.Assignments[0].Result.Reference)
	require.Equal(t, types.REQUEST_STATE_EVALUATING, response.Request.State)
}

func TestRankingIsRefused(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	require.NoError(t, f.run(func(ctx context.Context) error {
		for _, name := range []string{"w1", "w2"} {
			if _, err := f.server.SubmitResult(ctx, f.commit(id, name)); err != nil {
				return err
			}
		}
		_, err := f.server.RevealResult(ctx, f.reveal(id, "w1"))
		return err
	}))
	rank := func(signer string, ranking ...types.RankEntry) error {
		return f.run(func(ctx context.Context) error {
			_, err := f.server.Rank(ctx, &types.MsgRank{Signer: f.address(signer).String(), RequestId: id, Ranking: ranking})
			return err
		})
	}
	place := func(name string, score uint64) types.RankEntry {
		return types.RankEntry{Node: f.address(name).String(), Score: score}
	}
	require.ErrorIs(t, rank("e1", place("w1", 1)), types.ErrState, "w2 may still reveal")
	f.wait(2_000_000_000)
	require.ErrorIs(t, rank("e2", place("w1", 1)), types.ErrUnauthorized)
	require.ErrorIs(t, rank("e1", place("w2", 1)), types.ErrRanking, "w2 revealed nothing")
	require.ErrorIs(t, rank("e1", place("w3", 1)), types.ErrRanking, "w3 is unknown")
	require.ErrorIs(t, rank("e1", types.RankEntry{Node: "w1"}), types.ErrInvalid)
	require.ErrorIs(t, rank("e1", place("w1", 1), place("w2", 1)), types.ErrRanking, "more than revealed")
	require.ErrorIs(t, rank("e1", place("w1", 1), place("w1", 1)), types.ErrRanking, "twice")
	require.NoError(t, rank("e1", place("w1", 1)))
	require.ErrorIs(t, rank("e1"), types.ErrState, "a ranking is final")
}

func TestOnlyTheAuthorityChangesParams(t *testing.T) {
	f := newFixture(t)
	set := func(authority string, change func(*types.Params)) error {
		params := types.DefaultParams()
		change(&params)
		return f.run(func(ctx context.Context) error {
			_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority, Params: params})
			return err
		})
	}
	require.ErrorIs(t, set(f.address("mallory").String(), func(*types.Params) {}), types.ErrUnauthorized)
	require.ErrorIs(t, set(authority(), func(p *types.Params) { p.SweepPayouts = 0 }), types.ErrInvalid)
	require.NoError(t, set(authority(), func(p *types.Params) { p.MaxWorkers = 7 }))
	now, err := f.query.Params(f.ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, uint64(2), now.Params.Version)
	require.Equal(t, uint32(7), now.Params.Params.MaxWorkers)
	first, err := f.query.Params(f.ctx, &types.QueryParamsRequest{Version: 1})
	require.NoError(t, err)
	require.Equal(t, types.DefaultParams(), first.Params.Params, "old versions are kept")
}

func TestMessagesOfNobodyAreRefused(t *testing.T) {
	f := newFixture(t)
	specification.EmptyMessagesAreRefused(f.ctx, t, f.server)
}
