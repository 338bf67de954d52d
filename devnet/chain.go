package devnet

import (
	"context"
	"fmt"
	"strings"

	"github.com/ain-network/aind/app/nodehome"
	"github.com/ain-network/aind/client"
)

// matchValidators takes over how many validators a network has. That it was asked for another number is an error: they are
// in its genesis.
func (c *Config) matchValidators(known *state) error {
	has := len(known.validators())
	if c.Validators != 0 && c.Validators != has {
		return fmt.Errorf("this network has validators: %d, not %d: begin anew with --reset to change that", has, c.Validators)
	}
	c.Validators = has
	return nil
}

// configureChain tells every validator its ports and its peers, which may differ from run to run. What else its
// configuration says stays.
func (n *Network) configureChain() error {
	ports := n.state.validators()
	var homes []*nodehome.Home
	var peers []string
	for i, m := range n.config.validators() {
		home, err := nodehome.Open(n.config.folder(m.folder))
		if err != nil {
			return err
		}
		homes = append(homes, home)
		peers = append(peers, home.NodeID+"@"+loopback(ports[i].P2P))
	}
	for i, home := range homes {
		home.Comet.RPC.ListenAddress = "tcp://" + loopback(ports[i].RPC)
		home.Comet.P2P.ListenAddress = "tcp://" + loopback(ports[i].P2P)
		home.Comet.P2P.PersistentPeers = strings.Join(others(peers, i), ",")
		home.Server.GRPC.Address = loopback(ports[i].GRPC)
		home.Server.API.Address = "tcp://" + loopback(ports[i].API)
		if err := home.Configure(); err != nil {
			return err
		}
	}
	return nil
}

// others are all but one of them.
func others(all []string, one int) []string {
	return append(append([]string{}, all[:one]...), all[one+1:]...)
}

// startChain runs the validators and waits for their first block.
func (n *Network) startChain(ctx context.Context) error {
	for i, m := range n.config.validators() {
		args := []string{"start", "--home", n.config.folder(m.folder), "--log_no_color", "--log_level", "warn"}
		if n.config.CheckInvariants {
			args = append(args, "--"+flagCheckInvariants)
		}
		what := spec{name: numbered("chain", i+1, n.config.Validators), args: args, vital: true}
		if n.config.Validators > 1 {
			// The others go on without it, or wait for it.
			what.vital, what.again = false, n.startLine(m)
		}
		p, err := n.supervisor.start(what)
		if err != nil {
			return err
		}
		n.validators = append(n.validators, p)
	}
	return await(ctx, "the first block", func(ctx context.Context) error {
		if n.chain == nil {
			dialled, err := client.Dial(ctx, client.Config{ChainID: chainID, Endpoints: n.endpoints()})
			if err != nil {
				return err
			}
			n.chain = dialled
		}
		if _, err := n.chain.Now(ctx); err != nil || n.state.Job != "" {
			return err
		}
		return n.everyValidator(ctx)
	}, n.validators...)
}

// everyValidator asks each for the time: on a new network one may have its first block a moment after the others, and whoever
// asks that one is told to wait.
func (n *Network) everyValidator(ctx context.Context) error {
	for _, endpoint := range n.endpoints() {
		alone, err := client.Dial(ctx, client.Config{ChainID: chainID, Endpoints: []string{endpoint}})
		if err != nil {
			return err
		}
		_, err = alone.Now(ctx)
		alone.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// flagCheckInvariants of `aind start`.
const flagCheckInvariants = "check-invariants"

// startLine is what a person types to bring a validator back.
func (n *Network) startLine(m member) string {
	return "aind start --home " + n.config.folder(m.folder) + " --log_level warn"
}

// endpoints of all validators, in the order in which they are tried.
func (n *Network) endpoints() []string {
	var all []string
	for _, ports := range n.state.validators() {
		all = append(all, rpcOf(ports))
	}
	return all
}

func rpcOf(ports NodePorts) string { return "http://" + loopback(ports.RPC) }
