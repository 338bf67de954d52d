package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// addBuilder is the message that a rule has to be about for listed accounts to name builders.
var addBuilder = sdk.MsgTypeURL(&types.MsgAddBuilder{})

// AddBuilder has the chain trust a builder's word from now on.
func (k *Keeper) AddBuilder(ctx context.Context, by sdk.AccAddress, m *types.MsgAddBuilder) error {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return err
	}
	if err := m.Validate(params); err != nil {
		return err
	}
	if err := k.checkRegistrar(ctx, by, "adds"); err != nil {
		return err
	}
	builder, err := types.ParseAddress("builder", m.Builder)
	if err != nil {
		return err
	}
	if there, err := k.builders.Has(ctx, builder); err != nil {
		return err
	} else if there {
		return types.ErrInvalid.Wrapf("builder: %s is trusted since before; remove it first to give it another name", builder)
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	if err := k.builders.Set(ctx, builder, types.Builder{Address: builder.String(), Name: m.Name, AddedMs: now}); err != nil {
		return err
	}
	return emit(ctx, &types.EventBuilderAdded{Builder: builder.String(), Name: m.Name, By: by.String()})
}

// RemoveBuilder ends that trust. What was published with its word stays published:
// nobody may be stopped in what was begun. Owners whose policy wants a trusted
// builder take on nothing new with it.
func (k *Keeper) RemoveBuilder(ctx context.Context, by sdk.AccAddress, m *types.MsgRemoveBuilder) error {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return err
	}
	if err := m.Validate(params); err != nil {
		return err
	}
	builder, err := types.ParseAddress("builder", m.Builder)
	if err != nil {
		return err
	}
	if !by.Equals(builder) {
		if err := k.checkRegistrar(ctx, by, "removes"); err != nil {
			return err
		}
	}
	if err := k.checkTrusted(ctx, "builder", builder); err != nil {
		return err
	}
	if err := k.builders.Remove(ctx, builder); err != nil {
		return err
	}
	return emit(ctx, &types.EventBuilderRemoved{Builder: builder.String(), Reason: m.Reason, By: by.String()})
}

// IsRegistrar says whether an account may name builders.
func (k *Keeper) IsRegistrar(ctx context.Context, account sdk.AccAddress) (bool, error) {
	if account.String() == k.authority {
		return true, nil
	}
	return k.rights.IsListed(ctx, addBuilder, account)
}

// checkRegistrar: the chain's authority names builders, and whom a rule lists. That
// nobody is kept from a message without a rule does not make everybody a registrar.
func (k *Keeper) checkRegistrar(ctx context.Context, by sdk.AccAddress, does string) error {
	may, err := k.IsRegistrar(ctx, by)
	if err == nil && !may {
		err = types.ErrUnauthorized.Wrapf("%s %s a builder; only %s may, and whom a rule about %s lists", by, does, k.authority, addBuilder)
	}
	return err
}

func (k *Keeper) checkTrusted(ctx context.Context, field string, builder sdk.AccAddress) error {
	trusted, err := k.builders.Has(ctx, builder)
	if err == nil && !trusted {
		err = types.ErrBuilder.Wrapf("%s: %s is not among the chain's builders; list them: `aind query jobs builders`", field, builder)
	}
	return err
}

// checkAttested verifies what a builder says of a release that is being published,
// and, where params ask for it, that the chain trusts the builder now.
func (k *Keeper) checkAttested(ctx context.Context, spec types.ReleaseSpec) error {
	if err := types.VerifyProvenance(spec); err != nil {
		return err
	}
	_, params, err := k.currentParams(ctx)
	if err != nil || !params.RequireAttestation {
		return err
	}
	if spec.Provenance == nil {
		return types.ErrAttestation.Wrapf("release %s: none, and this chain asks for a trusted builder's (build it with `aind build`, publish it with --attestation)", spec.Version)
	}
	builder, err := types.ParseAddress("release.provenance.signature.signer", spec.Provenance.Signature.Signer)
	if err != nil {
		return err
	}
	return k.checkTrusted(ctx, "release.provenance.signature.signer", builder)
}

// checkNotExpired refuses to order or accept by a release that has expired. Who has
// accepted before goes on: to stop that, too, is what revoking is for.
func (k *Keeper) checkNotExpired(ctx context.Context, r types.Request) error {
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	for _, id := range []uint64{r.WorkerRelease, r.EvaluatorRelease} {
		if id == 0 {
			continue // nobody evaluates
		}
		release, err := k.releases.Get(ctx, id)
		if err != nil {
			return err
		}
		if release.Spec.HasExpired(now) {
			return types.ErrExpired.Wrapf("release %d of %s, at %d of the chain clock, which is at %d; its job's root has to publish another",
				id, release.Spec.Role, release.Spec.ExpiresMs, now)
		}
	}
	return nil
}
