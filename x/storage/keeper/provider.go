package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// register makes an account a provider, or replaces what it offers. Spaces that are reserved keep their prices.
func (k *Keeper) register(ctx context.Context, owner sdk.AccAddress, msg *types.MsgRegisterProvider) error {
	provider, err := k.providers.Get(ctx, owner)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if msg.CapacityBytes < provider.ReservedBytes {
		return types.ErrCapacity.Wrapf("capacity_bytes: %d; %d are reserved already, so give at least that", msg.CapacityBytes, provider.ReservedBytes)
	}
	provider = types.Provider{
		Owner: owner.String(), Endpoint: msg.Endpoint, Price: msg.Price, CapacityBytes: msg.CapacityBytes,
		ReservedBytes: provider.ReservedBytes, Closed: msg.Closed,
	}
	if err := k.providers.Set(ctx, owner, provider); err != nil {
		return err
	}
	return emit(ctx, &types.EventProviderRegistered{
		Provider: provider.Owner, Endpoint: provider.Endpoint, Price: provider.Price, CapacityBytes: provider.CapacityBytes, Closed: provider.Closed,
	})
}

func (k *Keeper) provider(ctx context.Context, owner sdk.AccAddress) (types.Provider, error) {
	provider, err := k.providers.Get(ctx, owner)
	if errors.Is(err, collections.ErrNotFound) {
		return provider, types.ErrUnknownProvider.Wrapf("provider: %s; list the providers there are", owner)
	}
	return provider, err
}

// offer returns a provider that takes reservations for no more than a price.
func (k *Keeper) offer(ctx context.Context, owner sdk.AccAddress, maxPrice uint64) (types.Provider, error) {
	provider, err := k.provider(ctx, owner)
	switch {
	case err != nil:
		return provider, err
	case provider.Closed:
		return provider, types.ErrClosed.Wrapf("provider %s takes no reservations and no extensions; choose another", owner)
	case provider.Price > maxPrice:
		return provider, types.ErrPrice.Wrapf("max_price: %d; provider %s asks %d uain per GiB-hour", maxPrice, owner, provider.Price)
	}
	return provider, nil
}

// reserve takes room from a provider.
func (k *Keeper) reserve(ctx context.Context, owner sdk.AccAddress, provider types.Provider, size uint64) error {
	if free := provider.CapacityBytes - provider.ReservedBytes; size > free {
		return types.ErrCapacity.Wrapf("size_bytes: %d; provider %s has %d left", size, owner, free)
	}
	provider.ReservedBytes += size
	return k.providers.Set(ctx, owner, provider)
}

// free gives room back to a provider.
func (k *Keeper) free(ctx context.Context, owner sdk.AccAddress, size uint64) error {
	provider, err := k.provider(ctx, owner)
	if err != nil {
		return err
	}
	provider.ReservedBytes -= size
	return k.providers.Set(ctx, owner, provider)
}
