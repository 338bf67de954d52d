package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Register makes root the root of a new job: its schema, terms, releases and tree.
func (k *Keeper) Register(ctx context.Context, root sdk.AccAddress, m *types.MsgRegisterJob) (uint64, error) {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(params); err != nil {
		return 0, err
	}
	digest, schema, err := k.storeSchema(ctx, m.Schema, params)
	if err != nil {
		return 0, err
	}
	if err := checkInput(ctx, "qualification_input", schema, m.QualificationInput, params); err != nil {
		return 0, err
	}
	if err := schema.CheckMetrics(m.Terms.Metrics); err != nil {
		return 0, err
	}
	now, err := k.now(ctx)
	if err != nil {
		return 0, err
	}
	id, err := next(ctx, k.nextJob)
	if err != nil {
		return 0, err
	}
	job := types.Job{
		Id:                 id,
		Root:               root.String(),
		Name:               m.Name,
		Description:        m.Description,
		SourceURL:          m.SourceURL,
		SourceCommit:       m.SourceCommit,
		SchemaDigest:       digest,
		TermsVersion:       1,
		QualificationInput: m.QualificationInput,
		RegisteredMs:       now,
	}
	if err := k.terms.Set(ctx, collections.Join(id, job.TermsVersion), m.Terms); err != nil {
		return 0, err
	}
	if err := k.reputation.PlantTree(ctx, id, root, m.TreePolicy); err != nil {
		return 0, err
	}
	if err := emit(ctx, &types.EventJobRegistered{JobId: id, Root: job.Root, Name: job.Name}); err != nil {
		return 0, err
	}
	for _, spec := range m.Releases {
		if _, err := k.addRelease(ctx, &job, root, spec); err != nil {
			return 0, err
		}
	}
	if err := k.jobsByRoot.Set(ctx, collections.Join(root, id)); err != nil {
		return 0, err
	}
	return id, k.jobs.Set(ctx, id, job)
}

// Publish adds a newer release of one role to a job; only its root may.
func (k *Keeper) Publish(ctx context.Context, signer sdk.AccAddress, m *types.MsgPublishRelease) (uint64, error) {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(params); err != nil {
		return 0, err
	}
	job, err := k.job(ctx, m.JobId)
	if err != nil {
		return 0, err
	}
	if job.Root != signer.String() {
		return 0, types.ErrUnauthorized.Wrapf("%s publishes for job %#x; only its root %s may", signer, job.Id, job.Root)
	}
	if job.Releases >= params.MaxReleases {
		return 0, types.ErrLimit.Wrapf("job %#x has %d releases of at most %d", job.Id, job.Releases, params.MaxReleases)
	}
	id, err := k.addRelease(ctx, &job, signer, m.Release)
	if err != nil {
		return 0, err
	}
	return id, k.jobs.Set(ctx, job.Id, job)
}

// addRelease verifies a release and makes it the job's newest of its role. The
// caller stores the job.
func (k *Keeper) addRelease(ctx context.Context, job *types.Job, root sdk.AccAddress, spec types.ReleaseSpec) (uint64, error) {
	if err := types.VerifyRelease(job.SchemaDigest, spec, root); err != nil {
		return 0, err
	}
	newest := &job.WorkerRelease
	if spec.Role == program.ROLE_EVALUATOR {
		newest = &job.EvaluatorRelease
	}
	if *newest != 0 {
		last, err := k.releases.Get(ctx, *newest)
		if err != nil {
			return 0, err
		}
		if !types.IsNewerVersion(spec.Version, last.Spec.Version) {
			return 0, types.ErrVersion.Wrapf("release.version: %s is not newer than %s", spec.Version, last.Spec.Version)
		}
	}
	now, err := k.now(ctx)
	if err != nil {
		return 0, err
	}
	id, err := next(ctx, k.nextRelease)
	if err != nil {
		return 0, err
	}
	release := types.Release{Id: id, JobId: job.Id, Spec: spec, PublishedMs: now}
	if err := k.releases.Set(ctx, id, release); err != nil {
		return 0, err
	}
	if err := k.releasesByJob.Set(ctx, collections.Join3(job.Id, int32(spec.Role), id)); err != nil {
		return 0, err
	}
	*newest = id
	job.Releases++
	return id, emit(ctx, &types.EventReleasePublished{
		JobId: job.Id, ReleaseId: id, Role: spec.Role, Version: spec.Version, Digest: spec.Program.Digest,
	})
}

func (k *Keeper) job(ctx context.Context, id uint64) (types.Job, error) {
	job, err := k.jobs.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Job{}, types.ErrUnknownJob.Wrapf("job %#x; list the jobs there are", id)
	}
	return job, err
}
