package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/ain-network/aind/devnet"
)

// devnetFlags are what devnet and demo have in common.
type devnetFlags struct {
	config devnet.Config
}

func (f *devnetFlags) add(set *pflag.FlagSet) {
	set.IntVar(&f.config.Validators, "validators", 0, "how many validators the chain has, up to 7 (default: 1, or those of the network that is resumed)")
	set.IntVar(&f.config.Workers, "workers", 3, "how many workers run")
	set.IntVar(&f.config.Evaluators, "evaluators", 1, "how many evaluators run")
	set.BoolVar(&f.config.CheckInvariants, flagCheckInvariants, false, "stop the chain before committing a block that breaks its books")
}

func newDevnetCmd() *cobra.Command {
	f := devnetFlags{}
	var reset bool
	cmd := &cobra.Command{
		Use:   "devnet",
		Short: "Run a whole network on this machine until Ctrl-C",
		Long: `Run a chain, a store, an admin, evaluators and workers on this machine, with the Calculate
Root job and one for code of your own registered, and accounts with coins to play with. Everything lies under --home and
is resumed at the next start; --reset begins anew. Keys are not encrypted: for trying out only.`,
		Example: `  aind devnet
  aind devnet --home /tmp/net --workers 5 --reset
  aind devnet --home /tmp/four --validators 4
  aind --home ~/.aind/devnet/client requestJob '{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := cmd.Flags().GetString(flags.FlagHome)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed(flags.FlagHome) {
				home = filepath.Join(home, "devnet")
			}
			f.config.Home, f.config.CustomCode = home, true
			if err := f.config.Validate(); err != nil {
				return usageError{err}
			}
			if reset {
				if err := devnet.Reset(home); err != nil {
					return err
				}
			}
			return runDevnet(cmd.Context(), cmd.OutOrStdout(), f.config)
		},
	}
	f.add(cmd.Flags())
	cmd.Flags().BoolVar(&reset, "reset", false, "delete the network in --home and begin anew")
	cmd.Flags().IntVar(&f.config.Ports.RPC, "rpc-port", 0, "port of the chain's RPC (default: 26657, or a free one)")
	cmd.Flags().IntVar(&f.config.Ports.P2P, "p2p-port", 0, "port for other nodes of the chain (default: 26656, or a free one)")
	cmd.Flags().IntVar(&f.config.Ports.GRPC, "grpc-port", 0, "port of gRPC (default: 9090, or a free one)")
	cmd.Flags().IntVar(&f.config.Ports.API, "api-port", 0, "port of REST (default: 1317, or a free one)")
	cmd.Flags().IntVar(&f.config.Ports.Store, "store-port", 0, "port of the store (default: 9000, or a free one)")
	cmd.Flags().IntVar(&f.config.Ports.Gateway, "gateway-port", 0, "port of the store's gateway (default: 9001, or a free one)")
	return cmd
}

// runDevnet runs a network until the command is interrupted, which is its regular end.
func runDevnet(ctx context.Context, out io.Writer, config devnet.Config) error {
	config.Report = func(line string) { _, _ = fmt.Fprintln(out, line) }
	network, err := devnet.Open(ctx, config)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	defer network.Close()
	_, _ = fmt.Fprint(out, network.Summary())
	if err := network.Wait(ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "stopping")
	return nil
}

func newDemoCmd() *cobra.Command {
	f := devnetFlags{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the paper's example on a network of its own, then stop everything",
		Long: `Start a network in a folder of its own, let it calculate a root, show who worked, who won and
who was paid, check the books to the last uain, and stop everything. With --home the folder
is kept.`,
		Example: "  aind demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed(flags.FlagHome) {
				home, err := cmd.Flags().GetString(flags.FlagHome)
				if err != nil {
					return err
				}
				f.config.Home = home
			}
			return devnet.Demo(cmd.Context(), cmd.OutOrStdout(), f.config)
		},
	}
	f.add(cmd.Flags())
	return cmd
}
