package app

import (
	"encoding/json"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ain-network/aind/chain"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

const (
	// MaxBlockGas bounds the work of one block; the SDK's default is no bound at all.
	MaxBlockGas = 200_000_000

	// MaxBlockBytes bounds the size of one block.
	MaxBlockBytes = 4 << 20

	// slashingWindow is in blocks. The SDK's default of 100 would be twenty seconds here.
	slashingWindow = 10_000
)

// GenesisState is the state that a chain starts with, by module.
type GenesisState map[string]json.RawMessage

// DefaultGenesis is the modules' own, changed where the SDK's defaults do not fit a chain with several blocks a second.
func DefaultGenesis(cdc codec.JSONCodec, basics module.BasicManager) GenesisState {
	chain.SetPrefixes()
	genesis := GenesisState(basics.DefaultGenesis(cdc))

	edit(cdc, genesis, stakingtypes.ModuleName, func(state *stakingtypes.GenesisState) {
		state.Params.BondDenom = chain.Denom
		// Only IBC reads the historical entries, and each block would write one.
		state.Params.HistoricalEntries = 0
	})
	edit(cdc, genesis, slashingtypes.ModuleName, func(state *slashingtypes.GenesisState) {
		state.Params.SignedBlocksWindow = slashingWindow
		state.Params.MinSignedPerWindow = math.LegacyNewDecWithPrec(5, 2)
	})
	edit(cdc, genesis, govtypes.ModuleName, func(state *govv1.GenesisState) {
		state.Params.MinDeposit = sdk.NewCoins(chain.Coin(1_000_000_000))
		state.Params.ExpeditedMinDeposit = sdk.NewCoins(chain.Coin(5_000_000_000))
	})
	edit(cdc, genesis, banktypes.ModuleName, func(state *banktypes.GenesisState) {
		state.DenomMetadata = []banktypes.Metadata{coinMetadata()}
	})
	// Who validates is decided by the network: those of the genesis file (see AddValidator), and whom a rule lists later.
	edit(cdc, genesis, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
		state.Rules = []permissionstypes.Rule{{TypeUrl: createValidator, Access: permissionstypes.ACCESS_NOBODY}}
	})
	return genesis
}

// createValidator is the message that makes an account a validator.
var createValidator = sdk.MsgTypeURL(&stakingtypes.MsgCreateValidator{})

// DefaultConsensusParams are CometBFT's with our limits on a block.
func DefaultConsensusParams() *cmttypes.ConsensusParams {
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = MaxBlockBytes
	params.Block.MaxGas = MaxBlockGas
	// Evidence counts until it is older than both: two days, which at five blocks a second are 864,000 blocks.
	params.Evidence.MaxAgeDuration = 48 * time.Hour
	params.Evidence.MaxAgeNumBlocks = 864_000
	return params
}

// coinMetadata tells wallets how to show our coin.
func coinMetadata() banktypes.Metadata {
	return banktypes.Metadata{
		Description: "the coin of the AI network",
		Base:        chain.Denom,
		Display:     chain.DisplayDenom,
		Name:        "AIN",
		Symbol:      "AIN",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: chain.Denom, Exponent: 0},
			{Denom: chain.DisplayDenom, Exponent: chain.DisplayExponent},
		},
	}
}

// message is a pointer to a genesis type.
type message[T any] interface {
	*T
	proto.Message
}

// edit rewrites one module's genesis. It panics if the module has none or cannot read its own.
func edit[T any, P message[T]](cdc codec.JSONCodec, genesis GenesisState, module string, change func(P)) {
	state := P(new(T))
	cdc.MustUnmarshalJSON(genesis[module], state)
	change(state)
	genesis[module] = cdc.MustMarshalJSON(state)
}
