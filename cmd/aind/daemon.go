package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	sdkflags "github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	dockersandbox "github.com/ain-network/aind/sandbox/docker"
)

const daemonConfigHelp = `Settings come from a YAML file, by default %[1]s.yaml in --home, and from flags, which go
before the file:

  nodes: [http://127.0.0.1:26657]     # the chain's RPC endpoints, tried in order
  store: s3+http://KEY:SECRET@127.0.0.1:9000/ain
  key: {name: %[1]s, passphrase_file: /home/ain/passphrase}
  jobs: [0x1]                         # leave out to serve every job it is a node of
  apply: true                         # ask for a place in the trees of these jobs
  policy:
    min_reward: 0.5                   # AIN, or 10uain
    min_reward_by_job: {0x1: 2}
    admins: [ain1...]                 # serve only jobs of these admins
    releases: attested                # or any, or listed, with programs: [sha256:...]
    custom_code: true                 # run programs that requests name, which nobody has signed
  limits: {memory: 512MiB, time: 60s, output: 4MiB, input: 64MiB}
  max_runs: 2
  sandbox:
    docker: {use: prefer}             # run images, too, where a Docker engine answers
    network: [chain, storage]         # that images may reach whose release asks for it

All connections go out: the machine needs no address of its own. Ctrl-C stops it; what is
under way is taken up at the next start.`

// daemonFlags are the flags of every daemon. Those that were given go before the file.
type daemonFlags struct {
	config   string
	logLevel string
	logJSON  bool

	nodes      []string
	chainID    string
	store      string
	from       string
	backend    string
	passphrase string
	jobs       []string
	network    []string
	minReward  string
	releases   string
	maxRuns    int
	python     string
	child      string
	docker     string
	gpus       []string
	runtime    string
	poll       time.Duration
	customCode bool
}

func (f *daemonFlags) add(name string, flags *pflag.FlagSet) {
	flags.StringVar(&f.config, "config", "", "YAML file of settings (default: "+name+".yaml in --home)")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error; programs' logs show at debug")
	flags.BoolVar(&f.logJSON, "log-json", false, "log as JSON, a line each")
	flags.StringSliceVar(&f.nodes, sdkflags.FlagNode, nil, "RPC endpoint of the chain, http://host:26657; more than one are tried in order")
	flags.StringVar(&f.chainID, sdkflags.FlagChainID, "", "id of the chain (default: what the endpoint says)")
	flags.StringVar(&f.store, "store", "", "where results go: a space, ain://7, or s3+http://KEY:SECRET@host:port/bucket")
	flags.StringVar(&f.from, sdkflags.FlagFrom, "", "key to sign with, of the keyring in --home (default: "+name+")")
	flags.StringVar(&f.backend, sdkflags.FlagKeyringBackend, "", "file, or test in a local network (default: file)")
	flags.StringVar(&f.passphrase, "passphrase-file", "", "file with the passphrase of a file keyring")
	flags.StringSliceVar(&f.jobs, "job", nil, "job to serve, 0x1a; more than one may be named")
	flags.StringVar(&f.minReward, "min-reward", "", "least reward of a request, in AIN or as 10uain")
	flags.StringVar(&f.releases, "releases", "", "releases to run: any that the admin has signed, attested, or listed in policy.programs (default: any)")
	flags.IntVar(&f.maxRuns, "max-runs", 0, "programs that run at the same time (default: one for every CPU)")
	flags.StringVar(&f.python, "python", "", "Python runtime for scripts (default: beside this binary, or from the store)")
	flags.StringVar(&f.child, "sandbox-child", "", "program that runs sandboxed code (default: the one that this binary carries, else ain-sandbox beside it)")
	flags.StringVar(&f.docker, "docker", "", "run programs that are images in a Docker engine: off, prefer or require (default: off)")
	flags.StringVar(&f.runtime, "runtime-class", "", "run images in a stronger runtime, gVisor's or Kata's: require, prefer or off (default: off)")
	flags.StringSliceVar(&f.gpus, "gpus", nil, "GPUs that images may be given: ids as nvidia-smi -L lists them, all, or off (default: off)")
	flags.StringSliceVar(&f.network, "network", nil, "what images may reach whose release asks for it: chain, storage (default: nothing)")
	flags.BoolVar(&f.customCode, "custom-code", false, "run programs that requests name, too: a stranger's, which no admin has signed")
	flags.DurationVar(&f.poll, "poll", 0, "how often the chain is asked without an event (default: 2s)")
}

// read puts file and flags together into whole, of which common is a part.
func (f *daemonFlags) read(cmd *cobra.Command, name string, whole any, common *daemon.Config) error {
	home, err := cmd.Flags().GetString(sdkflags.FlagHome)
	if err != nil {
		return err
	}
	path := f.config
	if path == "" {
		path = filepath.Join(home, name+".yaml")
	}
	switch err := daemon.ReadConfig(path, whole); {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && f.config == "":
	default:
		return daemon.BadConfig(err)
	}
	common.Home = home
	if common.Key.Name == "" {
		common.Key.Name = name
	}
	return daemon.BadConfig(f.override(cmd, common))
}

