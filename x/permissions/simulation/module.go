// Package simulation draws rules from those there are, for tests/sim.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/permissions/keeper"
	"github.com/ain-network/aind/x/permissions/types"
)

// NewModule is what the runner draws from the keeper's state.
func NewModule(k *keeper.Keeper) simulation.Module {
	return simulation.Module{
		Genesis:  genesis,
		Messages: []simulation.Weighted{{Name: "ain_set_rule", Weight: 16, Factory: simulation.Message(setRule(k))}},
	}
}

// stoppable are our own messages that rules may stop. Rules about the SDK's would fail the SDK's drawings.
func stoppable() []string {
	return simulation.Filter(types.TypeURLs(types.ClassStarting), func(url string) bool { return strings.HasPrefix(url, "/ain.") })
}

// listedOnly is a message that works for whom a rule lists, and for nobody without such a rule.
const listedOnly = "/ain.jobs.v1.MsgAddBuilder"

// genesis gives every message that may be stopped to an account, and stops none.
func genesis(state *module.SimulationState) {
	var genesis types.GenesisState
	var everybody []string
	for _, account := range state.Accounts {
		everybody = append(everybody, account.AddressBech32)
	}
	for _, url := range stoppable() {
		authority := state.Accounts[state.Rand.Intn(len(state.Accounts))].AddressBech32
		rule := types.Rule{TypeUrl: url, Access: types.ACCESS_EVERYBODY, Authority: authority}
		if url == listedOnly {
			rule.Access, rule.Accounts = types.ACCESS_LISTED, everybody
		}
		genesis.Rules = append(genesis.Rules, rule)
	}
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(&genesis)
}

// setRule stops some or all for a while: what is not open to everybody is mostly opened again.
func setRule(k *keeper.Keeper) func(ctx sdk.Context, d *simulation.Draw) (*types.MsgSetRule, error) {
	return func(ctx sdk.Context, d *simulation.Draw) (*types.MsgSetRule, error) {
		state, err := k.ExportGenesis(ctx)
		if err != nil {
			return nil, err
		}
		rule := simulation.Pick(d, state.Rules)
		if rule == nil {
			return nil, nil
		}
		msg := &types.MsgSetRule{Authority: rule.Authority, Rule: *rule}
		draw(d, &msg.Rule)
		switch {
		case d.Often(10):
			msg.Rule.TypeUrl = *simulation.Pick(d, types.TypeURLs(types.ClassFinishing))
			d.Expect(types.ErrNotStoppable)
		case d.Often(10):
			if msg.Authority = *simulation.Pick(d, d.Accounts()); msg.Authority != rule.Authority {
				d.Expect(types.ErrWrongSigner)
			}
		}
		d.Sign(msg.Authority)
		return msg, nil
	}
}

func draw(d *simulation.Draw, rule *types.Rule) {
	wasOpen := rule.Access == types.ACCESS_EVERYBODY
	rule.Access, rule.Accounts = types.ACCESS_EVERYBODY, nil
	switch {
	case !wasOpen && d.Often(80) && rule.TypeUrl != listedOnly:
	case d.Often(5):
		rule.Access = types.ACCESS_NOBODY
	case rule.TypeUrl == listedOnly || d.Often(30):
		rule.Accounts = simulation.Filter(d.Accounts(), func(string) bool { return d.Often(90) })
		if len(rule.Accounts) > 0 {
			rule.Access = types.ACCESS_LISTED
		}
	}
}
