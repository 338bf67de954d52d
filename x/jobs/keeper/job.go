package keeper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	if err := m.CheckReleases(schema); err != nil {
		return 0, err
	}
	if err := checkInput(ctx, "qualification_input", schema, m.QualificationInput, params); err != nil {
		return 0, err
	}
	if err := schema.CheckMetrics(m.Terms.Metrics); err != nil {
		return 0, err
	}
	if err := m.Terms.CheckVerification(schema); err != nil {
		return 0, err
	}
	for i, release := range m.Releases {
		if err := k.checkPrograms(ctx, fmt.Sprintf("releases[%d]", i), release, 0); err != nil {
			return 0, err
		}
	}
	return k.plant(ctx, root, types.Job{
		Name:               m.Name,
		Description:        m.Description,
		SourceURL:          m.SourceURL,
		SourceCommit:       m.SourceCommit,
		SchemaDigest:       digest,
		QualificationInput: m.QualificationInput,
	}, m.Terms, m.TreePolicy, m.Releases)
}

// plant stores a new job with its terms, releases and tree.
func (k *Keeper) plant(
	ctx context.Context, root sdk.AccAddress, job types.Job, terms types.TermsSpec, policy program.TreePolicy, releases []types.ReleaseSpec,
) (id uint64, err error) {
	if job.RegisteredMs, err = k.now(ctx); err != nil {
		return 0, err
	}
	if job.Id, err = next(ctx, k.nextJob); err != nil {
		return 0, err
	}
	job.Root, job.TermsVersion = root.String(), 1
	if err := k.terms.Set(ctx, termsKeyOf(job), terms); err != nil {
		return 0, err
	}
	if err := k.reputation.PlantTree(ctx, job.Id, root, policy); err != nil {
		return 0, err
	}
	if err := emit(ctx, &types.EventJobRegistered{JobId: job.Id, Root: job.Root, Name: job.Name, ForkedFrom: job.ForkedFrom}); err != nil {
		return 0, err
	}
	for _, spec := range releases {
		if _, err := k.addRelease(ctx, &job, root, spec); err != nil {
			return 0, err
		}
	}
	if err := k.jobsByRoot.Set(ctx, collections.Join(root, job.Id)); err != nil {
		return 0, err
	}
	return job.Id, k.jobs.Set(ctx, job.Id, job)
}

// termsKeyOf is where a job's newest terms are.
func termsKeyOf(job types.Job) termsKey { return collections.Join(job.Id, job.TermsVersion) }

// ownJob returns a job that signer is the root of.
func (k *Keeper) ownJob(ctx context.Context, signer sdk.AccAddress, id uint64, does string) (types.Job, error) {
	job, err := k.job(ctx, id)
	if err == nil && job.Root != signer.String() {
		err = types.ErrUnauthorized.Wrapf("%s %s job %#x; only its root %s may", signer, does, job.Id, job.Root)
	}
	return job, err
}

// Update changes what a job's new requests and applicants meet; only its root may.
// Requests keep the terms that they were made with.
func (k *Keeper) Update(ctx context.Context, signer sdk.AccAddress, m *types.MsgUpdateJob) (version uint64, err error) {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(params); err != nil {
		return 0, err
	}
	job, err := k.ownJob(ctx, signer, m.JobId, "updates")
	if err != nil {
		return 0, err
	}
	schema, err := k.schema(ctx, job.SchemaDigest)
	if err != nil {
		return 0, err
	}
	if m.Description != "" {
		job.Description = m.Description
	}
	if m.QualificationInput != nil {
		if err := checkInput(ctx, "qualification_input", schema, *m.QualificationInput, params); err != nil {
			return 0, err
		}
		job.QualificationInput = *m.QualificationInput
	}
	if m.TreePolicy != nil {
		if err := k.reputation.SetPolicy(ctx, job.Id, *m.TreePolicy); err != nil {
			return 0, err
		}
	}
	if m.Terms != nil {
		if err := schema.CheckMetrics(m.Terms.Metrics); err != nil {
			return 0, err
		}
		if err := m.Terms.CheckVerification(schema); err != nil {
			return 0, err
		}
		if err := k.checkReleases(ctx, job.Id, *m.Terms); err != nil {
			return 0, err
		}
		job.TermsVersion++
		if err := k.terms.Set(ctx, termsKeyOf(job), *m.Terms); err != nil {
			return 0, err
		}
	}
	if err := k.jobs.Set(ctx, job.Id, job); err != nil {
		return 0, err
	}
	return job.TermsVersion, emit(ctx, &types.EventJobUpdated{JobId: job.Id, TermsVersion: job.TermsVersion})
}

