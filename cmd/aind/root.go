package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"
)

// The groups under which `aind --help` lists the commands.
const (
	groupUse   = "use"
	groupRun   = "run"
	groupChain = "chain"
)

// addCommands is the list of our own commands; those of the chain's node come from addNodeCommands.
func addCommands(root *cobra.Command) {
	root.AddCommand(grouped(groupUse, newVerbs()...)...)
	root.AddCommand(grouped(groupRun, newWorkerCmd(), newEvaluatorCmd(), newAdminCmd(), newStoreCmd(), newImageCmd(), newDevnetCmd(), newDemoCmd())...)
}

// newRoot builds the command tree for one command line. The node's commands need the whole application, which takes a
// moment to build: they are left out where the command line names one of ours.
func newRoot(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "aind",
		Short: "The AI network: order work, do work, keep the chain",
		Long: `aind is every program of the AI network in one.

Order and register work with the verbs, take part with a daemon (worker, evaluator,
admin, store), keep the chain with a node (init, start), or start all of them on this
machine (devnet, demo).

` + exitCodeHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().String(flags.FlagHome, defaultHome(), "folder with keys, configuration and state")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see `%s --help`)", err, cmd.CommandPath())}
	})
	root.AddGroup(
		&cobra.Group{ID: groupUse, Title: "Use the network:"},
		&cobra.Group{ID: groupRun, Title: "Take part:"},
		&cobra.Group{ID: groupChain, Title: "Keep the chain:"},
	)
	addCommands(root)
	if command, _, err := root.Find(args); err != nil || command == root {
		addNodeCommands(root)
	}
	markUsageErrors(root)
	return root
}

// grouped puts commands under one heading of the help.
func grouped(group string, commands ...*cobra.Command) []*cobra.Command {
	for _, command := range commands {
		command.GroupID = group
	}
	return commands
}

// defaultHome is ~/.aind, or .aind in the working directory where the user has no home.
func defaultHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ".aind"
	}
	return filepath.Join(home, ".aind")
}

// markUsageErrors makes every command's complaint about its arguments a usageError.
func markUsageErrors(command *cobra.Command) {
	if check := command.Args; check != nil {
		command.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w (see `%s --help`)", err, cmd.CommandPath())}
			}
			return nil
		}
	}
	for _, child := range command.Commands() {
		markUsageErrors(child)
	}
}
