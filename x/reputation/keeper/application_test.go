package keeper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

const (
	worker    = program.ROLE_WORKER
	evaluator = program.ROLE_EVALUATOR
	admin     = program.ROLE_ADMIN
)

func TestApplyJob(t *testing.T) {
	f := newFixture(t)
	msg := application(address("alice"), job, worker, evaluator)
	msg.EncryptionKey = ageKey

	events := f.events(func(ctx sdk.Context) {
		response, err := f.server.ApplyJob(ctx, msg)
		require.NoError(t, err)
		require.EqualValues(t, 1, response.ApplicationId, "ids start at one")
	})

	require.Equal(t, []proto.Message{
		&types.EventEncryptionKeySet{Owner: msg.Signer, EncryptionKey: ageKey},
		&types.EventJobApplied{
			ApplicationId: 1, JobId: job, Applicant: msg.Signer, Admin: f.root.String(),
			Roles: []program.Role{evaluator, worker},
		},
	}, events)
	got, err := f.query.Application(f.ctx, &types.QueryApplicationRequest{Id: 1})
	require.NoError(t, err)
	now := f.ctx.BlockTime().UnixMilli()
	require.Equal(t, types.Application{
		Id: 1, JobId: job, Applicant: msg.Signer, Roles: []program.Role{evaluator, worker}, Admin: f.root.String(),
		Capability: msg.Capability, EncryptionKey: ageKey, Nonce: msg.Nonce, Qualifications: msg.Qualifications,
		AppliedMs: now, ExpiresMs: now + time.Hour.Milliseconds(),
	}, got.Application)
}

func TestAnOperatorAppliesForItsOwner(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")

	response, err := f.server.ApplyJob(f.ctx, application(address("hot"), job, worker))
	require.NoError(t, err)

	f.approve(response.ApplicationId)
	require.Equal(t, address("alice").String(), f.node(job, address("alice")).Node.Owner)
}

func TestApplyJobRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(f *fixture, msg *types.MsgApplyJob)
		err    error
		says   string
	}{
		{"a job that nobody registered", func(_ *fixture, m *types.MsgApplyJob) { m.JobId = unknownJob }, types.ErrUnknownJob, "job 0x63"},
		{"an admin that is not the root", func(_ *fixture, m *types.MsgApplyJob) { m.Admin = address("bob").String() }, types.ErrNotAdmin, "ask its root"},
		{"the role admin where only the root is one", func(_ *fixture, m *types.MsgApplyJob) {
			m.Roles, m.Qualifications = []program.Role{admin}, nil
		}, types.ErrPolicy, "no admin but its root"},
		{"a role that is held", func(f *fixture, _ *types.MsgApplyJob) { f.join("alice", job, worker) }, types.ErrRoleHeld, "ROLE_WORKER"},
		{"a second application for the job", func(f *fixture, _ *types.MsgApplyJob) { f.apply("alice", job, evaluator) }, types.ErrAlreadyApplied, "application 1"},
		{"one more than the admin may have waiting", func(f *fixture, _ *types.MsgApplyJob) {
			f.setParams(func(p *types.Params) { p.MaxApplicationsPerAdmin = 2 })
			f.apply("bob", job, worker)
			f.apply("bob", otherJob, worker)
		}, types.ErrTooManyApplications, "2 undecided applications of at most 2"},
		{"too many tags", func(f *fixture, m *types.MsgApplyJob) {
			f.setParams(func(p *types.Params) { p.MaxTags = 1 })
			m.Capability.Tags = []string{"wasm", "docker"}
		}, types.ErrInvalidCapability, "tags: 2 of at most 1"},
		{"a tag that is too long", func(_ *fixture, m *types.MsgApplyJob) {
			m.Capability.Tags = []string{strings.Repeat("x", 257)}
		}, types.ErrInvalidCapability, "tags[0]: 257 bytes of at most 256"},
		{"a message that is malformed", func(_ *fixture, m *types.MsgApplyJob) { m.Nonce = nil }, types.ErrInvalidQualification, "nonce"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			msg := application(address("alice"), job, worker)
			tt.change(f, msg)

			f.refused(func(ctx sdk.Context) error { _, err := f.server.ApplyJob(ctx, msg); return err }, tt.err, tt.says)
		})
	}
}

func TestOneApplicationForEachJob(t *testing.T) {
	f := newFixture(t)

	require.EqualValues(t, 1, f.apply("alice", job, worker))
	require.EqualValues(t, 2, f.apply("alice", otherJob, worker))
}

