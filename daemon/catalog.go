package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// JobSource is where the catalog asks. Chain is one.
type JobSource interface {
	Job(ctx context.Context, jobID uint64) (jobstypes.Job, error)
	SchemaOf(ctx context.Context, jobID uint64) (jobstypes.StoredSchema, error)
	Terms(ctx context.Context, jobID, version uint64) (jobstypes.TermsSpec, error)
	Params(ctx context.Context, version uint64) (jobstypes.Params, error)
	Release(ctx context.Context, releaseID uint64) (jobstypes.Release, error)
	// IsBuilder says whether the chain trusts a builder.
	IsBuilder(ctx context.Context, builder string) (bool, error)
}

// catalogFresh is how old the newest releases of a job, and whether a release is revoked, may be.
const catalogFresh = 5 * time.Second

// revocationFresh is how late a program that runs is stopped after its release was revoked.
const revocationFresh = time.Second

// forever is the age of what never changes on the chain.
const forever = time.Duration(1<<63 - 1)

// Catalog remembers what daemons need to know about jobs. What a request was made with never changes and is asked for once.
type Catalog struct {
	source   JobSource
	jobs     memory[uint64, Job]
	schemas  memory[uint64, Schema]
	terms    memory[[2]uint64, jobstypes.TermsSpec]
	params   memory[uint64, jobstypes.Params]
	releases memory[uint64, jobstypes.Release]
	builders memory[string, bool]
}

// Job is a job with its schema.
type Job struct {
	jobstypes.Job
	Schema Schema
	// Owner is the root of the job's tree: whose signature its releases carry.
	Owner sdk.AccAddress
}

// Schema is a job's schema, compiled and as it was published.
type Schema struct {
	*jobstypes.Schema
	Digest        string
	DescriptorSet []byte
}

// NewCatalog returns an empty catalog.
func NewCatalog(source JobSource) *Catalog { return &Catalog{source: source} }

// Job returns a job; its newest releases may be a few seconds old.
func (c *Catalog) Job(ctx context.Context, jobID uint64) (Job, error) {
	return c.jobs.get(jobID, catalogFresh, func() (Job, error) {
		job, err := c.source.Job(ctx, jobID)
		if err != nil {
			return Job{}, err
		}
		owner, err := sdk.AccAddressFromBech32(job.Root)
		if err != nil {
			return Job{}, fmt.Errorf("root of job %s: %w", JobID(jobID), err)
		}
		schema, err := c.schema(ctx, jobID)
		return Job{Job: job, Schema: schema, Owner: owner}, err
	})
}

func (c *Catalog) schema(ctx context.Context, jobID uint64) (Schema, error) {
	return c.schemas.get(jobID, forever, func() (Schema, error) {
		stored, err := c.source.SchemaOf(ctx, jobID)
		if err != nil {
			return Schema{}, err
		}
		if got := jobstypes.Digest(stored.DescriptorSet); got != stored.Digest {
			return Schema{}, fmt.Errorf("schema of job %s: content is %s, the chain says %s", JobID(jobID), got, stored.Digest)
		}
		// The chain let it in under the limits of that time: those of today do not matter.
		unlimited := jobstypes.SchemaLimits{MaxBytes: 1 << 31, MaxMessages: 1 << 31, MaxFields: 1 << 31, MaxNesting: 1 << 31}
		parsed, err := jobstypes.ParseSchema(stored.DescriptorSet, unlimited)
		if err != nil {
			return Schema{}, fmt.Errorf("schema of job %s: %w", JobID(jobID), err)
		}
		return Schema{Schema: parsed, Digest: stored.Digest, DescriptorSet: stored.DescriptorSet}, nil
	})
}

// Terms returns the terms that a request was made with.
func (c *Catalog) Terms(ctx context.Context, jobID, version uint64) (jobstypes.TermsSpec, error) {
	return c.terms.get([2]uint64{jobID, version}, forever, func() (jobstypes.TermsSpec, error) {
		return c.source.Terms(ctx, jobID, version)
	})
}

// Params returns the params that a request was made with.
func (c *Catalog) Params(ctx context.Context, version uint64) (jobstypes.Params, error) {
	return c.params.get(version, forever, func() (jobstypes.Params, error) { return c.source.Params(ctx, version) })
}

// Release returns a release; that it was revoked may be known a few seconds late, and the chain refuses acceptances anyway.
func (c *Catalog) Release(ctx context.Context, releaseID uint64) (jobstypes.Release, error) {
	return c.releases.get(releaseID, catalogFresh, func() (jobstypes.Release, error) { return c.source.Release(ctx, releaseID) })
}

// ReleaseNow returns a release as it is, but for the last moment.
func (c *Catalog) ReleaseNow(ctx context.Context, releaseID uint64) (jobstypes.Release, error) {
	return c.releases.get(releaseID, revocationFresh/2, func() (jobstypes.Release, error) { return c.source.Release(ctx, releaseID) })
}

// IsBuilder says whether the chain trusts a builder; that it was taken off may be known a few seconds late.
func (c *Catalog) IsBuilder(ctx context.Context, builder string) (bool, error) {
	return c.builders.get(builder, catalogFresh, func() (bool, error) { return c.source.IsBuilder(ctx, builder) })
}

// memory keeps answers by key. One question is asked at a time, which is as fast as the chain answers anyway.
type memory[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]remembered[V]
}

type remembered[V any] struct {
	value V
	asked time.Time
}

func (m *memory[K, V]) get(key K, fresh time.Duration, ask func() (V, error)) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.values[key]; ok && time.Since(known.asked) < fresh {
		return known.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	if m.values == nil {
		m.values = map[K]remembered[V]{}
	}
	m.values[key] = remembered[V]{value, time.Now()}
	return value, nil
}
