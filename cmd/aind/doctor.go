package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/worker"
)

func newDoctorCmd() *cobra.Command {
	var flags nodeFlags
	var output string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at this machine: what it offers, and what is wrong with it",
		Long: `Look at this machine as a worker with these settings would: processors, memory, disk, GPUs, the
Docker engine and the known weaknesses of its runc, and how fast a small program runs. It says
what the node will state on the chain, and warns of what its owner should know. It connects to
no chain, and may run beside a worker.

It exits with 1 where the worker could not do what its settings say, else with 0.`,
		Example: `  aind worker doctor
  aind worker doctor --docker require --gpus all --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usageError{fmt.Errorf("--output %q: use text or json", output)}
			}
			var cfg worker.Config
			if _, err := flags.read(cmd, "worker", &cfg, &cfg.Config); err != nil {
				return err
			}
			return doctor(cmd, cfg, output)
		},
	}
	flags.add("worker", cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func doctor(cmd *cobra.Command, cfg worker.Config, output string) error {
	common := cfg.Config.WithDefaults()
	if err := unpackChild(&common); err != nil {
		return err
	}
	found, err := common.Find(cmd.Context(), true)
	if err != nil {
		return err
	}
	d := common.Diagnose(found)
	text := strings.Join(d.Lines(), "\n")
	if output == "json" {
		content, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return err
		}
		text = string(content)
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), text); err != nil {
		return err
	}
	if len(d.Failures) > 0 {
		return fmt.Errorf("this worker could not do what its settings say: %s", strings.Join(d.Failures, "; "))
	}
	return nil
}
