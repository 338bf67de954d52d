package statemachine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const (
	// Wealth of every account, in uain; nodes put half of it at stake.
	Wealth = 100_000_000_000
	// Batch is how many messages a transaction holds where speed does not matter.
	Batch = 100
)

// Job is a job with its nodes.
type Job struct {
	*Chain
	ID                          uint64
	Root                        client.Key
	Admins, Evaluators, Workers []client.Key
	Clients                     []client.Key
}

// Cast says how many take part in a job. Admins stand below each other, the first below the root, and evaluators and
// workers below the last.
type Cast struct{ Clients, Admins, Evaluators, Workers int }

// OpenJob starts a chain with a job whose windows are given, and its nodes.
func OpenJob(ctx context.Context, windows jobstypes.Windows, cast Cast) (*Job, error) {
	j := &Job{
		Root: client.GenerateKey(), Admins: keys(cast.Admins), Evaluators: keys(cast.Evaluators), Workers: keys(cast.Workers),
		Clients: keys(cast.Clients),
	}
	all := slices.Concat([]client.Key{j.Root}, j.Admins, j.Evaluators, j.Workers, j.Clients)
	var err error
	if j.Chain, err = Open(Config{Accounts: all, Coins: Wealth}); err != nil {
		return nil, err
	}
	if j.ID, err = j.Register(ctx, windows); err == nil {
		err = j.hire()
	}
	if err != nil {
		return nil, fmt.Errorf("set the job up: %w", errors.Join(err, j.Close()))
	}
	return j, nil
}

func keys(count int) []client.Key {
	made := make([]client.Key, count)
	for i := range made {
		made[i] = client.GenerateKey()
	}
	return made
}

// Register makes one more job of the same root, without nodes.
func (j *Job) Register(ctx context.Context, windows jobstypes.Windows) (uint64, error) {
	msg, err := market.Register(ctx, j.Root, windows)
	if err != nil {
		return 0, err
	}
	answers, err := j.Do(j.Root, msg)
	if err != nil {
		return 0, err
	}
	return market.JobID(answers)
}

func (j *Job) hire() error {
	admin := j.Root
	for _, next := range j.Admins {
		if err := j.join(admin, program.ROLE_ADMIN, next); err != nil {
			return err
		}
		admin = next
	}
	for _, key := range j.Evaluators {
		if err := j.join(admin, program.ROLE_EVALUATOR, key); err != nil {
			return err
		}
	}
	for _, key := range j.Workers {
		if err := j.join(admin, program.ROLE_WORKER, key); err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) join(admin client.Key, role program.Role, key client.Key) error {
	application, err := market.Apply(ChainID, j.ID, key, role, admin.Address().String(), Wealth/2)
	if err != nil {
		return err
	}
	answers, err := j.Do(key, application...)
	if err != nil {
		return err
	}
	id, err := market.ApplicationID(answers)
	if err != nil {
		return err
	}
	_, err = j.Do(admin, &reputationtypes.MsgApproveNode{Signer: admin.Address().String(), ApplicationId: id})
	return err
}

// Order has requests made, many in a transaction, and returns their ids.
func (j *Job) Order(job uint64, customer client.Key, workers, requests int) ([]uint64, error) {
	var ids []uint64
	for some := range slices.Chunk(market.Orders(job, customer, workers, requests), Batch) {
		answers, err := j.Do(customer, some...)
		if err != nil {
			return nil, err
		}
		ordered, err := market.RequestIDs(answers)
		if err != nil {
			return nil, err
		}
		ids = append(ids, ordered...)
	}
	return ids, nil
}

// Life of the next requests: client, evaluator and workers take turns by n.
func (j *Job) Life(n, workers int) (*market.Life, error) {
	hired := make([]client.Key, workers)
	for i := range hired {
		hired[i] = j.Workers[(n*workers+i)%len(j.Workers)]
	}
	return market.NewLife(ChainID, j.ID, j.Clients[n%len(j.Clients)], j.Evaluators[n%len(j.Evaluators)], hired)
}
