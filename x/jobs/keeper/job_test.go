package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func TestForkJobIsATreeOfItsOwn(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	f.join(job, program.ROLE_WORKER, "w1")
	m := f.fork("alice", job)
	m.TreePolicy = program.TreePolicy{AdminsApprove: true}

	var forked uint64
	require.NoError(t, f.run(func(ctx context.Context) error {
		response, err := f.server.ForkJob(ctx, m)
		forked = response.GetJobId()
		return err
	}))

	before, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
	require.NoError(t, err)
	after, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: forked})
	require.NoError(t, err)
	require.Equal(t, job, after.Job.ForkedFrom)
	require.Equal(t, f.address("alice").String(), after.Job.Root)
	require.Equal(t, "a fork", after.Job.Name)
	require.Equal(t, before.Job.Description, after.Job.Description)
	require.NotEmpty(t, before.Job.SourceCommit)
	require.Equal(t, before.Job.SourceURL, after.Job.SourceURL)
	require.Equal(t, before.Job.SourceCommit, after.Job.SourceCommit)
	require.Equal(t, before.Job.SchemaDigest, after.Job.SchemaDigest)
	require.NotEqual(t, before.Job.WorkerRelease, after.Job.WorkerRelease)
	terms, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: forked})
	require.NoError(t, err)
	require.Equal(t, f.registration().Terms, terms.Terms.Spec)
	require.ErrorIs(t, f.reputation.Eligible(f.ctx, forked, f.address("w1"), program.ROLE_WORKER, program.Capability{}),
		reputationtypes.ErrNotNode, "nodes have to apply anew")
	f.joinBelow(forked, "alice", "a1", program.ROLE_ADMIN)
}

func TestForkJobRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *types.MsgForkJob)
		err    error
		says   string
	}{
		"an unknown job":           {func(m *types.MsgForkJob) { m.JobId = 99 }, types.ErrUnknownJob, "0x63"},
		"a name that is too long":  {func(m *types.MsgForkJob) { m.Name = string(make([]byte, 65)) }, types.ErrLimit, "name: 65 of at most 64"},
		"no releases":              {func(m *types.MsgForkJob) { m.Releases = nil }, types.ErrInvalid, "releases: 0"},
		"too many releases":        {func(m *types.MsgForkJob) { m.Releases = append(m.Releases, m.Releases[0]) }, types.ErrInvalid, "releases: 3"},
		"a release left out":       {func(m *types.MsgForkJob) { m.Releases = m.Releases[:1] }, types.ErrInvalid, "releases: 2 is missing, the newest of ROLE_EVALUATOR"},
		"a release twice":          {func(m *types.MsgForkJob) { m.Releases[1] = m.Releases[0] }, types.ErrInvalid, "releases: 2 is missing"},
		"a signature of the other": {func(m *types.MsgForkJob) { m.Releases[0].Signature = m.Releases[1].Signature }, types.ErrSignature, "not over this program"},
		"no signature":             {func(m *types.MsgForkJob) { m.Releases[0].Signature = types.Signature{} }, types.ErrSignature, "signed by"},
		"a policy that cannot be":  {func(m *types.MsgForkJob) { m.TreePolicy.MaxDepth = 3 }, reputationtypes.ErrPolicy, "max_depth"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			m := f.fork("alice", f.register(f.registration()))
			c.change(m)
			err := f.run(func(ctx context.Context) error { _, err := f.server.ForkJob(ctx, m); return err })
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestForkJobTakesNothingRevoked(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	stale := f.fork("alice", job)
	f.revoke(t, "root", 1)
	require.ErrorIs(t, f.run(func(ctx context.Context) error { _, err := f.server.ForkJob(ctx, stale); return err }), types.ErrInvalid)

	fresh := f.fork("alice", job)
	require.Len(t, fresh.Releases, 1)
	require.NoError(t, f.run(func(ctx context.Context) error { _, err := f.server.ForkJob(ctx, fresh); return err }))
	forked, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job + 1})
	require.NoError(t, err)
	require.Zero(t, forked.Job.WorkerRelease, "the new root publishes its own")
}

