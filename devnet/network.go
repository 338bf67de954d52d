package devnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app/nodehome"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// Network is a running devnet. Close it to stop everything.
type Network struct {
	config     Config
	state      *state
	lock       *os.File
	supervisor *supervisor
	chain      *client.Client
	validators []*process
	nodes      []*process
	// images: the nodes have a Docker engine.
	images bool

	// alive ends when the network cannot go on; its cause says why.
	alive context.Context
	fail  context.CancelCauseFunc
}

// Open makes the network in the home, or resumes the one that is there, and returns when all of it runs. What it started is
// stopped again when it fails; the error names the step and its log.
func Open(ctx context.Context, config Config) (*Network, error) {
	config, err := config.WithDefaults()
	if err != nil {
		return nil, err
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	lock, err := takeLock(config.Home)
	if err != nil {
		return nil, err
	}
	n := &Network{config: config, lock: lock}
	n.alive, n.fail = context.WithCancelCause(context.Background())
	if err := n.open(ctx); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Network) open(ctx context.Context) error {
	if err := n.prepare(); err != nil {
		return fmt.Errorf("prepare the network: %w", err)
	}
	var err error
	if n.supervisor, err = newSupervisor(n.config.Program, n.config.LogFolder(), n.onExit); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"start the chain", n.startChain},
		{"start the store", n.startStore},
		{"register the job", n.registerJobs},
		{"start the nodes", n.startNodes},
	} {
		begun := time.Now()
		if err := n.whileAlive(ctx, step.run); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		n.config.Report(fmt.Sprintf("%-18s done in %.1f s", step.name, time.Since(begun).Seconds()))
	}
	return nil
}

// prepare reads the network in the home, or makes one, and chooses ports.
func (n *Network) prepare() error {
	known, err := readState(n.config.Home)
	if err != nil {
		return err
	}
	fresh := known == nil
	if fresh {
		n.config.Validators = max(1, n.config.Validators)
		known = &state{Ports: usualPorts, Others: make([]NodePorts, n.config.Validators-1)}
	}
	if err := n.config.matchValidators(known); err != nil {
		return err
	}
	if err := known.choosePorts(n.config.Ports, n.config.AnyPorts); err != nil {
		return err
	}
	if fresh {
		if err := n.create(known); err != nil {
			return err
		}
	}
	for _, m := range n.config.members() {
		if known.Accounts[m.name] == "" {
			return fmt.Errorf("this network has no account %s: begin anew with --reset to change the number of nodes", m.name)
		}
	}
	n.state = known
	if err := n.state.write(n.config.Home); err != nil {
		return err
	}
	if err := n.configureChain(); err != nil {
		return err
	}
	return n.writeClientConfig()
}

// create makes the chain's genesis and all keys. It may be begun again after a crash: keys are kept, the rest is made anew.
func (n *Network) create(made *state) error {
	for _, m := range n.config.validators() {
		node := n.config.folder(m.folder)
		if _, err := os.Stat(filepath.Join(node, "data", "application.db")); err == nil {
			return fmt.Errorf("%s is missing, but there is a chain: begin anew with --reset", statePath(n.config.Home))
		}
		if nodehome.Exists(node) {
			// A run ended between the genesis and the note of it; no block was made.
			if err := os.RemoveAll(filepath.Join(node, "config")); err != nil {
				return err
			}
		}
	}
	var err error
	if made.Accounts, err = createChain(n.config, gatewayOf(made.Ports), time.Now().UTC()); err != nil {
		return err
	}
	made.Spaces = map[string]uint64{}
	for i, p := range n.config.plots() {
		made.Spaces[p.name] = storagetypes.FirstSpaceID + uint64(i)
	}
	return nil
}

// onExit hears of processes that ended by themselves.
func (n *Network) onExit(p *process) {
	if p.vital {
		n.fail(errors.New(p.ended()))
		return
	}
	n.config.Report(p.ended())
	if p.again != "" {
		n.config.Report("  bring it back: " + p.again)
	}
}

// whileAlive does something that needs the network, and gives it up when the network fails meanwhile: that is then the
// error.
func (n *Network) whileAlive(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.alive, cancel)()
	if err := do(ctx); err != nil {
		if n.alive.Err() != nil {
			return context.Cause(n.alive)
		}
		return err
	}
	return nil
}

// Wait returns nil when ctx ends, and why the network cannot go on if that comes first.
func (n *Network) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.alive.Done():
		return context.Cause(n.alive)
	}
}

// Close stops every process and gives the folder free. It returns when nothing is left.
func (n *Network) Close() {
	if n.chain != nil {
		n.chain.Close()
	}
	if n.supervisor != nil {
		n.supervisor.stop()
	}
	_ = n.lock.Close()
}

// RPC is the first validator's endpoint for clients and daemons.
func (n *Network) RPC() string { return "http://" + loopback(n.state.Ports.RPC) }

// REST is the chain's endpoint for browsers and scripts.
func (n *Network) REST() string { return "http://" + loopback(n.state.Ports.API) }

// GRPC is the chain's endpoint for programs that speak gRPC.
func (n *Network) GRPC() string { return loopback(n.state.Ports.GRPC) }

// Store is where a member stores: its space, ain://5. Validators and the treasury have none.
func (n *Network) Store(member string) string {
	if space := n.spaceOf(member); space != 0 {
		return daemon.SpaceURL(space)
	}
	return ""
}

// Job that the network was started with, as 0x1.
func (n *Network) Job() string { return n.state.Job }

// CustomJob runs what requests name, as 0x2; empty: there is none.
func (n *Network) CustomJob() string { return n.state.Custom }

// Chain is a client of the network's chain. The network closes it.
func (n *Network) Chain() *client.Client { return n.chain }

// Account is the address of a member: client, treasury, admin, evaluator, worker-1, …
func (n *Network) Account(name string) (sdk.AccAddress, error) {
	address, ok := n.state.Accounts[name]
	if !ok {
		return nil, fmt.Errorf("the network has no account %s", name)
	}
	return sdk.AccAddressFromBech32(address)
}
