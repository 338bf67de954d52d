// Package chain holds what every program on the network must agree on before it can say a word to the chain:
// address prefixes, the coin and how people write it, how job ids look, the id of the local network.
//
// Importing it is enough: the prefixes and the bond denom of the Cosmos SDK are process-wide variables, and an address
// that was rendered before they are set stays wrong in the SDK's cache.
package chain

import (
	"sync"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// AddressPrefix starts every account address: ain1…
	AddressPrefix = "ain"

	// Denom is the coin in state and on the wire. All money is integers of it.
	Denom = "uain"

	// DisplayDenom is the coin for people: 1 AIN = 1,000,000 uain.
	DisplayDenom = "AIN"

	// DisplayExponent is the number of decimals of one AIN.
	DisplayExponent = 6

	// DefaultChainID is the network that `aind devnet` makes.
	DefaultChainID = "ain-devnet-1"
)

var (
	setting sync.Mutex
	set     *sdk.Config // that has our prefixes
)

func init() { SetPrefixes() }

// SetPrefixes tells the Cosmos SDK our address prefixes and bond denom. It may be called any number of times, does something
// where the SDK's configuration is another one than before, and never seals it, so that several of our packages can live in
// one process.
func SetPrefixes() {
	setting.Lock()
	defer setting.Unlock()
	config := sdk.GetConfig()
	if config == set {
		return
	}
	config.SetBech32PrefixForAccount(AddressPrefix, AddressPrefix+"pub")
	config.SetBech32PrefixForValidator(AddressPrefix+"valoper", AddressPrefix+"valoperpub")
	config.SetBech32PrefixForConsensusNode(AddressPrefix+"valcons", AddressPrefix+"valconspub")
	sdk.DefaultBondDenom = Denom
	set = config
}
