package daemontest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Connection is one daemon's way to the chain.
type Connection struct {
	chain *Chain
	down  atomic.Bool
	// LoseAnswers has transactions executed and their answers lost.
	LoseAnswers atomic.Bool
}

var _ daemon.Network = (*Connection)(nil)

// Connect returns a new way to the chain.
func (c *Chain) Connect() *Connection { return &Connection{chain: c} }

// SetDown cuts the connection, or restores it.
func (n *Connection) SetDown(down bool) { n.down.Store(down) }

var errDown = errors.New("connection refused")

func (n *Connection) ask(ctx context.Context, f func(s *state)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if n.down.Load() {
		return &client.ChainDownError{Endpoints: []string{"test"}, Err: errDown}
	}
	n.chain.read(f)
	return nil
}

// ChainID implements daemon.Network, as do all methods that follow.
func (n *Connection) ChainID() string { return ChainID }

// Watch wakes at every change, whatever the filters say.
func (n *Connection) Watch(ctx context.Context, _ ...string) <-chan struct{} {
	return n.chain.watch(ctx)
}

// Now is the chain clock.
func (n *Connection) Now(ctx context.Context) (now int64, err error) {
	err = n.ask(ctx, func(*state) { now = n.chain.now() })
	return now, err
}

// Build names a transaction, whose messages the chain keeps.
func (n *Connection) Build(ctx context.Context, key client.Key, msgs ...sdk.Msg) (client.Tx, error) {
	if err := n.ask(ctx, func(*state) {}); err != nil {
		return client.Tx{}, err
	}
	return n.chain.build(key.Address().String(), msgs)
}

// Send executes a transaction, once.
func (n *Connection) Send(ctx context.Context, tx client.Tx) (*client.Receipt, error) {
	if err := n.ask(ctx, func(*state) {}); err != nil {
		return nil, err
	}
	err := n.chain.execute(tx)
	n.chain.wake()
	if n.LoseAnswers.Load() {
		return nil, &client.ChainDownError{Endpoints: []string{"test"}, Err: errDown}
	}
	if err != nil {
		return nil, err
	}
	return &client.Receipt{Hash: tx.Hash, Height: 1}, nil
}

// Job returns a job.
func (n *Connection) Job(ctx context.Context, jobID uint64) (jobstypes.Job, error) {
	j, err := n.job(ctx, jobID)
	return j.Job, err
}

// SchemaOf returns the schema that all jobs have.
func (n *Connection) SchemaOf(ctx context.Context, jobID uint64) (jobstypes.StoredSchema, error) {
	j, err := n.job(ctx, jobID)
	return j.schema, err
}

// Terms returns the only version of a job's terms.
func (n *Connection) Terms(ctx context.Context, jobID, _ uint64) (jobstypes.TermsSpec, error) {
	j, err := n.job(ctx, jobID)
	return j.terms, err
}

func (n *Connection) job(ctx context.Context, jobID uint64) (found job, err error) {
	err = n.ask(ctx, func(s *state) {
		if j := s.jobs[jobID]; j != nil {
			found = *j
		}
	})
	if err == nil && found.Id == 0 {
		err = fmt.Errorf("job %s is unknown", daemon.JobID(jobID))
	}
	return found, err
}

// Params returns the only version of the params.
func (n *Connection) Params(ctx context.Context, _ uint64) (params jobstypes.Params, err error) {
	err = n.ask(ctx, func(*state) { params = n.chain.Params; params.DefaultWindows = n.chain.Windows })
	return params, err
}

// IsBuilder implements daemon.JobSource.
func (n *Connection) IsBuilder(ctx context.Context, builder string) (trusted bool, err error) {
	err = n.ask(ctx, func(s *state) { trusted = s.builders[builder] })
	return trusted, err
}

// Release returns a release.
func (n *Connection) Release(ctx context.Context, releaseID uint64) (found jobstypes.Release, err error) {
	err = n.ask(ctx, func(s *state) {
		for _, j := range s.jobs {
			if release, ok := j.releases[releaseID]; ok {
				found = release
			}
		}
	})
	if err == nil && found.Id == 0 {
		err = fmt.Errorf("release %d is unknown", releaseID)
	}
	return found, err
}

// Owner is the signer: there are no operators here.
func (n *Connection) Owner(ctx context.Context, signer string) (string, error) {
	return signer, n.ask(ctx, func(*state) {})
}