// override puts the flags that were given in place of what the file says.
func (f *daemonFlags) override(cmd *cobra.Command, c *daemon.Config) error {
	var failed error
	for flag, use := range map[string]func() error{
		sdkflags.FlagNode:           func() error { c.Nodes = f.nodes; return nil },
		sdkflags.FlagChainID:        func() error { c.ChainID = f.chainID; return nil },
		"store":                     func() error { c.Store = f.store; return nil },
		sdkflags.FlagFrom:           func() error { c.Key.Name = f.from; return nil },
		sdkflags.FlagKeyringBackend: func() error { c.Key.Backend = f.backend; return nil },
		"passphrase-file":           func() error { c.Key.PassphraseFile = f.passphrase; return nil },
		"max-runs":                  func() error { c.MaxRuns = f.maxRuns; return nil },
		"python":                    func() error { c.Sandbox.Python = f.python; return nil },
		"sandbox-child":             func() error { c.Sandbox.Child = f.child; return nil },
		"docker":                    func() error { c.Sandbox.Docker.Use = daemon.DockerUse(f.docker); return nil },
		"runtime-class":             func() error { c.Sandbox.Docker.RuntimeClass = dockersandbox.RuntimeUse(f.runtime); return nil },
		"gpus":                      func() error { c.Sandbox.Docker.GPUs = f.gpus; return nil },
		"network": func() error {
			c.Sandbox.Network = nil
			for _, place := range f.network {
				c.Sandbox.Network = append(c.Sandbox.Network, daemon.Place(place))
			}
			return nil
		},
		"poll":        func() error { c.Poll = daemon.Duration(f.poll); return nil },
		"job":         func() error { return f.useJobs(c) },
		"releases":    func() error { c.Policy.Releases = f.releases; return nil },
		"custom-code": func() error { c.Policy.CustomCode = f.customCode; return nil },
		"min-reward": func() error {
			coin, err := chain.ParseCoin(f.minReward)
			c.Policy.MinReward = daemon.NewAmount(coin.Amount)
			return err
		},
	} {
		if cmd.Flags().Changed(flag) {
			if err := use(); err != nil {
				failed = errors.Join(failed, fmt.Errorf("--%s: %w", flag, err))
			}
		}
	}
	return failed
}

func (f *daemonFlags) useJobs(c *daemon.Config) error {
	c.Jobs = nil
	for _, text := range f.jobs {
		id, err := chain.ParseJobID(text)
		if err != nil {
			return err
		}
		c.Jobs = append(c.Jobs, daemon.JobID(id))
	}
	return nil
}

func (f *daemonFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: use debug, info, warn or error", f.logLevel)}
	}
	options := &slog.HandlerOptions{Level: level}
	if f.logJSON {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// envInvite is another place for an invite, which is a secret: a command line can be read by every user of a machine.
const envInvite = "AIND_INVITE"

// nodeFlags are those of daemons that apply: worker and evaluator.
type nodeFlags struct {
	daemonFlags
	apply  bool
	admin  string
	invite string
}

func (f *nodeFlags) add(name string, flags *pflag.FlagSet) {
	f.daemonFlags.add(name, flags)
	flags.BoolVar(&f.apply, "apply", false, "ask for a place in the trees of the jobs named with --job")
	flags.StringVar(&f.admin, "admin", "", "admin to ask (default: the root of the job)")
	flags.StringVar(&f.invite, "invite", "", "join with what \"aind invite\" printed: needs no other flag (or set "+envInvite+")")
}

// read is that of daemonFlags, and decodes the invite, if there is one.
func (f *nodeFlags) read(cmd *cobra.Command, name string, whole any, common *daemon.Config) (*client.Invite, error) {
	if err := f.daemonFlags.read(cmd, name, whole, common); err != nil {
		return nil, err
	}
	if cmd.Flags().Changed("apply") {
		common.Apply = f.apply
	}
	if cmd.Flags().Changed("admin") {
		common.Admin = f.admin
	}
	if f.invite == "" {
		f.invite = os.Getenv(envInvite)
	}
	if f.invite == "" {
		return nil, nil
	}
	invite, err := client.DecodeInvite(f.invite)
	if err == nil {
		err = common.UseInvite(invite)
	}
	if err != nil {
		return nil, daemon.BadConfig(fmt.Errorf("--invite: %w", err))
	}
	return &invite, nil
}

// runner is a daemon that was put together.
type runner interface {
	Run(ctx context.Context) error
}

// runDaemon connects, makes the daemon, and runs it until the command is interrupted, which is its regular end.
func runDaemon(
	cmd *cobra.Command, logger *slog.Logger, common *daemon.Config, invite *client.Invite,
	build func(ctx context.Context, world daemon.World) (runner, error),
) error {
	if err := daemon.ArmFailpoints(); err != nil {
		return usageError{err}
	}
	if err := unpackChild(common); err != nil {
		return err
	}
	ctx := cmd.Context()
	world, closeWorld, err := daemon.Connect(ctx, common, invite, logger)
	if err != nil {
		return err
	}
	defer closeWorld()
	d, err := build(ctx, world)
	if err != nil {
		return err
	}
	err = d.Run(ctx)
	logger.Info("stopped")
	return err
}
