package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	collcodec "cosmossdk.io/collections/codec"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// operatorIndex finds the owner that an operator serves. It differs from a unique
// index in that most profiles have no operator and so no entry.
type operatorIndex struct {
	owners collections.Map[sdk.AccAddress, sdk.AccAddress]
}

var _ collections.Index[sdk.AccAddress, types.Profile] = operatorIndex{}

func newOperatorIndex(sb *collections.SchemaBuilder) operatorIndex {
	return operatorIndex{owners: collections.NewMap(sb, types.OwnersByOperatorPrefix, "owners_by_operator",
		sdk.AccAddressKey, collcodec.KeyToValueCodec(sdk.AccAddressKey))}
}

// Reference implements collections.Index.
func (i operatorIndex) Reference(ctx context.Context, owner sdk.AccAddress, profile types.Profile, old func() (types.Profile, error)) error {
	if err := i.Unreference(ctx, owner, old); err != nil {
		return err
	}
	if profile.Operator == "" {
		return nil
	}
	operator, err := types.ParseAddress("operator", profile.Operator)
	if err != nil {
		return err
	}
	if other, err := i.owners.Get(ctx, operator); err == nil {
		return types.ErrInvalidOperator.Wrapf("operator %s serves %s already", operator, other)
	} else if !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	return i.owners.Set(ctx, operator, owner)
}

// Unreference implements collections.Index.
func (i operatorIndex) Unreference(ctx context.Context, _ sdk.AccAddress, old func() (types.Profile, error)) error {
	profile, err := old()
	if errors.Is(err, collections.ErrNotFound) || (err == nil && profile.Operator == "") {
		return nil
	}
	if err != nil {
		return err
	}
	operator, err := types.ParseAddress("operator", profile.Operator)
	if err != nil {
		return err
	}
	return i.owners.Remove(ctx, operator)
}

// Owner returns the account that a signer acts for: an operator's owner, else the
// signer itself.
func (k *Keeper) Owner(ctx context.Context, signer sdk.AccAddress) (sdk.AccAddress, error) {
	owner, err := k.profiles.Indexes.Operator.owners.Get(ctx, signer)
	if errors.Is(err, collections.ErrNotFound) {
		return signer, nil
	}
	return owner, err
}

// Operator returns the key that signs for an owner, nil if it named none.
func (k *Keeper) Operator(ctx context.Context, owner sdk.AccAddress) (sdk.AccAddress, error) {
	profile, err := k.profile(ctx, owner)
	if err != nil || profile.Operator == "" {
		return nil, err
	}
	return types.ParseAddress("operator", profile.Operator)
}

// SetOperator names the hot key that may sign for owner; nil removes it. The
// caller has verified the operator's consent.
func (k *Keeper) SetOperator(ctx context.Context, owner, operator sdk.AccAddress) error {
	profile, err := k.profile(ctx, owner)
	if err != nil {
		return err
	}
	if profile.Operator == operator.String() {
		return nil
	}
	if !operator.Empty() {
		if err := k.checkOperator(ctx, owner, operator); err != nil {
			return err
		}
	}
	profile.Operator = operator.String()
	if err := k.setProfile(ctx, owner, profile); err != nil {
		return err
	}
	return emit(ctx, &types.EventOperatorSet{Owner: profile.Owner, Operator: profile.Operator})
}

// checkOperator keeps owners and operators apart, so that one look-up says whom a
// signer acts for: no chains, and nobody's own node is spoken for by another.
func (k *Keeper) checkOperator(ctx context.Context, owner, operator sdk.AccAddress) error {
	if serves, err := k.Owner(ctx, owner); err != nil {
		return err
	} else if !serves.Equals(owner) {
		return types.ErrInvalidOperator.Wrapf("owner %s is itself the operator of %s; sign with that account", owner, serves)
	}
	if serves, err := k.Owner(ctx, operator); err != nil {
		return err
	} else if !serves.Equals(operator) {
		return types.ErrInvalidOperator.Wrapf("operator %s serves %s already; name another key", operator, serves)
	}
	if theirs, err := k.Operator(ctx, operator); err != nil {
		return err
	} else if theirs != nil {
		return types.ErrInvalidOperator.Wrapf("operator %s is an owner with operator %s; name another key", operator, theirs)
	}
	if member, err := k.isNodeAnywhere(ctx, operator); err != nil {
		return err
	} else if member {
		return types.ErrInvalidOperator.Wrapf("operator %s is itself a node; name another key", operator)
	}
	return nil
}

// SetEncryptionKey states the age recipient that data for owner is encrypted to;
// empty removes it.
func (k *Keeper) SetEncryptionKey(ctx context.Context, owner sdk.AccAddress, key string) error {
	profile, err := k.profile(ctx, owner)
	if err != nil || profile.EncryptionKey == key {
		return err
	}
	profile.EncryptionKey = key
	if err := k.setProfile(ctx, owner, profile); err != nil {
		return err
	}
	return emit(ctx, &types.EventEncryptionKeySet{Owner: profile.Owner, EncryptionKey: key})
}

// EncryptionKey is the age recipient that data for owner is encrypted to; empty: none.
func (k *Keeper) EncryptionKey(ctx context.Context, owner sdk.AccAddress) (string, error) {
	profile, err := k.profile(ctx, owner)
	return profile.EncryptionKey, err
}

// profile returns what an owner states, an empty profile if nothing.
func (k *Keeper) profile(ctx context.Context, owner sdk.AccAddress) (types.Profile, error) {
	profile, err := k.profiles.Get(ctx, owner)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Profile{Owner: owner.String()}, nil
	}
	return profile, err
}

// setProfile keeps no record of a profile that states nothing.
func (k *Keeper) setProfile(ctx context.Context, owner sdk.AccAddress, profile types.Profile) error {
	if !profile.IsEmpty() {
		return k.profiles.Set(ctx, owner, profile)
	}
	return k.profiles.Remove(ctx, owner)
}