func TestWithdrawApplication(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", job, worker)
	withdraw := func(ctx sdk.Context, name string) error {
		_, err := f.server.WithdrawApplication(ctx, &types.MsgWithdrawApplication{Signer: address(name).String(), ApplicationId: id})
		return err
	}

	f.refused(func(ctx sdk.Context) error { return withdraw(ctx, "bob") }, types.ErrWrongSigner, "only they or their operator")
	f.refused(func(ctx sdk.Context) error { return withdraw(ctx, "root") }, types.ErrWrongSigner, "application 1")

	events := f.events(func(ctx sdk.Context) { require.NoError(t, withdraw(ctx, "alice")) })

	require.Equal(t, []proto.Message{
		&types.EventApplicationWithdrawn{ApplicationId: id, JobId: job, Applicant: address("alice").String()},
	}, events)
	f.refused(func(ctx sdk.Context) error { return withdraw(ctx, "alice") }, types.ErrUnknownApplication, "application 1")
	require.EqualValues(t, 2, f.apply("alice", job, worker), "an id is never used again")
}

func TestRejectApplication(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", job, worker)
	reject := func(ctx sdk.Context, name, reason string) error {
		msg := &types.MsgRejectApplication{Signer: address(name).String(), ApplicationId: id, Reason: reason}
		_, err := f.server.RejectApplication(ctx, msg)
		return err
	}

	f.refused(func(ctx sdk.Context) error { return reject(ctx, "alice", "") }, types.ErrNotAdmin, "is addressed to")
	f.refused(func(ctx sdk.Context) error { return reject(ctx, "root", strings.Repeat("no", 129)) }, types.ErrInvalidReason, "258 bytes of at most 256")
	f.refused(func(ctx sdk.Context) error { return reject(ctx, "root", "\x1b[2J") }, types.ErrInvalidReason, "control character 0x1b")

	events := f.events(func(ctx sdk.Context) { require.NoError(t, reject(ctx, "root", "wrong result")) })

	require.Equal(t, []proto.Message{
		&types.EventApplicationRejected{ApplicationId: id, JobId: job, Applicant: address("alice").String(), Reason: "wrong result"},
	}, events)
	f.refused(func(ctx sdk.Context) error { return reject(ctx, "root", "") }, types.ErrUnknownApplication, "application 1")
	f.apply("alice", job, worker)
}

func TestApplicationsExpire(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", job, worker)

	f.pass(time.Hour - time.Millisecond)
	_, err := f.query.Application(f.ctx, &types.QueryApplicationRequest{Id: id})
	require.NoError(t, err, "in time is before the deadline")

	events := f.events(func(ctx sdk.Context) {
		before := f.ctx
		f.ctx = ctx
		f.pass(time.Millisecond)
		f.ctx = before.WithBlockTime(f.ctx.BlockTime())
	})
	require.Equal(t, []proto.Message{
		&types.EventApplicationExpired{ApplicationId: id, JobId: job, Applicant: address("alice").String()},
	}, events)
	_, err = f.query.Application(f.ctx, &types.QueryApplicationRequest{Id: id})
	require.Error(t, err)
}

func TestTheSweepIsCappedAndCarriesOn(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.ExpiredPerBlock = 2 })
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		f.apply(name, job, worker)
	}
	waiting := func() int {
		response, err := f.query.Applications(f.ctx, &types.QueryApplicationsRequest{})
		require.NoError(t, err)
		return len(response.Applications)
	}

	for _, want := range []int{3, 1, 0, 0} {
		f.pass(time.Hour)
		require.Equal(t, want, waiting())
	}
}

// What cannot expire, which only a fault of this program could bring about, holds up nothing behind it.
func TestAnApplicationThatCannotExpireHoldsUpNoOther(t *testing.T) {
	f := newFixture(t)
	f.ctx = f.ctx.WithLogger(log.NewNopLogger())
	require.NoError(t, f.keeper.AddExpiry(f.ctx, types.Application{Id: 99, ExpiresMs: 1}))
	id := f.apply("alice", job, worker)
	f.pass(time.Hour)
	_, err := f.query.Application(f.ctx, &types.QueryApplicationRequest{Id: id})
	require.ErrorContains(t, err, "unknown application")
}

func TestAnExpiredApplicationThatWaitsForItsSweep(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", job, worker)
	f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(time.Hour)) // no sweep

	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.ApproveNode(ctx, &types.MsgApproveNode{Signer: f.root.String(), ApplicationId: id})
		return err
	}, types.ErrApplicationExpired, "apply again")
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.RejectApplication(ctx, &types.MsgRejectApplication{Signer: f.root.String(), ApplicationId: id})
		return err
	}, types.ErrApplicationExpired, "apply again")

	events := f.events(func(ctx sdk.Context) {
		_, err := f.server.ApplyJob(ctx, application(address("alice"), job, worker))
		require.NoError(t, err)
	})
	require.Len(t, events, 2)
	require.IsType(t, &types.EventApplicationExpired{}, events[0], "it makes room for a new one")
	require.IsType(t, &types.EventJobApplied{}, events[1])
}
