package simulation

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/bandwidth/types"
)

// roots are who allocates, and what they can see of their rooms.
type roots struct {
	rooms      types.QueryServer
	reputation types.ReputationKeeper
	jobs       types.JobsKeeper
}

// allocate sets what counts for a job: mostly more of the stake, now and then less, and sometimes what is refused.
func (r roots) allocate(ctx sdk.Context, d *simulation.Draw) (*types.MsgAllocateToJob, error) {
	ids, err := r.list(ctx)
	id := simulation.Pick(d, ids)
	if err != nil || id == nil {
		return nil, err
	}
	job, err := r.rooms.JobRoom(ctx, &types.QueryJobRoomRequest{JobId: *id})
	if err != nil {
		return nil, err
	}
	own, err := r.rooms.Room(ctx, &types.QueryRoomRequest{Account: job.Root})
	if err != nil || own.Owner != job.Root { // a root that became somebody's operator cannot act for itself
		return nil, err
	}
	msg := &types.MsgAllocateToJob{JobId: *id}
	msg.Signer, err = r.signer(ctx, d, job.Root)
	if err != nil || !d.Sign(msg.Signer) {
		return nil, err
	}
	spare := math.MaxInt(own.Stake.Sub(own.Allocated).Sub(own.Bound), math.ZeroInt())
	switch {
	case d.Often(10):
		msg.Amount = job.Allocated.AddRaw(1)
		return msg, r.stranger(ctx, d, msg, job.Root)
	case d.Often(10):
		msg.Amount = job.Allocated.Add(spare).AddRaw(1)
		d.Expect(types.ErrBound)
	case job.Bound.IsPositive() && job.Bound.LTE(job.Allocated) && d.Often(20):
		msg.Amount = job.Bound.SubRaw(1)
		d.Expect(types.ErrBound)
	case job.State.Used.IsZero() && d.Often(20):
		// The transaction itself may use the room that is there.
		msg.Amount = job.Allocated.AddRaw(1).QuoRaw(2)
		if covers, err := r.covers(ctx, msg.Amount); err != nil || !covers {
			return nil, err
		}
	default:
		msg.Amount = job.Allocated.Add(spare.MulRaw(int64(d.IntInRange(1, 40))).QuoRaw(100))
	}
	return msg, nil
}

// mostTaken is more than any transaction of the runner takes.
var mostTaken = types.Room{Bytes: 2_000, Gas: 20_000_000}

// covers says whether coins give room for one transaction of the runner.
func (r roots) covers(ctx sdk.Context, amount math.Int) (bool, error) {
	answer, err := r.rooms.Params(ctx, &types.QueryParamsRequest{})
	if err != nil {
		return false, err
	}
	return answer.Params.CoinsFor(mostTaken, types.Room{}).LTE(amount), nil
}

// list returns the jobs there are. Their numbers have no gaps.
func (r roots) list(ctx sdk.Context) (ids []uint64, _ error) {
	for id := uint64(1); ; id++ {
		root, err := r.jobs.Root(ctx, id)
		if err != nil || root == nil {
			return ids, err
		}
		ids = append(ids, id)
	}
}

// signer is a root or its operator.
func (r roots) signer(ctx sdk.Context, d *simulation.Draw, root string) (string, error) {
	var acting []string
	for _, account := range d.Accounts() {
		owner, err := r.owner(ctx, account)
		if err != nil {
			return "", err
		}
		if owner == root {
			acting = append(acting, account)
		}
	}
	if signer := simulation.Pick(d, acting); signer != nil {
		return *signer, nil
	}
	return "", nil
}

// stranger has somebody sign who does not act for the root.
func (r roots) stranger(ctx sdk.Context, d *simulation.Draw, msg *types.MsgAllocateToJob, root string) error {
	msg.Signer = *simulation.Pick(d, d.Accounts())
	d.Sign(msg.Signer)
	owner, err := r.owner(ctx, msg.Signer)
	switch {
	case err != nil:
		return err
	case owner != root:
		d.Expect(types.ErrNotRoot)
	default:
		msg.Amount = math.NewInt(-1)
		d.Expect(types.ErrInvalidAmount)
	}
	return nil
}

func (r roots) owner(ctx sdk.Context, account string) (string, error) {
	address, err := types.ParseAddress("account", account)
	if err != nil {
		return "", err
	}
	owner, err := r.reputation.Owner(ctx, address)
	return owner.String(), err
}
