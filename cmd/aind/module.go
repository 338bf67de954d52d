package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/server"
	authcli "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/client"
)

// defaultNode is where commands look for a node.
const defaultNode = "tcp://localhost:26657"

// now is the time at which a new chain starts.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// addModuleCommands adds every query and message of the chain's modules, and the keyring that signs them.
func addModuleCommands(root *cobra.Command, described *app.App) {
	query := &cobra.Command{
		Use:     "query",
		Aliases: []string{"q"},
		Short:   "Ask the chain's modules",
		RunE:    sdkclient.ValidateCmd,
	}
	query.AddCommand(rpc.WaitTxCmd(), server.QueryBlockCmd(), server.QueryBlockResultsCmd(), authcli.QueryTxCmd())
	tx := &cobra.Command{
		Use:   "tx",
		Short: "Send a message of the chain's modules",
		RunE:  sdkclient.ValidateCmd,
	}
	tx.AddCommand(
		authcli.GetSignCommand(), authcli.GetSignBatchCommand(), authcli.GetMultiSignCommand(), authcli.GetMultiSignBatchCmd(),
		authcli.GetValidateSignaturesCommand(), authcli.GetBroadcastCommand(), authcli.GetEncodeCommand(), authcli.GetDecodeCommand(),
		authcli.GetSimulateCmd(),
	)
	commands := []*cobra.Command{query, tx, keys.Commands(), server.StatusCommand()}
	for _, command := range commands {
		command.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return prepareClient(cmd, described) }
	}
	root.AddCommand(grouped(groupChain, commands...)...)
	options := described.AutoCLI()
	options.ClientCtx = clientContext(described)
	if err := options.EnhanceRootCommand(root); err != nil {
		panic(fmt.Sprintf("the modules' commands cannot be built: %s", err))
	}
	for _, command := range commands {
		encryptKeys(command)
	}
}

// encryptKeys makes the encrypted keyring the default of a command and all below it, as it is for our own commands. The
// SDK's default is the keyring of the desktop, which servers do not have.
func encryptKeys(command *cobra.Command) {
	for _, set := range []*pflag.FlagSet{command.Flags(), command.PersistentFlags()} {
		if flag := set.Lookup(flags.FlagKeyringBackend); flag != nil && !flag.Changed {
			flag.DefValue = keyring.BackendFile
			if err := flag.Value.Set(keyring.BackendFile); err != nil {
				panic(fmt.Sprintf("the keyring's default cannot be set: %s", err))
			}
		}
	}
	for _, child := range command.Commands() {
		encryptKeys(child)
	}
}

// clientContext is what the SDK's commands need to know of the chain.
func clientContext(described *app.App) sdkclient.Context {
	return sdkclient.Context{}.
		WithCodec(described.AppCodec()).
		WithInterfaceRegistry(described.InterfaceRegistry()).
		WithTxConfig(described.TxConfig()).
		WithLegacyAmino(described.LegacyAmino()).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithBroadcastMode(flags.BroadcastSync).
		WithHomeDir(defaultHome()).
		WithViper("")
}

// prepareClient reads flags and, where there is one, the client's configuration in --home.
func prepareClient(cmd *cobra.Command, described *app.App) error {
	// The SDK's commands print with a method that means standard error until an output is set.
	cmd.SetOut(cmd.OutOrStdout())
	ctx := clientContext(described).WithCmdContext(cmd.Context()).WithOutput(cmd.OutOrStdout())
	home, err := cmd.Flags().GetString(flags.FlagHome)
	if err != nil {
		return err
	}
	ctx = ctx.WithHomeDir(home).WithKeyringDir(home)
	switch _, err := os.Stat(filepath.Join(home, "config", "client.toml")); {
	case err == nil:
		settings, err := client.ReadSettings(home)
		if err != nil {
			return err
		}
		if ctx, err = withSettings(ctx, settings); err != nil {
			return err
		}
	case errors.Is(err, os.ErrNotExist):
		ctx = ctx.WithNodeURI(defaultNode)
	default:
		return err
	}
	if err := chooseNode(cmd); err != nil {
		return err
	}
	ctx, err = sdkclient.ReadPersistentCommandFlags(ctx, cmd.Flags())
	if err != nil {
		return err
	}
	return sdkclient.SetCmdClientContextHandler(ctx, cmd)
}