func (f *fixture) revoke(t *testing.T, by string, release uint64) {
	t.Helper()
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.RevokeRelease(ctx, &types.MsgRevokeRelease{Signer: f.address(by).String(), ReleaseId: release})
		return err
	}))
}

func TestRevokeReleaseRefuses(t *testing.T) {
	f := newFixture(t)
	f.register(f.registration())
	for says, c := range map[string]struct {
		m   types.MsgRevokeRelease
		err error
	}{
		"only its root":           {types.MsgRevokeRelease{Signer: f.address("alice").String(), ReleaseId: 1}, types.ErrUnauthorized},
		"release 9":               {types.MsgRevokeRelease{Signer: f.address("root").String(), ReleaseId: 9}, types.ErrUnknownRelease},
		"reason: 1025 of at most": {types.MsgRevokeRelease{Signer: f.address("root").String(), ReleaseId: 1, Reason: string(make([]byte, 1025))}, types.ErrLimit},
	} {
		err := f.run(func(ctx context.Context) error { _, err := f.server.RevokeRelease(ctx, &c.m); return err })
		require.ErrorIs(t, err, c.err)
		require.ErrorContains(t, err, says)
	}
}

func TestRevokeReleaseFallsBackToTheOneBefore(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	newest := func() uint64 {
		response, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
		require.NoError(t, err)
		return response.Job.WorkerRelease
	}
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.PublishRelease(ctx, &types.MsgPublishRelease{
			Signer: f.address("root").String(), JobId: job, Release: release(compile(t, calculateRoot), "root", program.ROLE_WORKER, "1.1.0"),
		})
		return err
	}))
	require.EqualValues(t, 3, newest())
	f.revoke(t, "root", 3)
	require.EqualValues(t, 1, newest())
	f.revoke(t, "root", 1)
	require.Zero(t, newest())
}

// TestRevokeReleaseEndsManyRequestsOverSeveralBlocks: a block looks at sweep_payouts of
// them, and what it has not come to is in the genesis.
func TestRevokeReleaseEndsManyRequestsOverSeveralBlocks(t *testing.T) {
	f := newFixture(t)
	f.fund("client", 100_000, 0)
	job := f.register(f.registration())
	params := types.DefaultParams()
	params.SweepPayouts = 3
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
		return err
	}))
	const orders = 10
	for range orders {
		require.NoError(t, f.run(func(ctx context.Context) error { _, err := f.server.RequestJob(ctx, f.order(job)); return err }))
	}
	cancelled := func() (n int) {
		for id := uint64(1); id <= orders; id++ {
			response, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
			require.NoError(t, err)
			if response.Request.Outcome == types.OUTCOME_CANCELLED_RELEASE_REVOKED {
				n++
			}
		}
		return n
	}
	f.revoke(t, "root", 1)
	for block := 1; cancelled() < orders; block++ {
		require.Less(t, block, 8, "%d of %d are cancelled", cancelled(), orders)
		state, err := f.keeper.ExportGenesis(f.ctx)
		require.NoError(t, err)
		require.NoError(t, state.Validate())
		if block < 3 {
			require.Len(t, state.Revocations, 1, "block %d", block)
		}
		f.endBlock()
		f.beginBlock(0)
	}
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Empty(t, state.Revocations)
}

// What has ended before a release is revoked stays as it ended.
func TestRevokeReleaseLeavesWhatHasEnded(t *testing.T) {
	f, job := newMarket(t)
	cancelled, unevaluated := f.request(job), f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: f.address("client").String(), RequestId: cancelled})
		return err
	}))
	f.accept(unevaluated, "e1", "w1")
	f.wait(time.Minute)
	before := []types.Request{f.get(cancelled), f.get(unevaluated)}
	require.True(t, before[0].IsFinished() && before[1].IsFinished())
	f.revoke(t, "root", 1)
	f.wait(time.Minute)
	require.Equal(t, before, []types.Request{f.get(cancelled), f.get(unevaluated)})
}

