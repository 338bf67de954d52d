package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/worker"
)

func newWorkerCmd() *cobra.Command {
	var flags nodeFlags
	var concede string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Take requests, run their programs, earn",
		Long: `Take requests of jobs, run the jobs' programs on them in a sandbox, submit the results and
earn the rewards. A request is accepted only if it can be started at once, pays enough,
leaves enough time and its bond is covered by the stake.

` + fmt.Sprintf(daemonConfigHelp, "worker"),
		Example: `  aind worker --invite aininvite1...
  aind worker --home ~/.aind --from worker --job 0x1 --apply --min-reward 0.5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := flags.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			var cfg worker.Config
			invite, err := flags.read(cmd, "worker", &cfg, &cfg.Config)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("concede") {
				cfg.Concede = worker.Concede(concede)
			}
			return runDaemon(cmd, logger, &cfg.Config, invite, func(ctx context.Context, world daemon.World) (runner, error) {
				cfg.Warn(ctx, logger)
				return worker.New(ctx, cfg, world)
			})
		},
	}
	flags.add("worker", cmd.Flags())
	cmd.Flags().StringVar(&concede, "concede", "satisfied", "when to give up the right to challenge a ranking: satisfied: only if it is valid in it, or always")
	cmd.AddCommand(newDoctorCmd())
	return cmd
}
