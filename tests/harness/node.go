package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Node is an account with a folder of its own, whose daemon the test runs, kills and starts again.
type Node struct {
	Role    string // worker, evaluator or admin: its daemon, and the name of its key
	Home    string
	Address string
	// Settings of the daemon's file. They count at the next start.
	Settings Settings

	network *Network
	process *Process
}

// Settings are the part of a daemon's file that tests change.
type Settings struct {
	RPC string
	// Store is the node's space, or an S3 store; empty: it has none.
	Store   string
	Job     string // to serve and apply to; empty: all, and none
	MaxRuns int    // 0: one
	Limits  string // YAML, as in "{memory: 64MiB}"
	Policy  string // YAML, as in "{min_reward: 2}"
	Docker  string // off, prefer or require; empty: off
	// Kinds of programs that it runs; none: all that it can.
	Kinds []string
	// Network is what images may reach; none: nothing.
	Network []string
	// GPUs that images may be given, and Registries that may be in this machine's network.
	GPUs, Registries []string
}

// NewNode makes an account, with coins in wallet and stake in AIN; the wallet "" leaves it without an account on the chain. Whoever has a
// daemon is given a space.
func (n *Network) NewNode(t testing.TB, role, wallet, stake string) *Node {
	t.Helper()
	home, err := os.MkdirTemp(n.Home, role+"-")
	if err != nil {
		t.Fatal(err)
	}
	node := &Node{Role: role, Home: home, network: n, Settings: Settings{RPC: n.RPC()}}
	node.Address = n.NewAddress(t, home, role)
	t.Cleanup(node.Kill)
	if wallet == "" {
		return node
	}
	var sent struct{}
	n.ClientJSON(t, &sent, "send", node.Address, wallet)
	switch role {
	case "admin":
		node.Settings.Store = n.NewSpace(t, "everybody", node.Address)
	case "worker", "evaluator":
		node.Settings.Store = n.NewSpace(t, "participants", node.Address)
	}
	if stake != "" {
		node.JSON(t, &sent, "stake", stake)
	}
	return node
}

// NewAddress makes a key in a folder.
func (n *Network) NewAddress(t testing.TB, home, name string) string {
	t.Helper()
	made := Command{Args: []string{"assignAddress", name, "--home", home, "--keyring-backend", "test", "--output", "json"}}.Run(t)
	var key struct{ Address string }
	if err := json.Unmarshal([]byte(made.Out), &key); err != nil || key.Address == "" {
		t.Fatalf("assignAddress: %s", made)
	}
	return key.Address
}

// Run runs a command as the node's owner.
func (n *Node) Run(t testing.TB, args ...string) Result {
	t.Helper()
	args = append(args, "--home", n.Home, "--from", n.Role, "--keyring-backend", "test", "--node", n.network.RPC())
	if n.Settings.Store != "" {
		args = append(args, "--store", n.Settings.Store)
	}
	return Command{Args: args}.Run(t)
}

// JSON runs a command as the node's owner, which must succeed, and reads the JSON that it prints.
func (n *Node) JSON(t testing.TB, answer any, args ...string) {
	t.Helper()
	result := n.Run(t, append(args, "--output", "json")...)
	if result.Code != 0 {
		t.Fatalf("aind %q: %s", args, result)
	}
	if err := json.Unmarshal([]byte(result.Out), answer); err != nil {
		t.Fatalf("aind %q: %s: %s", args, err, result)
	}
}

// Start runs the node's daemon.
func (n *Node) Start(t testing.TB, env ...string) *Process {
	t.Helper()
	var file strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&file, format+"\n", args...) }
	line("nodes: [%q]", n.Settings.RPC)
	line("store: %q", n.Settings.Store)
	line("key: {name: %s, backend: test}", n.Role)
	line("max_runs: %d", max(1, n.Settings.MaxRuns))
	line("poll: 500ms")
	line("sandbox: {cache: %q, docker: {use: %q, gpus: [%s], registries: [%s]}, kinds: [%s], network: [%s]}",
		filepath.Join(n.network.Home, "cache"), n.Settings.Docker, strings.Join(n.Settings.GPUs, ", "), quoted(n.Settings.Registries), strings.Join(n.Settings.Kinds, ", "), strings.Join(n.Settings.Network, ", "))
	if n.Settings.Job != "" {
		line("jobs: [%q]\napply: true", n.Settings.Job)
	}
	if n.Settings.Limits != "" {
		line("limits: %s", n.Settings.Limits)
	}
	if n.Settings.Policy != "" {
		line("policy: %s", n.Settings.Policy)
	}
	if err := os.WriteFile(filepath.Join(n.Home, n.Role+".yaml"), []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(n.network.Home, "logs", filepath.Base(n.Home)+".log")
	process, err := Start(filepath.Base(n.Home), log, env, n.Role, "--home", n.Home, "--log-level", "debug")
	if err != nil {
		t.Fatal(err)
	}
	n.process = process
	return process
}

// quoted are words of a YAML list, whatever is in them.
func quoted(words []string) string {
	var all []string
	for _, word := range words {
		all = append(all, strconv.Quote(word))
	}
	return strings.Join(all, ", ")
}

// Process is the daemon that was started last.
func (n *Node) Process() *Process { return n.process }

// Kill ends the node's daemon as by kill -9.
func (n *Node) Kill() {
	if n.process != nil {
		n.process.Kill()
	}
}

// IsMember says whether the node has its place in a job's tree.
func (n *Node) IsMember(job uint64) bool {
	var answer struct{}
	return n.network.Get(fmt.Sprintf("/ain/reputation/v1/trees/%d/nodes/%s", job, n.Address), &answer) == nil
}

// AwaitMember waits until the node has its place in a job's tree.
func (n *Node) AwaitMember(t testing.TB, job uint64) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%s is a node of job %d", filepath.Base(n.Home), job), Patience, func() error {
		if !n.IsMember(job) {
			return fmt.Errorf("it is not: %s", n.process.tail())
		}
		return nil
	})
}

// AwaitRunning waits until as many nodes of a job run.
func (n *Network) AwaitRunning(t testing.TB, job uint64, evaluators, workers int) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%d evaluators and %d workers run job %d", evaluators, workers, job), Patience, func() error {
		stats, err := n.Stats(job)
		if err == nil && (stats.RunningEvaluators != evaluators || stats.RunningWorkers != workers) {
			err = fmt.Errorf("%+v", stats)
		}
		return err
	})
}

// Tx sends a message of the chain's modules, `aind tx …`, as the node's owner. That it was broadcast says nothing yet.
func (n *Node) Tx(t testing.TB, args ...string) {
	t.Helper()
	result := Command{Args: append(append([]string{"tx"}, args...), "--from", n.Role, "--home", n.Home, "--keyring-backend", "test",
		"--node", n.network.RPC(), "--chain-id", chainID, "--gas", "500000", "--output", "json", "--yes")}.Run(t)
	var answer struct {
		Code int
		Log  string `json:"raw_log"`
	}
	if err := json.Unmarshal([]byte(result.Out), &answer); err != nil || answer.Code != 0 || result.Code != 0 {
		t.Fatalf("aind tx %q: %s", args, result)
	}
}
