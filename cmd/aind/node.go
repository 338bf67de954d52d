package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/nodehome"
	"github.com/ain-network/aind/chain"
)

// flagCheckInvariants makes a node check every invariant after each block.
const flagCheckInvariants = "check-invariants"

// noOptions is a node without flags and files.
type noOptions struct{}

func (noOptions) Get(string) any { return nil }

// addNodeCommands adds what keeps the chain, and what talks to it module by module.
func addNodeCommands(root *cobra.Command) {
	described, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), noOptions{}, app.WithoutLoading())
	if err != nil {
		panic(fmt.Sprintf("the application cannot be built: %s", err))
	}
	root.PersistentFlags().String(flags.FlagLogLevel, "info", "what a node logs: trace, debug, info, warn, error, or module:level pairs")
	root.PersistentFlags().String(flags.FlagLogFormat, "plain", "how a node logs: plain or json")
	root.PersistentFlags().Bool(flags.FlagLogNoColor, false, "log without colours")
	root.PersistentFlags().String(flags.FlagVerboseLogLevel, "debug", "what a node logs during an upgrade")
	root.PersistentFlags().Bool(server.FlagTrace, false, "show where an error of the node comes from")

	node := &cobra.Command{}
	server.AddCommands(node, defaultHome(), newNode, exportNode, func(start *cobra.Command) {
		start.Flags().Bool(flagCheckInvariants, false, "stop before committing a block that breaks an invariant; slow on a large chain")
	})
	node.AddCommand(genutilcli.Commands(described.TxConfig(), described.Basics(), defaultHome()))
	for _, command := range node.Commands() {
		if command.Name() != "version" {
			command.PersistentPreRunE = prepareNode(described)
		}
		root.AddCommand(grouped(groupChain, command)...)
	}
	root.AddCommand(grouped(groupChain, newInitCmd(described))...)
	addModuleCommands(root, described)
}

// withNodeContext puts what the SDK's commands expect into a context.
func withNodeContext(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, sdkclient.ClientContextKey, &sdkclient.Context{})
	return context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext())
}

// prepareNode reads the configuration of the node in --home before a command works on it.
func prepareNode(described *app.App) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		home, err := cmd.Flags().GetString(flags.FlagHome)
		if err != nil {
			return err
		}
		if !nodehome.Exists(home) {
			return usageError{fmt.Errorf("no node in %s: make one with `aind init`, or name its folder with --home", home)}
		}
		if err := prepareClient(cmd, described); err != nil {
			return err
		}
		return server.InterceptConfigsPreRunHandler(cmd, serverconfig.DefaultConfigTemplate, *app.ServerConfig(), app.CometConfig(app.PaceNetwork))
	}
}

// newNode builds the application that a node runs.
func newNode(logger log.Logger, db dbm.DB, options servertypes.AppOptions) servertypes.Application {
	app.TradeMemoryForPace()
	extra := []app.Option{app.WithBaseApp(server.DefaultBaseappOptions(options)...), app.WithBaseApp(baseapp.SetOptimisticExecution())}
	if check, ok := options.Get(flagCheckInvariants).(bool); ok && check {
		extra = append(extra, app.WithInvariantCheck())
	}
	node, err := app.New(logger, db, options, extra...)
	if err != nil {
		// The SDK gives its caller no way to fail: what follows would run without state.
		fmt.Fprintf(os.Stderr, "aind: %s\n", err)
		os.Exit(exitFailed)
	}
	return node
}

// exportNode writes the state of a stopped node as genesis; height -1 is the newest.
func exportNode(
	logger log.Logger, db dbm.DB, height int64, forZeroHeight bool, jailAllowed []string, options servertypes.AppOptions, only []string,
) (servertypes.ExportedApp, error) {
	node, err := app.New(logger, db, options, app.WithoutLoading(), app.WithBaseApp(server.DefaultBaseappOptions(options)...))
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	load := node.LoadLatestVersion
	if height != -1 {
		load = func() error { return node.LoadHeight(height) }
	}
	if err := load(); err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("load height %d: %w", height, err)
	}
	return node.ExportAppStateAndValidators(forZeroHeight, jailAllowed, only)
}

// newInitCmd makes the folder of a node.
func newInitCmd(described *app.App) *cobra.Command {
	var chainID string
	var local bool
	cmd := &cobra.Command{
		Use:   "init [moniker]",
		Short: "Make the folder of a new node: keys, genesis file, configuration",
		Long: `Make the folder of a new node under --home: its keys, a genesis file without accounts,
and its configuration. To join a network, replace config/genesis.json by that of the
network and name a peer in config/config.toml.`,
		Example: "  aind init alice --chain-id ain-1 --home ~/.aind",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := cmd.Flags().GetString(flags.FlagHome)
			if err != nil {
				return err
			}
			pace := app.PaceNetwork
			if local {
				pace = app.PaceLocal
			}
			home, err := nodehome.Create(dir, args[0], pace)
			if errors.Is(err, nodehome.ErrExists) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			if local {
				home.ShareMachine()
			}
			genesis, err := app.NewGenesisBuilder(described, chainID, now()).Build()
			if err != nil {
				return err
			}
			if err := home.Write(genesis); err != nil {
				return err
			}
			return printNode(cmd.OutOrStdout(), dir, chainID, home, home.Comet)
		},
	}
	cmd.Flags().StringVar(&chainID, flags.FlagChainID, chain.DefaultChainID, "id of the chain")
	cmd.Flags().BoolVar(&local, "one-machine", false, "make blocks every 20 ms and have peers on this machine: for a network whose nodes share one")
	return cmd
}

func printNode(w io.Writer, dir, chainID string, home *nodehome.Home, comet *cmtcfg.Config) error {
	_, err := fmt.Fprintf(w, "Node %s (%s) of chain %s is ready in %s.\n", comet.Moniker, home.NodeID, chainID, dir)
	return err
}
