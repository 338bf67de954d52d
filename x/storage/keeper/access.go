package keeper

import (
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// Reasons of an answer about access, in words for people and gateways' logs.
const (
	reasonOwner       = "is the owner"
	reasonEverybody   = "everybody may"
	reasonJob         = "is an active node of the job"
	reasonListed      = "is listed"
	reasonParticipant = "takes part in a request that names it"
	reasonNone        = "no rule lets the account in"
)

// access says whether an account may read and write a space. Without a digest, to read is to list.
func (k *Keeper) access(ctx context.Context, id uint64, account sdk.AccAddress, digest string) (*types.QueryAccessResponse, error) {
	space, now, err := k.space(ctx, id)
	if err != nil {
		return nil, err
	}
	acting, err := k.reputation.Owner(ctx, account)
	if err != nil {
		return nil, err
	}
	answer := &types.QueryAccessResponse{
		ExpiresMs: space.ExpiresMs, KeepUntilMs: space.KeepUntilMs, SizeBytes: space.SizeBytes, Owner: space.Owner, Provider: space.Provider,
		Reason: reasonNone, Acting: acting.String(),
	}
	if space.Live(now) {
		reason, err := k.lets(ctx, space, space.Write, acting)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			answer.Write, answer.Reason = true, reason
		}
	}
	if err := k.reads(ctx, space, acting, digest, answer); err != nil {
		return nil, err
	}
	answer.Needed = space.Needs > 0
	if answer.Needed && digest != "" {
		answer.Needed, err = k.jobs.NeedsContent(ctx, space.Id, digest)
	}
	return answer, err
}

// reads says in the answer whether an account may read, and why. Who names content of a space shares what it has put there
// itself; the owner of the space, all of it.
func (k *Keeper) reads(ctx context.Context, space types.Space, account sdk.AccAddress, digest string, answer *types.QueryAccessResponse) error {
	reason, err := k.lets(ctx, space, space.Read, account)
	if err != nil {
		return err
	}
	if reason == "" && space.Read.Kind == types.ACCESS_KIND_PARTICIPANTS && digest != "" {
		namers, err := k.jobs.Reads(ctx, space.Id, space.Owner, digest, account)
		if err != nil {
			return err
		}
		if len(namers) > 0 {
			reason = reasonParticipant
		}
		if !slices.Contains(namers, space.Owner) {
			answer.NamedBy = namers
		}
	}
	if reason != "" {
		answer.Read, answer.Reason = true, reason
	}
	return nil
}

// lets says why a rule lets an account in, whatever the content is; empty: it does not.
func (k *Keeper) lets(ctx context.Context, space types.Space, rule types.AccessRule, account sdk.AccAddress) (string, error) {
	if account.String() == space.Owner {
		return reasonOwner, nil
	}
	switch rule.Kind {
	case types.ACCESS_KIND_EVERYBODY:
		return reasonEverybody, nil
	case types.ACCESS_KIND_JOB:
		if active, err := k.reputation.IsActiveNode(ctx, rule.JobId, account); err != nil || !active {
			return "", err
		}
		return reasonJob, nil
	case types.ACCESS_KIND_LISTED:
		for _, listed := range rule.Accounts {
			if listed == account.String() {
				return reasonListed, nil
			}
		}
	}
	return "", nil
}
