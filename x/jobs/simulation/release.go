package simulation

import (
	"fmt"
	"slices"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// release is a program signed by the job's root.
func (v *view) release(root string, schema []byte, role program.Role, version string, alternative bool) types.ReleaseSpec {
	spec := types.ReleaseSpec{
		Role:    role,
		Version: version,
		Program: program.Program{
			Kind: program.PROGRAM_KIND_WASM, ABI: program.ABI_STDIO_PROTO,
			Digest: types.Digest([]byte(version)), Size_: uint64(1 + v.Intn(1_000_000)),
		},
	}
	if alternative {
		spec.Alternatives = []program.Program{{
			Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_JSON, Digest: types.Digest([]byte("image " + version)), Size_: 1,
		}}
	} else if v.Often(30) {
		spec.Provenance = v.provenance(spec.Program.Digest)
	}
	spec.Signatures = []types.Signature{v.signature(root, schema, spec)}
	return spec
}

// signature is a root's over a release.
func (v *view) signature(root string, schema []byte, spec types.ReleaseSpec) types.Signature {
	key := v.Account(root).PrivKey
	signature, err := key.Sign(types.ReleasePAE(types.Digest(schema), spec))
	v.note(err)
	return types.Signature{Signer: root, PublicKey: key.PubKey().Bytes(), Signature: signature}
}

// publishRelease publishes a newer release, or one that is not newer.
func publishRelease(v *view) *types.MsgPublishRelease {
	job := simulation.Pick(v.Draw, v.state.Jobs)
	if job == nil || !v.Sign(job.Root) {
		return nil
	}
	version := fmt.Sprintf("1.%d.0", len(v.state.Releases)) // newer than what a fork took over, too
	role, isEvaluated := *simulation.Pick(v.Draw, []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR}), v.isEvaluated(*job)
	// A fork of a job without any starts without any.
	hasOne := slices.ContainsFunc(v.state.Releases, func(r types.Release) bool { return r.JobId == job.Id && r.Spec.Role == role })
	release := v.release(job.Root, v.schema(isEvaluated), role, version, v.Often(10))
	switch {
	case role == program.ROLE_EVALUATOR && !isEvaluated:
		v.Expect(types.ErrInvalid)
	case job.Releases >= v.params().MaxReleases:
		v.Expect(types.ErrLimit)
	case v.newestTerms(*job).CheckRelease(release) != nil:
		v.Expect(types.ErrInvalid)
	case hasOne && v.Often(20):
		release = v.release(job.Root, v.schema(isEvaluated), role, "0.9.0", false)
		v.Expect(types.ErrVersion)
	}
	return &types.MsgPublishRelease{Signer: job.Root, JobId: job.Id, Release: release}
}

// revocable are the states in which a revocation ends a request in different ways, or does not end it.
var revocable = []types.RequestState{
	types.REQUEST_STATE_OPEN, types.REQUEST_STATE_RUNNING, types.REQUEST_STATE_REVEALING, types.REQUEST_STATE_EVALUATING,
	types.REQUEST_STATE_EVALUATING, types.REQUEST_STATE_EVALUATING, types.REQUEST_STATE_REOPENED, types.REQUEST_STATE_RANKED, types.REQUEST_STATE_CHALLENGED,
}

// revoked is the release of a request that is under way, or any, revoked ones included.
func (v *view) revoked() *types.Release {
	if v.Often(20) {
		return simulation.Pick(v.Draw, v.state.Releases)
	}
	state := *simulation.Pick(v.Draw, revocable)
	r := v.request(func(r types.Request) bool { return r.State == state })
	if r == nil {
		return nil
	}
	return simulation.Pick(v.Draw, simulation.Filter(v.state.Releases, func(release types.Release) bool {
		return (release.Id == r.WorkerRelease || release.Id == r.EvaluatorRelease) && !release.Revoked
	}))
}

// revokeRelease takes back a release that is in use, or an old one, or one twice.
func revokeRelease(v *view) *types.MsgRevokeRelease {
	release := v.revoked()
	if release == nil {
		return nil
	}
	job := v.job(release.JobId)
	if !v.Sign(job.Root) {
		return nil
	}
	msg := &types.MsgRevokeRelease{Signer: job.Root, ReleaseId: release.Id, Reason: "draws wrong roots"}
	switch {
	case release.Revoked:
		v.Expect(types.ErrRevoked)
	case v.Often(10):
		msg.ReleaseId += 1_000
		v.Expect(types.ErrUnknownRelease)
	}
	return msg
}

// isRevoked tells whether a release, if there is one, was taken back.
func (v *view) isRevoked(release uint64) bool {
	return slices.ContainsFunc(v.state.Releases, func(r types.Release) bool { return r.Id == release && r.Revoked })
}

// job is one that is there.
func (v *view) job(id uint64) types.Job {
	return v.state.Jobs[slices.IndexFunc(v.state.Jobs, func(j types.Job) bool { return j.Id == id })]
}

// mostForks is how many jobs there are, forks and all. A fork may be of a fork.
const mostForks = mostJobs + 3

// forkJob takes over the newest releases of a job, or forgets to sign one.
func forkJob(v *view) *types.MsgForkJob {
	from := simulation.Pick(v.Draw, v.state.Jobs)
	owner := simulation.Pick(v.Draw, v.owners())
	if from == nil || owner == nil || len(v.state.Jobs) >= mostForks || !v.Sign(*owner) {
		return nil
	}
	msg := &types.MsgForkJob{Signer: *owner, JobId: from.Id, Name: fmt.Sprintf("roots %d", len(v.state.Jobs)), TreePolicy: v.policy()}
	for _, release := range v.state.Releases {
		if release.Id != from.WorkerRelease && release.Id != from.EvaluatorRelease {
			continue
		}
		msg.Releases = append(msg.Releases, types.ForkedRelease{
			ReleaseId: release.Id, Signature: v.signature(*owner, v.schema(v.isEvaluated(*from)), release.Spec),
		})
	}
	if len(msg.Releases) > 0 && v.Often(20) {
		msg.Releases = msg.Releases[1:]
		v.Expect(types.ErrInvalid)
	}
	return msg
}
