// Package network runs `aind devnet` and daemons from the built programs, for benchmarks: they measure what users run, in
// processes of its own, and nothing of the chain is linked into them.
//
// Everything lies in one temporary folder. Close stops every process and deletes it.
package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
)

const (
	// patience with what a network does at its start, which includes compiling the Python runtime.
	patience = 3 * time.Minute
	pace     = 50 * time.Millisecond
)

// Network is a devnet, or what is left of it.
type Network struct {
	// Chain is a client of it.
	Chain *client.Client

	program string
	home    string
	state   state
	main    *process   // the devnet, or the node alone
	nodes   []*process // daemons of the benchmark's own
}

// state is what a devnet notes about itself.
type state struct {
	Ports struct {
		RPC   int `json:"rpc"`
		P2P   int `json:"p2p"`
		GRPC  int `json:"grpc"`
		API   int `json:"api"`
		Store int `json:"store"`
	} `json:"ports"`
	Accounts map[string]string `json:"accounts"`
	Job      string            `json:"job"`
}

// Open runs a devnet with one evaluator and one worker, and returns when they are at work. program is the aind to run.
func Open(ctx context.Context, program string, validators int) (*Network, error) {
	n, err := begin(ctx, program, validators)
	if err != nil {
		return nil, err
	}
	err = n.await(ctx, "the devnet's job", func() error {
		if err := n.readState(); err != nil {
			return err
		}
		if n.state.Job == "" {
			return errors.New("no job is registered")
		}
		return nil
	})
	if err == nil {
		err = n.AwaitRunning(ctx, n.state.Job)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// OpenChain runs the node of a devnet, with nothing beside it: no store and no daemons. more are further arguments of the
// node.
func OpenChain(ctx context.Context, program string, more ...string) (*Network, error) {
	n, err := begin(ctx, program, 1)
	if err != nil {
		return nil, err
	}
	if err := n.keepChain(ctx, more); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// begin starts a devnet in a new folder and waits for its first block.
func begin(ctx context.Context, program string, validators int) (*Network, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w: run `make build runtimes examples`", err)
	}
	n := &Network{program: program}
	if n.home, err = os.MkdirTemp("", "ain-bench-"); err != nil {
		return nil, err
	}
	args := []string{"devnet", "--home", n.home, "--validators", fmt.Sprint(validators), "--workers", "1", "--evaluators", "1"}
	ports, err := freePorts(6)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	for i, name := range []string{"rpc", "p2p", "grpc", "api", "store", "gateway"} {
		args = append(args, "--"+name+"-port", fmt.Sprint(ports[i]))
	}
	if n.main, err = n.start("devnet", args...); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	if err := n.await(ctx, "the first block", func() error { return errors.Join(n.readState(), n.dial(ctx)) }); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// keepChain stops the devnet and runs its node again, as the devnet does.
func (n *Network) keepChain(ctx context.Context, more []string) error {
	n.Chain.Close()
	n.Chain = nil
	if err := n.main.stop(); err != nil {
		return err
	}
	args := []string{"start", "--home", filepath.Join(n.home, "node"), "--log_no_color", "--log_level", "warn",
		"--rpc.laddr", fmt.Sprintf("tcp://127.0.0.1:%d", n.state.Ports.RPC),
		"--p2p.laddr", fmt.Sprintf("tcp://127.0.0.1:%d", n.state.Ports.P2P),
		"--grpc.address", fmt.Sprintf("127.0.0.1:%d", n.state.Ports.GRPC),
		"--api.address", fmt.Sprintf("tcp://127.0.0.1:%d", n.state.Ports.API),
	}
	node, err := n.start("chain", append(args, more...)...)
	if err != nil {
		return err
	}
	n.main = node
	return n.await(ctx, "the next block", func() error { return n.dial(ctx) })
}

// dial connects and asks for the chain's clock, which exists once there is a block.
func (n *Network) dial(ctx context.Context) error {
	if n.Chain == nil {
		dialled, err := client.Dial(ctx, client.Config{ChainID: chain.DefaultChainID, Endpoints: []string{n.RPC()}})
		if err != nil {
			return err
		}
		n.Chain = dialled
	}
	_, err := n.Chain.Now(ctx)
	return err
}

func (n *Network) readState() error {
	text, err := os.ReadFile(filepath.Join(n.home, "devnet.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &n.state)
}

// Close stops everything and deletes the network's folder. After a failure it tells where the logs are, and keeps them.
func (n *Network) Close() error {
	if n.Chain != nil {
		n.Chain.Close()
	}
	var failed error
	for _, p := range append(n.nodes, n.main) {
		if p != nil {
			failed = errors.Join(failed, p.stop())
		}
	}
	if failed != nil {
		return fmt.Errorf("stop the network: %w; its logs are in %s", failed, n.home)
	}
	return os.RemoveAll(n.home)
}

// RPC is the chain's endpoint.
func (n *Network) RPC() string { return fmt.Sprintf("http://127.0.0.1:%d", n.state.Ports.RPC) }

// PID of the devnet, or of the node where it runs alone.
func (n *Network) PID() int { return n.main.cmd.Process.Pid }

// PIDs of everything that the network started itself, each of which may have children.
func (n *Network) PIDs() []int {
	ids := []int{n.PID()}
	for _, p := range n.nodes {
		ids = append(ids, p.cmd.Process.Pid)
	}
	return ids
}

// Key of an account of the devnet: treasury, client or admin.
func (n *Network) Key(folder, name string) (client.Key, error) {
	ring, err := client.OpenKeyring(filepath.Join(n.home, folder), "test", "")
	if err != nil {
		return nil, err
	}
	return ring.Key(name)
}

// await looks at a condition until it holds, and fails when a process has ended.
func (n *Network) await(ctx context.Context, what string, holds func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		err := holds()
		if err == nil {
			return nil
		}
		for _, p := range append(n.nodes, n.main) {
			if p.isDead() {
				return fmt.Errorf("wait for %s: %s has ended: %s", what, p.name, p.tail())
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", what, context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

// freePorts are ports that nobody listens on now. Another process may take one before they are used: the network then
// does not start, and says so.
func freePorts(count int) ([]int, error) {
	ports := make([]int, count)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
