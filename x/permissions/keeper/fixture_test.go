package keeper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/codec"
	codectestutil "github.com/cosmos/cosmos-sdk/codec/testutil"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/permissions/keeper"
	"github.com/ain-network/aind/x/permissions/types"
)

const (
	registerJob     = "/ain.jobs.v1.MsgRegisterJob"
	requestJob      = "/ain.jobs.v1.MsgRequestJob"
	submitResult    = "/ain.jobs.v1.MsgSubmitResult"
	createValidator = "/cosmos.staking.v1beta1.MsgCreateValidator"
)

// fixture is permissions on a store in memory.
type fixture struct {
	t         testing.TB
	ctx       sdk.Context
	keeper    *keeper.Keeper
	server    types.MsgServer
	query     types.QueryServer
	operators operators
	// gov is the chain's authority.
	gov sdk.AccAddress
}

// operators are owners by their operators, as x/reputation knows them.
type operators map[string]sdk.AccAddress

func (o operators) Owner(_ context.Context, signer sdk.AccAddress) (sdk.AccAddress, error) {
	if owner, ok := o[signer.String()]; ok {
		return owner, nil
	}
	return signer, nil
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	chain.SetPrefixes()
	key := storetypes.NewKVStoreKey(types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: key}, nil, nil)
	registry := codectestutil.CodecOptions{AccAddressPrefix: chain.AddressPrefix, ValAddressPrefix: chain.AddressPrefix + "valoper"}.NewInterfaceRegistry()
	banktypes.RegisterInterfaces(registry)
	f := &fixture{t: t, ctx: ctx, operators: operators{}, gov: authtypes.NewModuleAddress("gov")}
	f.keeper = keeper.NewKeeper(codec.NewProtoCodec(registry), runtime.NewKVStoreService(key), f.operators, f.gov.String())
	f.server, f.query = keeper.NewMsgServer(f.keeper), keeper.NewQueryServer(f.keeper)
	return f
}

func account(name string) sdk.AccAddress { return authtypes.NewModuleAddress("test/" + name) }

// listed is a rule that lets the named accounts send.
func listed(typeURL string, names ...string) types.Rule {
	rule := types.Rule{TypeUrl: typeURL, Access: types.ACCESS_LISTED}
	for _, name := range names {
		rule.Accounts = append(rule.Accounts, account(name).String())
	}
	return rule
}

func nobody(typeURL string) types.Rule {
	return types.Rule{TypeUrl: typeURL, Access: types.ACCESS_NOBODY}
}

// with is the rule with an authority of its own.
func with(rule types.Rule, authority sdk.AccAddress) types.Rule {
	rule.Authority = authority.String()
	return rule
}

func (f *fixture) setRule(by sdk.AccAddress, rule types.Rule) error {
	_, err := f.server.SetRule(f.ctx, &types.MsgSetRule{Authority: by.String(), Rule: rule})
	return err
}

func (f *fixture) mustSet(by sdk.AccAddress, rule types.Rule) {
	f.t.Helper()
	require.NoError(f.t, f.setRule(by, rule))
}

func (f *fixture) rule(typeURL string) types.Rule {
	f.t.Helper()
	rule, err := f.keeper.Rule(f.ctx, typeURL)
	require.NoError(f.t, err)
	return rule
}

// may says whether the account may send the message.
func (f *fixture) may(who sdk.AccAddress, typeURL string) bool {
	f.t.Helper()
	err := f.keeper.Check(f.ctx, typeURL, who)
	if err != nil {
		require.ErrorIs(f.t, err, types.ErrNotAllowed)
	}
	return err == nil
}

// events runs do and returns the rules that it announced.
func (f *fixture) events(do func()) []*types.EventRuleSet {
	f.t.Helper()
	before := f.ctx
	f.ctx = f.ctx.WithEventManager(sdk.NewEventManager())
	do()
	var set []*types.EventRuleSet
	for _, event := range f.ctx.EventManager().ABCIEvents() {
		message, err := sdk.ParseTypedEvent(event)
		require.NoError(f.t, err)
		set = append(set, message.(*types.EventRuleSet))
	}
	f.ctx = before
	return set
}

// stored is how many entries the module keeps.
func (f *fixture) stored() int {
	f.t.Helper()
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	entries := 0
	for _, rule := range state.Rules {
		entries += 1 + len(rule.Accounts)
	}
	return entries
}
