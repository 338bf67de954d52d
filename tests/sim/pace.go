package sim

import (
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
	"github.com/cosmos/cosmos-sdk/x/simulation"
)

// pace draws each block's messages. The runner's own pace falls into stretches of a hundred blocks with nothing in them,
// at random, and would fill most of a long run with those. So all that the runner has to draw is pace, which from then
// on is called once a block.
type pace struct {
	t        testing.TB
	chain    *Chain
	messages int // drawn a block, about
	drawn    []simsx.WeightedFactory
	weights  int
	reporter *simsx.BasicSimulationReporter
	begun    bool
	quiet    int // blocks to come without messages: then windows run out
}

var (
	_ module.AppModuleSimulation = (*pace)(nil)
	_ simsx.Registry             = (*pace)(nil)
	_ simsx.FutureOpsRegistry    = forgetful{}
)

func newPace(t testing.TB, c *Chain, messages int) *pace {
	return &pace{t: t, chain: c, messages: messages, reporter: simsx.NewBasicSimulationReporter()}
}

// Add implements simsx.Registry.
func (p *pace) Add(weight uint32, factory simsx.SimMsgFactoryX) {
	if weight > 0 {
		p.drawn = append(p.drawn, simsx.WeightedFactory{Weight: weight, Factory: factory})
		p.weights += int(weight)
	}
}

// GenerateGenesisState implements module.AppModuleSimulation.
func (*pace) GenerateGenesisState(*module.SimulationState) {}

// RegisterStoreDecoder implements module.AppModuleSimulation.
func (*pace) RegisterStoreDecoder(simtypes.StoreDecoderRegistry) {}

// WeightedOperations implements module.AppModuleSimulation.
func (p *pace) WeightedOperations(module.SimulationState) []simtypes.WeightedOperation {
	return []simtypes.WeightedOperation{simulation.NewWeightedOperation(1, p.begin)}
}

// begin is drawn many times, and the first time counts.
func (p *pace) begin(r *rand.Rand, a *baseapp.BaseApp, ctx sdk.Context, accounts []simtypes.Account, chainID string) (
	simtypes.OperationMsg, []simtypes.FutureOperation, error,
) {
	if p.begun {
		return simtypes.NoOpMsg("sim", "begin", ""), nil, nil
	}
	p.begun = true
	return p.block(r, a, ctx, accounts, chainID)
}

// block draws one block's messages and has the runner come back for the next.
func (p *pace) block(r *rand.Rand, a *baseapp.BaseApp, ctx sdk.Context, accounts []simtypes.Account, chainID string) (
	simtypes.OperationMsg, []simtypes.FutureOperation, error,
) {
	next := []simtypes.FutureOperation{{BlockHeight: int(ctx.BlockHeight()) + 1, Op: p.block}}
	messages := r.Intn(2 * p.messages)
	switch {
	case p.quiet > 0:
		p.quiet--
		messages = 0
	case r.Intn(12) == 0 && ctx.BlockHeight()+busyEnd < int64(*blocks):
		p.quiet = 1 + r.Intn(5)
	}
	for range messages {
		p.message(r, a, ctx, accounts, chainID)
	}
	return simtypes.NoOpMsg("sim", "block", ""), next, nil
}

// busyEnd is how many blocks at the end are never empty, so that an export has requests under way.
const busyEnd = 10

// message draws one message by weight and delivers it.
func (p *pace) message(r *rand.Rand, a *baseapp.BaseApp, ctx sdk.Context, accounts []simtypes.Account, chainID string) {
	factory, at := p.drawn[0].Factory, r.Intn(p.weights)
	for _, w := range p.drawn {
		if at -= int(w.Weight); at < 0 {
			factory = w.Factory
			break
		}
	}
	if later, ok := factory.(simsx.HasFutureOpsRegistry); ok {
		later.SetFutureOpsRegistry(forgetful{})
	}
	keeper, codec := p.chain.Auth, p.chain.txConfig.SigningContext().AddressCodec()
	data := simsx.NewChainDataSource(ctx, r, keeper, p.chain.Bank, codec, accounts...)
	reporter := p.reporter.WithScope(factory.MsgType())
	signers, msg := simsx.SafeRunFactoryMethod(ctx, data, reporter, factory.Create())
	simsx.DeliverSimsMsg(ctx, reporter, a, r, p.chain.txConfig, keeper, chainID, msg, factory.DeliveryResultHandler(), signers...)
	require.NoError(p.t, reporter.Close(), "block %d: %v", ctx.BlockHeight(), msg)
}

// forgetful takes what governance wants to be drawn at a later time, and does not: the runner does not either, it loses
// them. Votes are drawn like everything else.
type forgetful struct{}

// Add implements simsx.FutureOpsRegistry.
func (forgetful) Add(time.Time, simsx.SimMsgFactoryX) {}
