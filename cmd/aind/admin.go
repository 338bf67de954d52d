package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/admin"
	"github.com/ain-network/aind/daemon"
)

func newAdminCmd() *cobra.Command {
	var flags daemonFlags
	var approve, resolve string
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Test those who apply to you, and judge what is challenged",
		Long: `Watch the applications addressed to an admin, compute on this machine what each applicant
had to answer, and approve those who have the same answer and the capability that the job
requires. Where a ranking is challenged and this admin is called on, repeat the evaluator's
run and give the verdict.

` + fmt.Sprintf(daemonConfigHelp, "admin"),
		Example: `  aind admin --home ~/.aind --from admin
  aind admin --home ~/.aind --from admin --approve ask`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := flags.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			var cfg admin.Config
			if err := flags.read(cmd, "admin", &cfg, &cfg.Config); err != nil {
				return err
			}
			if cmd.Flags().Changed("approve") {
				cfg.Approve = admin.Approve(approve)
			}
			if cmd.Flags().Changed("resolve") {
				cfg.Resolve = admin.Resolve(resolve)
			}
			return runDaemon(cmd, logger, &cfg.Config, nil, func(ctx context.Context, world daemon.World) (runner, error) {
				return admin.New(ctx, cfg, world)
			})
		},
	}
	flags.add("admin", cmd.Flags())
	cmd.Flags().StringVar(&approve, "approve", "auto", "auto decides; ask only tests, and leaves the decision to \"aind approveNode\"")
	cmd.Flags().StringVar(&resolve, "resolve", "auto", "auto judges challenges by the job's program; ask leaves them to \"aind resolveChallenge\"")
	return cmd
}
