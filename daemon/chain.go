package daemon

import (
	"context"
	"fmt"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Chain asks the chain in the words that daemons use. Lists are complete: it turns the pages. What does not exist is nil
// where a method says so, and otherwise an error.
type Chain struct{ *client.Client }

// pageSize is what is asked for at once; the chain may give less.
const pageSize = 100

// Job returns a job as it is now.
func (c Chain) Job(ctx context.Context, jobID uint64) (jobstypes.Job, error) {
	res, err := c.Jobs().Job(ctx, &jobstypes.QueryJobRequest{JobId: jobID})
	if err != nil {
		return jobstypes.Job{}, fmt.Errorf("ask for job %s: %w", JobID(jobID), err)
	}
	return res.Job, nil
}

// SchemaOf returns the compiled schema of a job, which never changes.
func (c Chain) SchemaOf(ctx context.Context, jobID uint64) (jobstypes.StoredSchema, error) {
	res, err := c.Jobs().Schema(ctx, &jobstypes.QuerySchemaRequest{JobId: jobID})
	if err != nil {
		return jobstypes.StoredSchema{}, fmt.Errorf("ask for the schema of job %s: %w", JobID(jobID), err)
	}
	return res.Schema, nil
}

// Terms returns a version of a job's terms.
func (c Chain) Terms(ctx context.Context, jobID, version uint64) (jobstypes.TermsSpec, error) {
	res, err := c.Jobs().Terms(ctx, &jobstypes.QueryTermsRequest{JobId: jobID, Version: version})
	if err != nil {
		return jobstypes.TermsSpec{}, fmt.Errorf("ask for terms %d of job %s: %w", version, JobID(jobID), err)
	}
	return res.Terms.Spec, nil
}

// Params returns a version of the params of x/jobs.
func (c Chain) Params(ctx context.Context, version uint64) (jobstypes.Params, error) {
	res, err := c.Jobs().Params(ctx, &jobstypes.QueryParamsRequest{Version: version})
	if err != nil {
		return jobstypes.Params{}, fmt.Errorf("ask for params %d: %w", version, err)
	}
	return res.Params.Params, nil
}

// Release returns a release as it is now: it may be revoked later.
func (c Chain) Release(ctx context.Context, releaseID uint64) (jobstypes.Release, error) {
	res, err := c.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: releaseID})
	if err != nil {
		return jobstypes.Release{}, fmt.Errorf("ask for release %d: %w", releaseID, err)
	}
	return res.Release, nil
}

// IsBuilder says whether the chain trusts a builder.
func (c Chain) IsBuilder(ctx context.Context, builder string) (bool, error) {
	_, err := c.Jobs().Builder(ctx, &jobstypes.QueryBuilderRequest{Builder: builder})
	if client.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for builder %s: %w", builder, err)
	}
	return true, nil
}

// Request returns a request and its assignments; nil if there is none, or no more.
func (c Chain) Request(ctx context.Context, requestID uint64) (*jobstypes.Request, []jobstypes.Assignment, error) {
	res, err := c.Jobs().Request(ctx, &jobstypes.QueryRequestRequest{RequestId: requestID})
	if client.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("ask for request %d: %w", requestID, err)
	}
	return &res.Request, res.Assignments, nil
}

// Checkpoints returns the digests of states that a worker has published, none if it has published nothing.
func (c Chain) Checkpoints(ctx context.Context, requestID uint64, worker string) (jobstypes.Checkpoints, error) {
	res, err := c.Jobs().Checkpoints(ctx, &jobstypes.QueryCheckpointsRequest{RequestId: requestID, Worker: worker})
	if err != nil {
		return jobstypes.Checkpoints{}, fmt.Errorf("ask for checkpoints of %s in request %d: %w", worker, requestID, err)
	}
	return res.Checkpoints, nil
}