func TestUpdateJobKeepsWhatIsLeftOut(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	terms := f.registration().Terms
	terms.ChallengeFee = math.NewInt(7)
	input := types.Input{Inline: []byte{0x09, 0, 0, 0, 0, 0, 0, 0x10, 0x40}}
	policy := program.TreePolicy{AdminsApprove: true}
	before, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
	require.NoError(t, err)
	want := before.Job

	for _, step := range []struct {
		m      types.MsgUpdateJob
		change func()
	}{
		{types.MsgUpdateJob{Description: "find roots"}, func() { want.Description = "find roots" }},
		{types.MsgUpdateJob{QualificationInput: &input}, func() { want.QualificationInput = input }},
		{types.MsgUpdateJob{TreePolicy: &policy}, func() {}},
		{types.MsgUpdateJob{Terms: &terms}, func() { want.TermsVersion = 2 }},
	} {
		step.m.Signer, step.m.JobId = f.address("root").String(), job
		step.change()
		var version uint64
		require.NoError(t, f.run(func(ctx context.Context) error {
			response, err := f.server.UpdateJob(ctx, &step.m)
			version = response.GetTermsVersion()
			return err
		}))
		require.Equal(t, want.TermsVersion, version)
		got, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
		require.NoError(t, err)
		require.Equal(t, want, got.Job)
	}
	old, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: job, Version: 1})
	require.NoError(t, err)
	require.Equal(t, f.registration().Terms, old.Terms.Spec, "a version never changes")
	f.joinBelow(job, "root", "a1", program.ROLE_ADMIN)
}

func TestUpdateJobRefuses(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	root := f.address("root").String()
	for says, c := range map[string]struct {
		m   types.MsgUpdateJob
		err error
	}{
		"only its root":                {types.MsgUpdateJob{Signer: f.address("alice").String(), JobId: job, Description: "mine"}, types.ErrUnauthorized},
		"nothing to change":            {types.MsgUpdateJob{Signer: root, JobId: job}, types.ErrInvalid},
		"0x63":                         {types.MsgUpdateJob{Signer: root, JobId: 99, Description: "x"}, types.ErrUnknownJob},
		"description: 1025 of at most": {types.MsgUpdateJob{Signer: root, JobId: job, Description: string(make([]byte, 1025))}, types.ErrLimit},
		"qualification_input":          {types.MsgUpdateJob{Signer: root, JobId: job, QualificationInput: &types.Input{Inline: []byte{1}}}, types.ErrDecode},
		"max_depth: 65":                {types.MsgUpdateJob{Signer: root, JobId: job, TreePolicy: &program.TreePolicy{AdminsApprove: true, MaxDepth: 65}}, reputationtypes.ErrPolicy},
		"terms.windows.open_ms: 1 ms":  {types.MsgUpdateJob{Signer: root, JobId: job, Terms: &types.TermsSpec{Windows: types.Windows{OpenMs: 1}}}, types.ErrInvalid},
		"\"nothing\" is no integer field of an entry": {types.MsgUpdateJob{Signer: root, JobId: job, Terms: &types.TermsSpec{Metrics: []types.Metric{{Field: "nothing", Fold: 1}}}}, types.ErrInvalid},
	} {
		err := f.run(func(ctx context.Context) error { _, err := f.server.UpdateJob(ctx, &c.m); return err })
		require.ErrorIs(t, err, c.err)
		require.ErrorContains(t, err, says)
	}
}

// TestAPolicyThatIsNarrowedBindsAdmins: what was applied for before is not approved any more.
func TestAPolicyThatIsNarrowedBindsAdmins(t *testing.T) {
	f := newFixture(t)
	m := f.registration()
	m.TreePolicy.AdminsApprove = true
	job := f.register(m)
	f.joinBelow(job, "root", "a1", program.ROLE_ADMIN)
	server := f.reputationServer()
	response, err := server.ApplyJob(f.ctx, &reputationtypes.MsgApplyJob{
		Signer: f.address("a2").String(), JobId: job, Roles: []program.Role{program.ROLE_ADMIN}, Admin: f.address("a1").String(),
	})
	require.NoError(t, err)
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateJob(ctx, &types.MsgUpdateJob{Signer: f.address("root").String(), JobId: job, TreePolicy: &program.TreePolicy{}})
		return err
	}))
	_, err = server.ApproveNode(f.ctx, &reputationtypes.MsgApproveNode{Signer: f.address("a1").String(), ApplicationId: response.ApplicationId})
	require.ErrorIs(t, err, reputationtypes.ErrPolicy)
}
