// Package simulation is what the simulations of our modules share. A message is drawn from the state: somebody does the
// next sensible thing, or a hostile one, and then says which refusal it expects. Any other error fails the run.
//
// Invariants: what is drawn depends on the state and the run's random numbers alone, so that a seed says it all; a
// drawing that finds nothing to do skips. Trusted: nothing but the SDK's runner.
package simulation

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
)

// feeReserve is what a drawing leaves in a wallet: the runner pays a random fee out of it, and would otherwise pay
// whole wallets away in a few messages.
const feeReserve = 10_000

// govModule is whose account is the authority over params.
const govModule = "gov"

// Draw is what one message is drawn with.
type Draw struct {
	*simsx.XRand

	data     *simsx.ChainDataSource
	reporter simsx.SimulationReporter
	signer   simsx.SimAccount
	refusal  error
}

// message is a pointer to a message type.
type message[M any] interface {
	*M
	sdk.Msg
}

// Message makes a factory of a drawing. The drawing names the signer by Sign, and Expect where it wants a refusal; nil
// skips.
func Message[M any, T message[M]](draw func(ctx sdk.Context, d *Draw) (T, error)) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler[T](
		func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, T, simsx.SimDeliveryResultHandler) {
			d := &Draw{XRand: data.Rand(), data: data, reporter: reporter}
			msg, err := draw(sdk.UnwrapSDKContext(ctx), d)
			if err != nil {
				reporter.Fail(err, "drawing a message")
				return nil, nil, nil
			}
			if msg == nil || d.signer.Address.Empty() {
				reporter.Skip("nothing to do")
				return nil, nil, nil
			}
			return []simsx.SimAccount{d.payer()}, msg, d.judge
		})
}

// Proposal makes a factory of a message that governance sends.
func Proposal[M any, T message[M]](draw func(d *Draw, authority string) T) simsx.SimMsgFactoryX {
	return simsx.SimMsgFactoryFn[T](
		func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, T) {
			d := &Draw{XRand: data.Rand(), data: data, reporter: reporter}
			return nil, draw(d, d.Module(govModule))
		})
}

// Accounts lists the addresses of all accounts that can sign.
func (d *Draw) Accounts() []string {
	addresses := make([]string, d.data.AccountsCount())
	for i := range addresses {
		addresses[i] = d.data.AccountAt(d.reporter, i).AddressBech32
	}
	return addresses
}

// Sign names who signs, and says whether that account's key is at hand.
func (d *Draw) Sign(address string) bool {
	if !d.data.HasAccount(address) {
		return false
	}
	d.signer = d.data.GetAccount(d.reporter, address)
	return true
}

// Account returns an account with its key. It must be one of Accounts.
func (d *Draw) Account(address string) simsx.SimAccount {
	return d.data.GetAccount(d.reporter, address)
}

// Module is the address of a module's account.
func (d *Draw) Module(name string) string { return d.data.ModuleAccountAddress(d.reporter, name) }

// Expect says that the chain must refuse the message with this error.
func (d *Draw) Expect(refusal error) { d.refusal = refusal }

// Purse is what an account can spend from its wallet, in uain.
func (d *Draw) Purse(address string) math.Int {
	if !d.data.HasAccount(address) {
		return math.ZeroInt()
	}
	account := d.data.GetAccount(d.reporter, address)
	return math.MaxInt(math.ZeroInt(), account.LiquidBalance().AmountOf(chain.Denom).SubRaw(feeReserve))
}

// Often is true in percent of a hundred cases.
func (d *Draw) Often(percent int) bool { return d.Intn(100) < percent }

// payer is the signer with no more in its wallet than it may lose to a fee.
func (d *Draw) payer() simsx.SimAccount {
	balance := d.signer.LiquidBalance()
	if surplus := balance.AmountOf(chain.Denom).SubRaw(feeReserve); surplus.IsPositive() {
		balance.BlockAmount(sdk.NewCoin(chain.Denom, surplus))
	}
	return d.signer
}

// judge holds what came of the message against what was expected.
func (d *Draw) judge(err error) error {
	switch {
	case d.refusal == nil:
		return err
	case err == nil:
		return fmt.Errorf("accepted, but it had to be refused: %w", d.refusal)
	case errors.Is(err, d.refusal):
		return nil
	}
	return fmt.Errorf("refused for another reason than %w: %w", d.refusal, err)
}

// Pick returns one of a list, nil if it is empty.
func Pick[E any](d *Draw, list []E) *E {
	if len(list) == 0 {
		return nil
	}
	return &list[d.Intn(len(list))]
}

// Filter returns those of a list that pass.
func Filter[E any](list []E, pass func(E) bool) []E {
	var passed []E
	for _, e := range list {
		if pass(e) {
			passed = append(passed, e)
		}
	}
	return passed
}

// BlockMs is how long the runner's blocks are apart: 5,000 to 10,000 seconds. Windows are drawn in blocks.
const BlockMs = 7_500_000

// Blocks is the duration of between low and high blocks in milliseconds.
func (d *Draw) Blocks(low, high int) uint64 { return Blocks(d.XRand, low, high) }

// Blocks is the same for a genesis.
func Blocks(r *simsx.XRand, low, high int) uint64 {
	return uint64(low)*BlockMs + uint64(r.Intn((high-low)*BlockMs+1))
}
