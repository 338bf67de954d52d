package keeper

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// transaction is what counts of one.
type transaction struct {
	// payer is the owner whose own room it takes: of its fee granter, where it names
	// one, else of its fee payer.
	payer sdk.AccAddress
	// signer is the owner that all of its messages act for; nil if they have several
	// signers.
	signer    sdk.AccAddress
	msgs      []sdk.Msg
	need      types.Room
	simulated bool
}

// Charge counts a transaction against a room: the job's, where all of its messages
// are about one job and its signer is a node of it or applies to it, else the
// payer's own. ErrNoRoom says when it would pass; ErrBound that it moves coins whose
// room is in use. A simulation is never refused for want of room.
func (k *Keeper) Charge(ctx sdk.Context, raw sdk.Tx, simulated bool) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	tx, err := k.read(ctx, raw, simulated)
	if err != nil {
		return err
	}
	if k.onlyWithdraws(tx) {
		if err := k.checkWithdrawals(ctx, params, tx.msgs); err != nil {
			return err
		}
		return k.charge(ctx, params, tx)
	}
	if err := k.charge(ctx, params, tx); err != nil {
		return err
	}
	return k.checkWithdrawals(ctx, params, tx.msgs)
}

// charge finds the room that a transaction counts against.
func (k *Keeper) charge(ctx sdk.Context, params types.Params, tx transaction) error {
	fromJob := types.Never
	m, err := k.memberOf(ctx, tx)
	if err != nil {
		return err
	}
	if m.jobID != 0 {
		charged, passesMs, err := k.chargePot(ctx, params, tx, m)
		if err != nil || charged {
			return err
		}
		fromJob = passesMs
	}
	refused, err := k.chargeOwn(ctx, params, tx)
	if err != nil || !refused.isOne() {
		return err
	}
	refused.passesMs = earlier(refused.passesMs, fromJob)
	return refused.toError(ctx, tx.need)
}

// read finds out who pays for what.
func (k *Keeper) read(ctx context.Context, raw sdk.Tx, simulated bool) (transaction, error) {
	fee, ok := raw.(sdk.FeeTx)
	if !ok {
		return transaction{}, sdkerrors.ErrTxDecode.Wrap("the transaction does not say who pays")
	}
	payer := sdk.AccAddress(fee.FeeGranter())
	if len(payer) == 0 {
		payer = fee.FeePayer()
	}
	owner, err := k.reputation.Owner(ctx, payer)
	if err != nil {
		return transaction{}, err
	}
	tx := transaction{
		payer: owner,
		msgs:  raw.GetMsgs(),
		need: types.Room{
			Bytes: uint64(len(sdk.UnwrapSDKContext(ctx).TxBytes())),
			Gas:   min(fee.GetGas(), types.MaxRoom),
		},
		simulated: simulated,
	}
	signed, ok := raw.(authsigning.SigVerifiableTx)
	if !ok {
		return transaction{}, sdkerrors.ErrTxDecode.Wrap("the transaction does not say who signs")
	}
	signers, err := signed.GetSigners()
	if err != nil || len(signers) != 1 {
		return tx, err
	}
	if payer.Equals(sdk.AccAddress(signers[0])) { // almost always: one look-up less
		tx.signer = owner
		return tx, nil
	}
	tx.signer, err = k.reputation.Owner(ctx, signers[0])
	return tx, err
}

// memberOf finds the job whose room a transaction may use, job 0 if none: all of its
// messages are about that job, and it has one signer, who is
//   - an active node of the job;
//   - somebody who was a node and finishes what it accepted: every message is about
//     a request in which it has a place;
//   - an applicant: every message is an application.
func (k *Keeper) memberOf(ctx context.Context, tx transaction) (member, error) {
	if tx.signer == nil {
		return member{}, nil
	}
	m := member{account: tx.signer}
	applies := true
	var requests []uint64
	for i, msg := range tx.msgs {
		s, err := k.subjectOf(ctx, msg)
		if err != nil {
			return member{}, err
		}
		if s.jobID == 0 || (i > 0 && s.jobID != m.jobID) {
			return member{}, nil
		}
		m.jobID, applies, requests = s.jobID, applies && s.applies, append(requests, s.requestID)
	}
	active, err := k.reputation.IsActiveNode(ctx, m.jobID, m.account)
	if err != nil || active {
		return m, err
	}
	if applies {
		m.applies = true
		return m, nil
	}
	finishes, err := k.finishes(ctx, requests, m.account)
	if err != nil || !finishes {
		return member{}, err
	}
	return m, nil
}

// subject is what a message is about; request 0 is none.
type subject struct {
	jobID     uint64
	requestID uint64
	applies   bool
}

// subjectOf asks the modules that know the message.
func (k *Keeper) subjectOf(ctx context.Context, msg sdk.Msg) (subject, error) {
	jobID, requestID, err := k.jobs.JobOf(ctx, msg)
	if err != nil || jobID != 0 {
		return subject{jobID: jobID, requestID: requestID}, err
	}
	if allocate, ok := msg.(*types.MsgAllocateToJob); ok {
		return subject{jobID: allocate.JobId}, nil
	}
	jobID, applies, err := k.reputation.JobOf(ctx, msg)
	return subject{jobID: jobID, applies: applies}, err
}

// finishes says whether an account has a place in every request named, and every
// message names one.
func (k *Keeper) finishes(ctx context.Context, requests []uint64, account sdk.AccAddress) (bool, error) {
	if slices.Contains(requests, 0) {
		return false, nil
	}
	for _, id := range slices.Compact(requests) {
		has, err := k.jobs.HasPlace(ctx, id, account)
		if err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// refusal says why a transaction has no room, and when it would. The zero value is
// none.
type refusal struct {
	whose      string
	used, full types.Room
	// passesMs is the block time at which it would pass, or Never.
	passesMs int64
	// stake in uain with which it would pass now.
	stake math.Int
}

func (r refusal) isOne() bool { return r.whose != "" }

// earlier is the earlier of two times at which something passes.
func earlier(a, b int64) int64 {
	switch {
	case a == types.Never:
		return b
	case b == types.Never:
		return a
	}
	return min(a, b)
}

func (r refusal) toError(ctx context.Context, need types.Room) error {
	text := fmt.Sprintf("%d bytes and %d gas asked; the room %s is %d bytes and %d gas, of which %d and %d are in use",
		need.Bytes, need.Gas, r.whose, r.full.Bytes, r.full.Gas, r.used.Bytes, r.used.Gas)
	if r.passesMs == types.Never {
		return types.ErrNoRoom.Wrapf("%s; waiting does not help: a stake of %s uain has room for it", text, r.stake)
	}
	return types.ErrNoRoom.Wrapf("%s; would pass in %s, at %s; or at once with a stake of %s uain",
		text, wait(nowMs(ctx), r.passesMs), stamp(r.passesMs), r.stake)
}

// wait is the time from now to then as hours, minutes and seconds, rounded up.
func wait(now, then int64) string {
	seconds := (max(then-now, 0) + 999) / 1000
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// stamp is a block time as people write it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