// Memberships lists an owner's nodes.
func (n *Connection) Memberships(ctx context.Context, owner string) (nodes []reputationtypes.NodeInfo, err error) {
	err = n.ask(ctx, func(s *state) {
		for _, node := range s.nodes {
			if node.Owner == owner {
				nodes = append(nodes, reputationtypes.NodeInfo{Node: node})
			}
		}
	})
	return nodes, err
}

// Applications lists undecided applications.
func (n *Connection) Applications(ctx context.Context, jobID uint64, admin, applicant string) (list []reputationtypes.Application, err error) {
	err = n.ask(ctx, func(s *state) {
		for _, a := range s.applications {
			if (jobID == 0 || a.JobId == jobID) && (admin == "" || a.Admin == admin) && (applicant == "" || a.Applicant == applicant) {
				list = append(list, a)
			}
		}
	})
	return list, err
}

// ReputationParams has a window short enough to see heartbeats in.
func (n *Connection) ReputationParams(ctx context.Context) (reputationtypes.Params, error) {
	params := reputationtypes.DefaultParams()
	params.RunningWindowMs = 300
	return params, n.ask(ctx, func(*state) {})
}

// Request returns a request and its assignments.
func (n *Connection) Request(ctx context.Context, requestID uint64) (found *jobstypes.Request, list []jobstypes.Assignment, err error) {
	err = n.ask(ctx, func(s *state) {
		if r := s.requests[requestID]; r != nil {
			copied := r.Request
			found, list = &copied, sorted(r.assignments)
		}
	})
	return found, list, err
}

// Checkpoints are what a worker has published.
func (n *Connection) Checkpoints(ctx context.Context, requestID uint64, worker string) (found jobstypes.Checkpoints, err error) {
	err = n.ask(ctx, func(s *state) {
		found = jobstypes.Checkpoints{RequestId: requestID, Worker: worker}
		if r := s.requests[requestID]; r != nil {
			found.Digests, found.Space = slices.Clone(r.checkpoints[worker].Digests), r.checkpoints[worker].Space
		}
	})
	return found, err
}

// Grant is a wrapped key.
func (n *Connection) Grant(ctx context.Context, requestID uint64, account string) (key []byte, err error) {
	err = n.ask(ctx, func(s *state) {
		if r := s.requests[requestID]; r != nil {
			key = r.grants[account]
		}
	})
	return key, err
}

// EncryptionKey is what an owner has stated.
func (n *Connection) EncryptionKey(ctx context.Context, owner string) (key string, err error) {
	err = n.ask(ctx, func(s *state) { key = s.keys[owner] })
	return key, err
}

// Openings lists what a role can accept, the oldest first.
func (n *Connection) Openings(ctx context.Context, jobID uint64, role program.Role) (list []jobstypes.Request, err error) {
	err = n.ask(ctx, func(s *state) {
		for _, r := range s.requests {
			if r.Spec.JobId == jobID && opening(r.Request) == role {
				list = append(list, r.Request)
			}
		}
	})
	slices.SortFunc(list, func(a, b jobstypes.Request) int { return int(a.Id) - int(b.Id) })
	return list, err
}

// Places lists an owner's places in unfinished requests.
func (n *Connection) Places(ctx context.Context, owner string) (places []jobstypes.Place, err error) {
	err = n.ask(ctx, func(s *state) {
		for _, r := range s.requests {
			if r.IsFinished() {
				continue
			}
			if r.Evaluator == owner {
				places = append(places, jobstypes.Place{Request: r.Request, Role: program.ROLE_EVALUATOR})
			}
			if pending := r.Pending(); pending != nil && pending.Resolver == owner {
				places = append(places, jobstypes.Place{Request: r.Request, Role: program.ROLE_ADMIN})
			}
			if a, ok := r.assignments[owner]; ok {
				places = append(places, jobstypes.Place{Request: r.Request, Role: program.ROLE_WORKER, Assignment: &a})
			}
		}
	})
	return places, err
}

// Rating is that of a node that was never ranked.
func (n *Connection) Rating(ctx context.Context, _ uint64, _ string) (rating int64, err error) {
	err = n.ask(ctx, func(*state) { rating = 1500 })
	return rating, err
}

// Stake is an owner's free stake.
func (n *Connection) Stake(ctx context.Context, owner string) (stake math.Int, err error) {
	err = n.ask(ctx, func(*state) { stake = n.chain.stake(owner) })
	return stake, err
}
