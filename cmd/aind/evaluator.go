package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/evaluator"
)

func newEvaluatorCmd() *cobra.Command {
	var flags nodeFlags
	var maxRequests int
	cmd := &cobra.Command{
		Use:   "evaluator",
		Short: "Take requests as their evaluator, judge the results, earn",
		Long: `Take requests of jobs as their evaluator: pledge a deposit from the stake, run the job's
evaluator program on what the workers revealed, and rank them.

` + fmt.Sprintf(daemonConfigHelp, "evaluator"),
		Example: `  aind evaluator --invite aininvite1...
  aind evaluator --home ~/.aind --from evaluator --job 0x1 --apply --min-reward 0.5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := flags.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			var cfg evaluator.Config
			invite, err := flags.read(cmd, "evaluator", &cfg, &cfg.Config)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("max-requests") {
				cfg.MaxRequests = maxRequests
			}
			return runDaemon(cmd, logger, &cfg.Config, invite, func(ctx context.Context, world daemon.World) (runner, error) {
				return evaluator.New(ctx, cfg, world)
			})
		},
	}
	flags.add("evaluator", cmd.Flags())
	cmd.Flags().IntVar(&maxRequests, "max-requests", 0, "requests accepted and not yet ranked at the same time (default: 32)")
	return cmd
}
