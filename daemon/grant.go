package daemon

import (
	"context"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Grant is what one run may use of this machine. Zero is what the owner's limits say; GPUs are none.
type Grant struct {
	MemoryBytes, DiskBytes, CPUMillis int64
	GPUs                              []program.GPU
}

// NewGrant is what a run of the job's worker program gets: what the job's terms say that it needs, or more where the request asks for more.
// Of what the terms say nothing about it gets all that the owner allows: else whoever orders could starve it.
func NewGrant(terms, request program.Capability) (Grant, error) {
	all, err := jobstypes.MergeRequirements(terms, request)
	if err != nil {
		return Grant{}, err
	}
	stated := func(inTerms, needed uint64) int64 {
		if inTerms == 0 {
			return 0
		}
		return int64(needed) // the chain bounds it
	}
	return Grant{
		MemoryBytes: stated(terms.MemoryBytes, all.MemoryBytes), DiskBytes: stated(terms.DiskBytes, all.DiskBytes),
		CPUMillis: stated(terms.CPUMillis, all.CPUMillis), GPUs: all.GPUs,
	}, nil
}

// within is the grant as a run's limits: of it and the owner's limits the smaller ones.
func (g Grant) within(l Limits) sandbox.Limits {
	return sandbox.Limits{
		MemoryBytes: smaller(g.MemoryBytes, int64(l.Memory)), DiskBytes: smaller(g.DiskBytes, int64(l.Disk)), CPUMillis: g.CPUMillis,
		OutputBytes: int64(l.Output), LogBytes: int64(l.Log),
	}
}

// smaller of what is asked for, 0 for nothing, and a limit.
func smaller(asked, limit int64) int64 {
	if asked == 0 {
		return limit
	}
	return min(asked, limit)
}

// Needed is all that a request asks of a worker: by the job's terms, and beyond them.
func (k *Kit) Needed(ctx context.Context, request jobstypes.Request) (program.Capability, error) {
	terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil {
		return program.Capability{}, err
	}
	return jobstypes.MergeRequirements(terms.Requirement, request.Spec.Requirement)
}
