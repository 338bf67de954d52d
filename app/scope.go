package app

import (
	"os"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
)

func init() { nameScope() }

// nameScope gives the SDK's configuration a name. Without one the SDK looks for it, each time that an address is read, by
// the path of this program and the name of this machine: two calls of the kernel, several times for every message, 8 % of
// what messages cost. Where the environment cannot be changed everything works as it did.
func nameScope() {
	if os.Getenv(sdk.EnvConfigScope) == "" && os.Setenv(sdk.EnvConfigScope, chain.AddressPrefix) == nil {
		chain.SetPrefixes() // of the configuration that has this name
	}
}
