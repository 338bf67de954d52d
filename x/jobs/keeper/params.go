package keeper

import (
	"context"

	"github.com/ain-network/aind/x/jobs/types"
)

// currentParams returns the params in force and their version.
func (k *Keeper) currentParams(ctx context.Context) (uint64, types.Params, error) {
	version, err := k.paramsVersion.Get(ctx)
	if err != nil {
		return 0, types.Params{}, err
	}
	params, err := k.params.Get(ctx, version)
	return version, params, err
}

// setParams makes a new version of the params and returns its number.
func (k *Keeper) setParams(ctx context.Context, params types.Params) (uint64, error) {
	if err := params.Validate(); err != nil {
		return 0, err
	}
	version, err := k.paramsVersion.Get(ctx)
	if err != nil {
		return 0, err
	}
	version++
	if err := k.params.Set(ctx, version, params); err != nil {
		return 0, err
	}
	if err := k.paramsVersion.Set(ctx, version); err != nil {
		return 0, err
	}
	return version, emit(ctx, &types.EventParamsUpdated{Version: version})
}

// rules are what a request was made with.
type rules struct {
	params  types.Params
	terms   types.TermsSpec
	windows types.Windows
}

// rulesOf reads the versions of params and terms that a request keeps.
func (k *Keeper) rulesOf(ctx context.Context, r types.Request) (rules, error) {
	params, err := k.params.Get(ctx, r.ParamsVersion)
	if err != nil {
		return rules{}, err
	}
	terms, err := k.terms.Get(ctx, termsOf(r))
	if err != nil {
		return rules{}, err
	}
	return rules{params: params, terms: terms, windows: terms.Windows.Or(params.DefaultWindows)}, nil
}
