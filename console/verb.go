package console

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ain-network/aind/client"
)

// Flags that every verb has on the command line.
const (
	flagHome       = "home"
	flagNode       = "node"
	flagChainID    = "chain-id"
	flagFrom       = "from"
	flagBackend    = "keyring-backend"
	flagPassphrase = "passphrase-file"
	flagStore      = "store"
	flagOutput     = "output"
)

// Verbs are the commands with which people use the network. Settings come from config/client.toml in the folder of the
// flag --home, which the caller's root command has, and from flags.
func Verbs(env Environment) []*cobra.Command {
	var verbs []*cobra.Command
	for _, build := range builders {
		s := newSession(env)
		verb := build(s)
		for _, command := range subcommands(verb) {
			addSettings(command)
			wrap(s, command)
		}
		verbs = append(verbs, verb)
	}
	return verbs
}

// builders make a verb for a session, in the order of the help.
var builders = []func(*Session) *cobra.Command{
	newAssignAddress, newRegisterJob, newForkJob, newUpdateJob, newPublishRelease, newRevokeRelease, newBuild, newVerify, newApplyJob, newApproveNode, newDrop, newLeaveJob,
	newRun, newRequestJob, newGrantKey, newClient, newAcceptResult, newCancelRequest, newRejectWorker, newResign,
	newChallenge, newResolveChallenge,
	newStats, newJobs, newNodes, newTree, newRequests, newExplain,
	newSend, newStake, newRoom, newAllocate, newStorage, newSetOperator, newSetRule, newInvite,
}

func addSettings(cmd *cobra.Command) {
	defaults := client.DefaultSettings()
	flags := cmd.Flags()
	flags.String(flagNode, defaults.Node, "RPC endpoints of the chain, separated by commas")
	flags.String(flagChainID, "", "id of the chain; empty: that of the node")
	flags.String(flagFrom, "", "name of the key that signs; empty: the only one there is")
	flags.String(flagBackend, defaults.KeyringBackend, "where keys are kept: file, os or test")
	flags.String(flagPassphrase, "", "file with the passphrase of the file keyring; empty: ask")
	flags.String(flagStore, "", "store of programs and data: a space, ain://7, or s3+http://ACCESS:SECRET@host:port/bucket")
	flags.String(flagOutput, outputText, "how results are printed: text or json")
}

// wrap reads the settings before a verb and closes its connections after it.
func wrap(s *Session, cmd *cobra.Command) {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		home, err := cmd.Flags().GetString(flagHome)
		if err != nil {
			return err
		}
		if err := s.load(home); err != nil {
			return err
		}
		if err := s.override(cmd.Flags()); err != nil {
			return err
		}
		defer s.Close()
		return run(cmd, args)
	}
}

// load reads the settings of a home folder.
func (s *Session) load(home string) error {
	settings, err := client.ReadSettings(home)
	if err != nil {
		return badInput(err)
	}
	s.home, s.settings = home, settings
	return nil
}

// override takes over the settings that were given as flags.
func (s *Session) override(flags *pflag.FlagSet) error {
	for name, setting := range map[string]*string{
		flagNode: &s.settings.Node, flagChainID: &s.settings.ChainID, flagFrom: &s.settings.From, flagBackend: &s.settings.KeyringBackend,
		flagPassphrase: &s.settings.PassphraseFile, flagStore: &s.settings.Store, flagOutput: &s.settings.Output,
	} {
		if flag := flags.Lookup(name); flag != nil && flag.Changed {
			*setting = flag.Value.String()
		}
	}
	if !slices.Contains([]string{outputText, outputJSON}, s.settings.Output) {
		return badInputf("output: %q is neither text nor json", s.settings.Output)
	}
	return nil
}

// runs makes a cobra function of a verb's.
func runs(verb func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error { return verb(cmd.Context(), args) }
}