// Openings lists the requests of a job that a role can still accept.
func (c Chain) Openings(ctx context.Context, jobID uint64, role program.Role) ([]jobstypes.Request, error) {
	var all []jobstypes.Request
	err := pages(func(page *query.PageRequest) (*query.PageResponse, error) {
		res, err := c.Jobs().Openings(ctx, &jobstypes.QueryOpeningsRequest{JobId: jobID, Role: role, Pagination: page})
		if err != nil {
			return nil, err
		}
		all = append(all, res.Requests...)
		return res.Pagination, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for openings of job %s: %w", JobID(jobID), err)
	}
	return all, nil
}

// Places lists an owner's places in unfinished requests.
func (c Chain) Places(ctx context.Context, owner string) ([]jobstypes.Place, error) {
	var all []jobstypes.Place
	err := pages(func(page *query.PageRequest) (*query.PageResponse, error) {
		res, err := c.Jobs().Assignments(ctx, &jobstypes.QueryAssignmentsRequest{Node: owner, Pagination: page})
		if err != nil {
			return nil, err
		}
		all = append(all, res.Places...)
		return res.Pagination, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for places of %s: %w", owner, err)
	}
	return all, nil
}

// Owner returns the owner that a signer acts for: itself, unless it is somebody's operator.
func (c Chain) Owner(ctx context.Context, signer string) (string, error) {
	res, err := c.Reputation().Profile(ctx, &reputationtypes.QueryProfileRequest{Address: signer})
	if client.IsNotFound(err) {
		return signer, nil
	}
	if err != nil {
		return "", fmt.Errorf("ask for the profile of %s: %w", signer, err)
	}
	if res.Profile.Operator == signer && res.Profile.Owner != "" {
		return res.Profile.Owner, nil
	}
	return signer, nil
}

// EncryptionKey is what an owner has stated that data is encrypted to for it; empty: nothing.
func (c Chain) EncryptionKey(ctx context.Context, owner string) (string, error) {
	res, err := c.Reputation().Profile(ctx, &reputationtypes.QueryProfileRequest{Address: owner})
	if client.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ask for the profile of %s: %w", owner, err)
	}
	return res.Profile.EncryptionKey, nil
}

// Grant is the wrapped key that a request's client granted an account; nil: none.
func (c Chain) Grant(ctx context.Context, requestID uint64, account string) (key []byte, err error) {
	err = pages(func(page *query.PageRequest) (*query.PageResponse, error) {
		res, err := c.Jobs().Grants(ctx, &jobstypes.QueryGrantsRequest{RequestId: requestID, Pagination: page})
		if err != nil {
			return nil, err
		}
		for _, grant := range res.Grants {
			if grant.Account == account {
				key = grant.Key
				return nil, nil
			}
		}
		return res.Pagination, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the keys of request %d: %w", requestID, err)
	}
	return key, nil
}

// Node returns an owner's node in a job's tree; nil if it is none.
func (c Chain) Node(ctx context.Context, jobID uint64, owner string) (*reputationtypes.NodeInfo, error) {
	res, err := c.Reputation().Node(ctx, &reputationtypes.QueryNodeRequest{JobId: jobID, Owner: owner})
	if client.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for node %s of job %s: %w", owner, JobID(jobID), err)
	}
	return &res.Node, nil
}

// Memberships lists the nodes that an owner is.
func (c Chain) Memberships(ctx context.Context, owner string) ([]reputationtypes.NodeInfo, error) {
	var all []reputationtypes.NodeInfo
	err := pages(func(page *query.PageRequest) (*query.PageResponse, error) {
		res, err := c.Reputation().Memberships(ctx, &reputationtypes.QueryMembershipsRequest{Owner: owner, Pagination: page})
		if err != nil {
			return nil, err
		}
		all = append(all, res.Nodes...)
		return res.Pagination, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the jobs of %s: %w", owner, err)
	}
	return all, nil
}

// Applications lists undecided applications; an empty admin or applicant and job 0 mean any.
func (c Chain) Applications(ctx context.Context, jobID uint64, admin, applicant string) ([]reputationtypes.Application, error) {
	var all []reputationtypes.Application
	err := pages(func(page *query.PageRequest) (*query.PageResponse, error) {
		res, err := c.Reputation().Applications(ctx, &reputationtypes.QueryApplicationsRequest{
			JobId: jobID, Admin: admin, Applicant: applicant, Pagination: page,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, res.Applications...)
		return res.Pagination, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for applications: %w", err)
	}
	return all, nil
}

// ReputationParams returns the params of x/reputation.
func (c Chain) ReputationParams(ctx context.Context) (reputationtypes.Params, error) {
	res, err := c.Reputation().Params(ctx, &reputationtypes.QueryParamsRequest{})
	if err != nil {
		return reputationtypes.Params{}, fmt.Errorf("ask for params of x/reputation: %w", err)
	}
	return res.Params, nil
}

// Rating is a node's Elo rating in a job, in points.
func (c Chain) Rating(ctx context.Context, jobID uint64, owner string) (int64, error) {
	res, err := c.Reputation().Score(ctx, &reputationtypes.QueryScoreRequest{JobId: jobID, Owner: owner})
	if err != nil {
		return 0, fmt.Errorf("ask for the score of %s: %w", owner, err)
	}
	return res.Rating, nil
}

// Stake returns an owner's free stake in uain; zero if it has none.
func (c Chain) Stake(ctx context.Context, owner string) (math.Int, error) {
	res, err := c.Escrow().Account(ctx, &escrowtypes.QueryAccountRequest{Owner: owner})
	if client.IsNotFound(err) {
		return math.ZeroInt(), nil
	}
	if err != nil {
		return math.Int{}, fmt.Errorf("ask for the stake of %s: %w", owner, err)
	}
	return res.Account.Stake, nil
}

// pages calls ask until there is no next page.
func pages(ask func(*query.PageRequest) (*query.PageResponse, error)) error {
	page := &query.PageRequest{Limit: pageSize}
	for {
		res, err := ask(page)
		if err != nil {
			return err
		}
		if res == nil || len(res.NextKey) == 0 {
			return nil
		}
		page = &query.PageRequest{Key: res.NextKey, Limit: pageSize}
	}
}
