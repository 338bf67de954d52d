package devnet

import (
	"fmt"
	"slices"
	"time"

	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/nodehome"
	"github.com/ain-network/aind/chain"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// shortWindows are short, so that a person sees a whole life of a request, and long enough for a busy machine.
var shortWindows = jobstypes.Windows{
	OpenMs: 60_000, HiringMs: 2_000, GrantMs: 5_000, RevealMs: 5_000, EvaluationMs: 5_000, ChallengeMs: 5_000, ResolveMs: 10_000,
}

const (
	// runningWindow after which a silent node no longer counts as running.
	runningWindow = 15 * time.Second

	// votingPeriod of the governance module.
	votingPeriod = 30 * time.Second
)

// noOptions is a node without flags and files.
type noOptions struct{}

func (noOptions) Get(string) any { return nil }

// createChain makes the validators' folders with the genesis of a new network, whose store is at an endpoint, and returns the accounts by
// name.
func createChain(config Config, endpoint string, at time.Time) (map[string]string, error) {
	described, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), noOptions{}, app.WithoutLoading())
	if err != nil {
		return nil, err
	}
	homes := map[string]*nodehome.Home{}
	for _, m := range config.validators() {
		if homes[m.name], err = createNode(config.folder(m.folder), m.name); err != nil {
			return nil, err
		}
	}
	genesis := app.NewGenesisBuilder(described, chainID, at)
	genesis.Consensus.Evidence.MaxAgeNumBlocks = app.RecentBlocks
	shorten(genesis)
	app.EditGenesis(genesis, bandwidthtypes.ModuleName, func(state *bandwidthtypes.GenesisState) {
		// On one's own machine nobody is to be held back.
		state.Params = bandwidthtypes.OpenParams()
	})
	accounts, staked, err := fund(config, genesis, homes)
	if err != nil {
		return nil, err
	}
	held, err := furnish(config, genesis, endpoint, accounts, at)
	if err != nil {
		return nil, err
	}
	genesis.Endow(authtypes.NewModuleAddress(escrowtypes.ModuleName), sdk.NewCoin(chain.Denom, staked.Add(held)))
	doc, err := genesis.Build()
	if err != nil {
		return nil, err
	}
	for _, m := range config.validators() {
		if err := homes[m.name].Write(doc); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// createNode makes the folder of a validator. Its ports and peers are set at every start.
func createNode(dir, moniker string) (*nodehome.Home, error) {
	home, err := nodehome.Create(dir, moniker, app.PaceLocal)
	if err != nil {
		return nil, err
	}
	app.KeepOnlyRecent(home.Server)
	home.ShareMachine()
	return home, nil
}

// shorten makes everything that has to be waited for short.
func shorten(genesis *app.GenesisBuilder) {
	app.EditGenesis(genesis, jobstypes.ModuleName, func(state *jobstypes.GenesisState) {
		state.Params[0].Params.DefaultWindows = shortWindows
	})
	app.EditGenesis(genesis, reputationtypes.ModuleName, func(state *reputationtypes.GenesisState) {
		state.Params.RunningWindowMs = uint64(runningWindow.Milliseconds())
	})
	app.EditGenesis(genesis, govtypes.ModuleName, func(state *govv1.GenesisState) {
		voting, expedited := votingPeriod, votingPeriod/2
		state.Params.VotingPeriod, state.Params.ExpeditedVotingPeriod = &voting, &expedited
	})
}

// fund gives every member its key, its coins and its stake, and makes the validators that. homes are theirs, by name. All that is at
// stake is returned, too.
func fund(config Config, genesis *app.GenesisBuilder, homes map[string]*nodehome.Home) (map[string]string, math.Int, error) {
	accounts := map[string]string{}
	var stakes []escrowtypes.Account
	staked := math.ZeroInt()
	for _, m := range config.members() {
		key, err := config.key(m)
		if err != nil {
			return nil, staked, fmt.Errorf("key of %s: %w", m.name, err)
		}
		accounts[m.name] = key.Address().String()
		if err := genesis.Fund(key.Address(), sdk.NewCoin(chain.Denom, m.wallet)); err != nil {
			return nil, staked, err
		}
		if m.stake.IsPositive() {
			account := escrowtypes.NewAccount(key.Address())
			account.Stake = m.stake
			stakes = append(stakes, account)
			staked = staked.Add(m.stake)
		}
		if m.validates {
			if err := genesis.AddValidator(m.name, key, homes[m.name].Validator, sdk.NewCoin(chain.Denom, validatorStake)); err != nil {
				return nil, staked, err
			}
		}
	}
	// Whoever tries out how a validator joins, or a builder is named, need not wait for a vote.
	app.EditGenesis(genesis, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
		state.Rules = slices.Insert(state.Rules, 0, permissionstypes.Rule{
			TypeUrl: sdk.MsgTypeURL(&jobstypes.MsgAddBuilder{}), Access: permissionstypes.ACCESS_LISTED, Accounts: []string{accounts[accountTreasury]},
		})
		for i := range state.Rules {
			state.Rules[i].Authority = accounts[accountTreasury]
		}
	})
	app.EditGenesis(genesis, escrowtypes.ModuleName, func(state *escrowtypes.GenesisState) { state.Accounts = stakes })
	return accounts, staked, nil
}

// furnish gives every member that stores anything its space, paid for, and returns what all of them cost.
func furnish(config Config, genesis *app.GenesisBuilder, endpoint string, accounts map[string]string, at time.Time) (math.Int, error) {
	spaces, holds, err := parcelOut(config, endpoint, accounts, at.UnixMilli())
	if err != nil {
		return math.Int{}, err
	}
	app.EditGenesis(genesis, storagetypes.ModuleName, func(state *storagetypes.GenesisState) { *state = spaces })
	app.EditGenesis(genesis, escrowtypes.ModuleName, func(state *escrowtypes.GenesisState) {
		state.Holds, state.NextHoldId = holds, escrowtypes.FirstHoldID+uint64(len(holds))
	})
	return worth(holds), nil
}
