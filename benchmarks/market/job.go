// Package market makes the messages by which a job, its nodes and its requests live, for loads that play all roles
// themselves. The job is that of examples/noop; nobody runs its programs, so they are stored nowhere.
package market

import (
	"context"
	"crypto/rand"
	"path/filepath"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// What the job and its requests are made with, in uain. Deposits, bonds and fees are those of a job among strangers: an
// evaluator locks 10,000, each of three workers 333, and a challenge costs 1,000 at the first level.
const (
	Reward       = 10_000 // of the evaluator, and of all workers together
	MinDeposit   = 10_000
	ChallengeFee = 1_000
)

// Window of every phase that says nothing else: nothing runs out under load.
const Window = 600_000

// Windows in which nothing runs out under load.
func Windows() jobstypes.Windows {
	return jobstypes.Windows{
		OpenMs: Window, HiringMs: Window, RevealMs: Window, EvaluationMs: Window, ChallengeMs: Window, ResolveMs: Window,
	}
}

// Register makes the message that registers the job with windows of its own. Admins below its root approve too.
func Register(ctx context.Context, root client.Key, windows jobstypes.Windows) (*jobstypes.MsgRegisterJob, error) {
	descriptors, err := release.Compile(ctx, filepath.Join("examples", "noop", "job_schema.proto"))
	if err != nil {
		return nil, err
	}
	msg := &jobstypes.MsgRegisterJob{
		Signer: root.Address().String(), Name: "noop", Schema: descriptors,
		SourceURL: "https://github.com/ain-network/aind", SourceCommit: "benchmark",
		TreePolicy: program.TreePolicy{AdminsApprove: true},
		Terms:      jobstypes.TermsSpec{MinDeposit: math.NewInt(MinDeposit), ChallengeFee: math.NewInt(ChallengeFee), Windows: windows},
	}
	for _, role := range []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR} {
		spec := jobstypes.ReleaseSpec{Role: role, Version: "1.0.0", Program: program.Program{
			Kind: program.PROGRAM_KIND_WASM, Digest: jobstypes.Digest([]byte(role.String())), Size_: 100, ABI: program.ABI_STDIO_PROTO,
		}}
		if err := release.Sign(ctx, root, jobstypes.Digest(descriptors), &spec); err != nil {
			return nil, err
		}
		msg.Releases = append(msg.Releases, spec)
	}
	return msg, nil
}

// Apply makes the messages by which an account with coins puts some at stake and applies to an admin; empty: to the root.
func Apply(chainID string, job uint64, key client.Key, role program.Role, admin string, stake int64) ([]sdk.Msg, error) {
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	application := &reputationtypes.MsgApplyJob{
		Signer: key.Address().String(), JobId: job, Roles: []program.Role{role}, Admin: admin, Nonce: nonce,
	}
	if role != program.ROLE_ADMIN {
		application.Qualifications = []reputationtypes.Qualification{{
			Role: role, Digest: reputationtypes.QualificationDigest(chainID, job, key.Address(), role, nonce, nil),
		}}
	}
	return []sdk.Msg{&escrowtypes.MsgSetStake{Owner: key.Address().String(), Amount: math.NewInt(stake)}, application}, nil
}
