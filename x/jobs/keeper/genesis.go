package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// InitGenesis stores a validated state. The look-ups follow from the records.
func (k *Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := k.initParams(ctx, g); err != nil {
		return err
	}
	if err := k.initJobs(ctx, g); err != nil {
		return err
	}
	if err := k.initRevocations(ctx, g); err != nil {
		return err
	}
	if err := k.initBuilders(ctx, g); err != nil {
		return err
	}
	assignments := map[uint64][]types.Assignment{}
	for _, a := range g.Assignments {
		worker, err := types.ParseAddress("worker", a.Worker)
		if err != nil {
			return err
		}
		if err := k.setAssignment(ctx, worker, a); err != nil {
			return err
		}
		assignments[a.RequestId] = append(assignments[a.RequestId], a)
	}
	for _, grant := range g.Grants {
		account, err := types.ParseAddress("account", grant.Account)
		if err != nil {
			return err
		}
		if err := k.grants.Set(ctx, collections.Join(grant.RequestId, account), grant); err != nil {
			return err
		}
	}
	for _, c := range g.Checkpoints {
		worker, err := types.ParseAddress("worker", c.Worker)
		if err != nil {
			return err
		}
		if err := k.checkpoints.Set(ctx, collections.Join(c.RequestId, worker), c); err != nil {
			return err
		}
	}
	for _, r := range g.Requests {
		if err := k.initRequest(ctx, r, assignments[r.Id]); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initParams(ctx context.Context, g types.GenesisState) error {
	for _, p := range g.Params {
		if err := k.params.Set(ctx, p.Version, p.Params); err != nil {
			return err
		}
	}
	if err := k.paramsVersion.Set(ctx, uint64(len(g.Params))); err != nil {
		return err
	}
	if err := k.clock.Set(ctx, g.Clock); err != nil {
		return err
	}
	sequences := []struct {
		sequence collections.Sequence
		next     uint64
	}{{k.nextJob, g.NextJobId}, {k.nextRelease, g.NextReleaseId}, {k.nextRequest, g.NextRequestId}}
	for _, s := range sequences {
		if err := s.sequence.Set(ctx, s.next); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initJobs(ctx context.Context, g types.GenesisState) error {
	for _, schema := range g.Schemas {
		if err := k.schemaFiles.Set(ctx, schema.Digest, schema.DescriptorSet); err != nil {
			return err
		}
	}
	for _, job := range g.Jobs {
		root, err := types.ParseAddress("root", job.Root)
		if err != nil {
			return err
		}
		if err := k.jobs.Set(ctx, job.Id, job); err != nil {
			return err
		}
		if err := k.jobsByRoot.Set(ctx, collections.Join(root, job.Id)); err != nil {
			return err
		}
	}
	for _, t := range g.Terms {
		if err := k.terms.Set(ctx, collections.Join(t.JobId, t.Version), t.Spec); err != nil {
			return err
		}
	}
	for _, release := range g.Releases {
		if err := k.releases.Set(ctx, release.Id, release); err != nil {
			return err
		}
		if err := k.releasesByJob.Set(ctx, collections.Join3(release.JobId, int32(release.Spec.Role), release.Id)); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initBuilders(ctx context.Context, g types.GenesisState) error {
	for _, builder := range g.Builders {
		address, err := types.ParseAddress("builder", builder.Address)
		if err != nil {
			return err
		}
		if err := k.builders.Set(ctx, address, builder); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initRevocations(ctx context.Context, g types.GenesisState) error {
	for _, revocation := range g.Revocations {
		if err := k.revocations.Set(ctx, revocation.ReleaseId, revocation.NextRequest); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initRequest(ctx context.Context, r types.Request, assignments []types.Assignment) error {
	client, err := types.ParseAddress("client", r.Client)
	if err != nil {
		return err
	}
	if err := k.requestsByJob.Set(ctx, collections.Join(r.Spec.JobId, r.Id)); err != nil {
		return err
	}
	if err := k.requestsByClient.Set(ctx, collections.Join(client, r.Id)); err != nil {
		return err
	}
	for _, content := range r.InSpaces(assignments) {
		if err := k.named.Set(ctx, namedKeyOf(content, r.Id)); err != nil {
			return err
		}
	}
	for _, space := range r.Spaces {
		if r.IsFinished() {
			break
		}
		if err := k.named.Set(ctx, neededKeyOf(space, r.Id)); err != nil {
			return err
		}
	}
	for _, node := range nodesOf(r, assignments) {
		account, err := types.ParseAddress("node", node)
		if err != nil {
			return err
		}
		if err := k.places.Set(ctx, collections.Join3(account, r.IsFinished(), r.Id)); err != nil {
			return err
		}
	}
	if r.IsFinished() {
		params, err := k.params.Get(ctx, r.ParamsVersion)
		if err != nil {
			return err
		}
		if err := k.removals.Set(ctx, collections.Join(removalOf(r, params), r.Id)); err != nil {
			return err
		}
	}
	terms, err := k.terms.Get(ctx, termsOf(r))
	if err != nil {
		return err
	}
	if r.AwaitsDraw(terms) {
		if err := k.drawings.Set(ctx, r.Id); err != nil {
			return err
		}
	}
	return k.save(ctx, &live{Request: r})
}

// ExportGenesis returns everything that the module keeps, in the order of its keys.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	g := &types.GenesisState{}
	var err error
	if g.Clock, err = k.Clock(ctx); err != nil {
		return nil, err
	}
	sequences := []struct {
		sequence collections.Sequence
		next     *uint64
	}{{k.nextJob, &g.NextJobId}, {k.nextRelease, &g.NextReleaseId}, {k.nextRequest, &g.NextRequestId}}
	for _, s := range sequences {
		value, err := s.sequence.Peek(ctx)
		if err != nil {
			return nil, err
		}
		*s.next = max(1, value)
	}
	if err := k.exportJobs(ctx, g); err != nil {
		return nil, err
	}
	if err := k.requests.Walk(ctx, nil, func(_ uint64, r types.Request) (bool, error) {
		g.Requests = append(g.Requests, r)
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := k.assignments.Walk(ctx, nil, func(_ assignmentKey, a types.Assignment) (bool, error) {
		g.Assignments = append(g.Assignments, a)
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := k.grants.Walk(ctx, nil, func(_ assignmentKey, grant types.Grant) (bool, error) {
		g.Grants = append(g.Grants, grant)
		return false, nil
	}); err != nil {
		return nil, err
	}
	return g, k.checkpoints.Walk(ctx, nil, func(_ assignmentKey, c types.Checkpoints) (bool, error) {
		g.Checkpoints = append(g.Checkpoints, c)
		return false, nil
	})
}

func (k *Keeper) exportJobs(ctx context.Context, g *types.GenesisState) error {
	if err := k.params.Walk(ctx, nil, func(version uint64, p types.Params) (bool, error) {
		g.Params = append(g.Params, types.VersionedParams{Version: version, Params: p})
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.jobs.Walk(ctx, nil, func(_ uint64, job types.Job) (bool, error) {
		g.Jobs = append(g.Jobs, job)
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.schemaFiles.Walk(ctx, nil, func(digest string, file []byte) (bool, error) {
		g.Schemas = append(g.Schemas, types.StoredSchema{Digest: digest, DescriptorSet: file})
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.terms.Walk(ctx, nil, func(key termsKey, spec types.TermsSpec) (bool, error) {
		g.Terms = append(g.Terms, types.Terms{JobId: key.K1(), Version: key.K2(), Spec: spec})
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.revocations.Walk(ctx, nil, func(release, next uint64) (bool, error) {
		g.Revocations = append(g.Revocations, types.Revocation{ReleaseId: release, NextRequest: next})
		return false, nil
	}); err != nil {
		return err
	}
	if err := k.builders.Walk(ctx, nil, func(_ sdk.AccAddress, builder types.Builder) (bool, error) {
		g.Builders = append(g.Builders, builder)
		return false, nil
	}); err != nil {
		return err
	}
	return k.releases.Walk(ctx, nil, func(_ uint64, release types.Release) (bool, error) {
		g.Releases = append(g.Releases, release)
		return false, nil
	})
}
