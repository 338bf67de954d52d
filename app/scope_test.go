package app

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
)

func TestTheConfigurationOfTheSDKHasANameAndOurPrefixes(t *testing.T) {
	require.NotEmpty(t, os.Getenv(sdk.EnvConfigScope))
	named := sdk.GetConfig()
	require.Equal(t, chain.AddressPrefix, named.GetBech32AccountAddrPrefix())

	// A name that somebody gave stays, and has our prefixes once they are set.
	t.Setenv(sdk.EnvConfigScope, "given")
	nameScope()
	require.Equal(t, "given", os.Getenv(sdk.EnvConfigScope))
	require.NotSame(t, named, sdk.GetConfig())
	chain.SetPrefixes()
	require.Equal(t, chain.AddressPrefix, sdk.GetConfig().GetBech32AccountAddrPrefix())
}
