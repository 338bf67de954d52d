package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Joiner is a node of the chain that the network's genesis file knows nothing of.
type Joiner struct {
	Home string
	RPC  string

	network *Network
	flags   []string
}

// NewJoiner makes the folder of a node that knows the network's genesis file and all its validators, as a person does
// who joins.
func (n *Network) NewJoiner(t testing.TB, moniker string) *Joiner {
	t.Helper()
	ports, err := freePorts("rpc", "p2p", "grpc", "api")
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return fmt.Sprintf("127.0.0.1:%d", ports[name]) }
	j := &Joiner{Home: n.Folder(moniker), RPC: "http://" + at("rpc"), network: n}
	j.run(t, "init", moniker, "--chain-id", chainID, "--one-machine")
	CopyFile(t, filepath.Join(n.ValidatorHome(1), "config", "genesis.json"), filepath.Join(j.Home, "config"))
	j.flags = []string{
		"--rpc.laddr", "tcp://" + at("rpc"), "--p2p.laddr", "tcp://" + at("p2p"),
		"--grpc.address", at("grpc"), "--api.address", "tcp://" + at("api"),
		"--p2p.persistent_peers", strings.Join(n.peers(t), ","),
	}
	return j
}

// peers are all validators, as id@host:port.
func (n *Network) peers(t testing.TB) []string {
	t.Helper()
	var peers []string
	for number := 1; number <= n.options.Validators; number++ {
		var answer struct {
			Result struct {
				Node struct {
					ID     string
					Listen string `json:"listen_addr"`
				} `json:"node_info"`
			}
		}
		if err := n.getFrom(n.ValidatorRPC(number), 0, "/status", &answer); err != nil {
			t.Fatal(err)
		}
		peers = append(peers, answer.Result.Node.ID+"@"+strings.TrimPrefix(answer.Result.Node.Listen, "tcp://"))
	}
	return peers
}

func (j *Joiner) run(t testing.TB, args ...string) string {
	t.Helper()
	result := Command{Args: append(args, "--home", j.Home)}.Run(t)
	if result.Code != 0 {
		t.Fatalf("aind %q: %s", args, result)
	}
	return result.Out
}

// Start runs the node until the test ends.
func (j *Joiner) Start(t testing.TB) {
	t.Helper()
	name := filepath.Base(j.Home)
	args := append([]string{"start", "--home", j.Home, "--log_no_color", "--log_level", "warn", "--check-invariants"}, j.flags...)
	p, err := Start(name, filepath.Join(j.network.Home, "logs", name+".log"), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
}

// State is how far the node is.
func (j *Joiner) State() (State, error) { return j.network.stateAt(j.RPC) }

// Describe writes the file from which `aind tx staking create-validator` makes the node a validator, with a stake in uain.
func (j *Joiner) Describe(t testing.TB, stake int64) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"pubkey": json.RawMessage(j.run(t, "comet", "show-validator")), "amount": fmt.Sprintf("%duain", stake),
		"moniker": filepath.Base(j.Home), "commission-rate": "0.1", "commission-max-rate": "0.2",
		"commission-max-change-rate": "0.01", "min-self-delegation": "1",
	})
	path := filepath.Join(j.Home, "validator.json")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Votes is who validates: voting power by the monikers of all bonded validators.
func (n *Network) Votes() (map[string]int64, error) {
	var answer struct {
		Validators []struct {
			Tokens      string
			Description struct{ Moniker string }
		}
	}
	if err := n.Get("/cosmos/staking/v1beta1/validators?status=BOND_STATUS_BONDED", &answer); err != nil {
		return nil, err
	}
	votes := map[string]int64{}
	for _, validator := range answer.Validators {
		tokens, err := number(validator.Tokens)
		if err != nil {
			return nil, err
		}
		votes[validator.Description.Moniker] = tokens / AIN
	}
	return votes, nil
}
