package simulation

import (
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	"github.com/cosmos/cosmos-sdk/types/module"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
)

// Weighted is a message and how often it is drawn.
type Weighted struct {
	// Name of the weight for whoever sets it.
	Name    string
	Weight  uint32
	Factory simsx.SimMsgFactoryX
}

// Module is the part of a module that the SDK's runner asks for.
type Module struct {
	// Genesis draws the module's genesis; nil: the module starts on its default.
	Genesis func(state *module.SimulationState)
	// Messages are drawn and sent by accounts.
	Messages []Weighted
	// Proposals are messages that only governance may send.
	Proposals []Weighted
}

var (
	_ module.AppModuleSimulation   = Module{}
	_ simsx.HasWeightedOperationsX = Module{}
	_ simsx.HasProposalMsgsX       = Module{}
)

// GenerateGenesisState implements module.AppModuleSimulation.
func (m Module) GenerateGenesisState(state *module.SimulationState) {
	if m.Genesis != nil {
		m.Genesis(state)
	}
}

// RegisterStoreDecoder implements module.AppModuleSimulation. Stores are compared by their bytes.
func (Module) RegisterStoreDecoder(simtypes.StoreDecoderRegistry) {}

// WeightedOperations implements module.AppModuleSimulation. WeightedOperationsX takes its place.
func (Module) WeightedOperations(module.SimulationState) []simtypes.WeightedOperation { return nil }

// WeightedOperationsX implements simsx.HasWeightedOperationsX.
func (m Module) WeightedOperationsX(weights simsx.WeightSource, registry simsx.Registry) {
	for _, w := range m.Messages {
		registry.Add(weights.Get(w.Name, w.Weight), w.Factory)
	}
}

// ProposalMsgsX implements simsx.HasProposalMsgsX.
func (m Module) ProposalMsgsX(weights simsx.WeightSource, registry simsx.Registry) {
	for _, w := range m.Proposals {
		registry.Add(weights.Get(w.Name, w.Weight), w.Factory)
	}
}