// checkReleases holds new terms against the releases that requests may still be made with: the newest, and, when that is revoked, those before it.
func (k *Keeper) checkReleases(ctx context.Context, jobID uint64, terms types.TermsSpec) error {
	refused, err := k.lastRelease(ctx, jobID, program.ROLE_WORKER, func(r types.Release) bool {
		return !r.Revoked && terms.CheckRelease(r.Spec) != nil
	})
	if err != nil || refused.Id == 0 {
		return err
	}
	return terms.CheckRelease(refused.Spec)
}

// Fork makes root the root of a new job that begins as another is now: its schema,
// newest terms, qualification, and the releases named, which the new root signs anew.
func (k *Keeper) Fork(ctx context.Context, root sdk.AccAddress, m *types.MsgForkJob) (uint64, error) {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(params); err != nil {
		return 0, err
	}
	from, err := k.job(ctx, m.JobId)
	if err != nil {
		return 0, err
	}
	terms, err := k.terms.Get(ctx, termsKeyOf(from))
	if err != nil {
		return 0, err
	}
	releases, err := k.forkedReleases(ctx, from, m.Releases)
	if err != nil {
		return 0, err
	}
	return k.plant(ctx, root, types.Job{
		Name:               cmp.Or(m.Name, from.Name),
		Description:        cmp.Or(m.Description, from.Description),
		SourceURL:          from.SourceURL,
		SourceCommit:       from.SourceCommit,
		SchemaDigest:       from.SchemaDigest,
		QualificationInput: from.QualificationInput,
		ForkedFrom:         from.Id,
	}, terms, m.TreePolicy, releases)
}

// forkedReleases are the newest of each role that the forked job has, with the new
// root's signatures in place of the old root's.
func (k *Keeper) forkedReleases(ctx context.Context, from types.Job, taken []types.ForkedRelease) ([]types.ReleaseSpec, error) {
	var releases []types.ReleaseSpec
	for i, newest := range []uint64{from.WorkerRelease, from.EvaluatorRelease} {
		if newest == 0 {
			continue
		}
		at := slices.IndexFunc(taken, func(t types.ForkedRelease) bool { return t.ReleaseId == newest })
		if at < 0 {
			role := []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR}[i]
			return nil, types.ErrInvalid.Wrapf("releases: %d is missing, the newest of %s of job %#x", newest, role, from.Id)
		}
		release, err := k.releases.Get(ctx, newest)
		if err != nil {
			return nil, err
		}
		release.Spec.Signatures = []types.Signature{taken[at].Signature}
		releases = append(releases, release.Spec)
	}
	if len(releases) != len(taken) {
		return nil, types.ErrInvalid.Wrapf("releases: %d named, job %#x has %d to take over, the newest of each role", len(taken), from.Id, len(releases))
	}
	return releases, nil
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
	job, err := k.ownJob(ctx, signer, m.JobId, "publishes for")
	if err != nil {
		return 0, err
	}
	schema, err := k.schema(ctx, job.SchemaDigest)
	if err != nil {
		return 0, err
	}
	if m.Release.Role == program.ROLE_EVALUATOR && !schema.HasEvaluator() {
		return 0, types.ErrInvalid.Wrapf("release.role: %s, but the schema of job %#x has no service Evaluator", m.Release.Role, job.Id)
	}
	if err := schema.CheckProgram(m.Release); err != nil {
		return 0, err
	}
	if err := k.checkPrograms(ctx, "release", m.Release, job.Id); err != nil {
		return 0, err
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
	now, err := k.now(ctx)
	if err != nil {
		return 0, err
	}
	if spec.HasExpired(now) {
		return 0, types.ErrExpired.Wrapf("release.expires_ms: %d is not after the chain clock's %d", spec.ExpiresMs, now)
	}
	terms, err := k.terms.Get(ctx, termsKeyOf(*job))
	if err != nil {
		return 0, err
	}
	if err := terms.CheckRelease(spec); err != nil {
		return 0, err
	}
	if err := k.checkAttested(ctx, spec); err != nil {
		return 0, err
	}
	newest := &job.WorkerRelease
	if spec.Role == program.ROLE_EVALUATOR {
		newest = &job.EvaluatorRelease
	}
	if last, err := k.lastRelease(ctx, job.Id, spec.Role, nil); err != nil {
		return 0, err
	} else if last.Id != 0 {
		if !types.IsNewerVersion(spec.Version, last.Spec.Version) {
			return 0, types.ErrVersion.Wrapf("release.version: %s is not newer than %s", spec.Version, last.Spec.Version)
		}
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
