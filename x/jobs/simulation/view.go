package simulation

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// view is the state that a message is drawn from.
type view struct {
	*simulation.Draw
	market
	ctx   sdk.Context
	state *types.GenesisState
	now   int64
	err   error // the first that a keeper returned
}

// message makes a factory of a drawing from the module's state.
func message[M any, T interface {
	*M
	sdk.Msg
}](m market, draw func(v *view) T) simsx.SimMsgFactoryX {
	return simulation.Message(func(ctx sdk.Context, d *simulation.Draw) (T, error) {
		state, err := m.keeper.ExportGenesis(ctx)
		if err != nil {
			return nil, err
		}
		v := &view{Draw: d, market: m, ctx: ctx, state: state, now: state.Clock.NowMs}
		msg := draw(v)
		return msg, v.err
	})
}

// address reads an address of the state. One that cannot be read fails the run.
func (v *view) address(account string) sdk.AccAddress {
	address, err := types.ParseAddress("account", account)
	v.note(err)
	return address
}

func (v *view) note(err error) {
	if v.err == nil {
		v.err = err
	}
}

// operator signs for an owner; empty: nobody does.
func (v *view) operator(owner string) string {
	operator, err := v.reputation.Operator(v.ctx, v.address(owner))
	v.note(err)
	return operator.String()
}

// isOwner tells whether an account acts for itself.
func (v *view) isOwner(account string) bool {
	owner, err := v.reputation.Owner(v.ctx, v.address(account))
	v.note(err)
	return owner.String() == account
}

// sign has an owner or its operator sign, and says who.
func (v *view) sign(owner string) string {
	signer := owner
	if operator := v.operator(owner); operator != "" && v.Bool() {
		signer = operator
	}
	v.Sign(signer)
	return signer
}

func (v *view) stake(owner string) math.Int {
	stake, err := v.stakes.Stake(v.ctx, v.address(owner))
	v.note(err)
	return stake
}

// owners are the accounts that act for themselves.
func (v *view) owners() []string { return simulation.Filter(v.Accounts(), v.isOwner) }

func (v *view) params() types.Params { return v.state.Params[len(v.state.Params)-1].Params }

// paramsOf are those that a request was made with.
func (v *view) paramsOf(r types.Request) types.Params {
	return v.state.Params[r.ParamsVersion-1].Params
}

// newestTerms are those that the next request is made with.
func (v *view) newestTerms(job types.Job) types.TermsSpec {
	return v.termsOf(types.Request{Spec: types.RequestSpec{JobId: job.Id}, TermsVersion: job.TermsVersion})
}

// termsOf are those that a request was made with.
func (v *view) termsOf(r types.Request) types.TermsSpec {
	i := slices.IndexFunc(v.state.Terms, func(t types.Terms) bool {
		return t.JobId == r.Spec.JobId && t.Version == r.TermsVersion
	})
	if i < 0 {
		v.note(fmt.Errorf("request %d: its terms are missing", r.Id))
		return types.TermsSpec{}
	}
	return v.state.Terms[i].Spec
}

// request is one in a state that passes, whose phase is not over; nil: there is none. Clients that have become somebody's
// operator act for another now, and their requests are left to time.
func (v *view) request(pass func(r types.Request) bool) *types.Request {
	return simulation.Pick(v.Draw, simulation.Filter(v.state.Requests, func(r types.Request) bool {
		return !r.IsFinished() && r.DeadlineMs > v.now && pass(r) && v.isOwner(r.Client)
	}))
}

// workers are a request's assignments that pass.
func (v *view) workers(request uint64, pass func(a types.Assignment) bool) []types.Assignment {
	return simulation.Filter(v.state.Assignments, func(a types.Assignment) bool { return a.RequestId == request && pass(a) })
}

func anyWorker(types.Assignment) bool { return true }

// dice is a number from 0 to 99 that is the same whenever these parts are asked about.
func dice(parts ...any) int {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	return int(binary.BigEndian.Uint32(sum[:]) % 100)
}
