package devnet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// daemonSettings is the file that a daemon of the network reads.
type daemonSettings struct {
	ChainID string      `yaml:"chain_id"`
	Nodes   []string    `yaml:"nodes"`
	Store   string      `yaml:"store"`
	Key     keySettings `yaml:"key"`
	Jobs    []string    `yaml:"jobs,omitempty"`
	Apply   bool        `yaml:"apply,omitempty"`
	MaxRuns int         `yaml:"max_runs"`
	Poll    string      `yaml:"poll"`
	Sandbox sandbox     `yaml:"sandbox"`
}

type sandbox struct {
	// Cache is shared by all daemons: compiling the Python runtime takes seconds.
	Cache string `yaml:"cache"`
}

type keySettings struct {
	Name    string `yaml:"name"`
	Backend string `yaml:"backend"`
}

// writeDaemonSettings makes the settings of a daemon. Ports may have changed since the last run, so they are written at
// every start.
func (n *Network) writeDaemonSettings(m member) error {
	settings := daemonSettings{
		ChainID: chainID,
		Nodes:   []string{n.RPC()},
		Store:   n.Store(),
		Key:     keySettings{Name: m.name, Backend: "test"},
		MaxRuns: 1,
		Poll:    "1s",
		Sandbox: sandbox{Cache: n.config.folder("cache")},
	}
	if m.daemon != "admin" {
		settings.Jobs, settings.Apply = []string{n.state.Job}, true
	}
	return writeYAML(filepath.Join(n.config.folder(m.folder), m.daemon+".yaml"), settings)
}

// writeYAML makes a file that its owner alone can read.
func writeYAML(path string, content any) error {
	text, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte("# Written by `aind devnet` at every start.\n"), text...), 0o600)
}

// writeClientConfig makes the settings of those who use the network by hand.
func (n *Network) writeClientConfig() error {
	for folder, from := range map[string]string{"client": accountClient, "admin": accountAdmin, "node": accountValidator} {
		settings := client.DefaultSettings()
		settings.ChainID = chainID
		settings.KeyringBackend = "test"
		settings.From = from
		settings.Node = n.RPC()
		settings.Store = n.Store()
		if err := settings.Write(n.config.folder(folder)); err != nil {
			return err
		}
	}
	return nil
}

// startNodes runs the admin, the evaluators and the workers, and waits until all of them are in the job's tree.
func (n *Network) startNodes(ctx context.Context) error {
	jobID, err := chain.ParseJobID(n.state.Job)
	if err != nil {
		return fmt.Errorf("%s: %w", statePath(n.config.Home), err)
	}
	for _, m := range n.config.members() {
		if m.daemon == "" {
			continue
		}
		if err := n.writeDaemonSettings(m); err != nil {
			return err
		}
		p, err := n.supervisor.start(spec{name: m.name, args: []string{m.daemon, "--home", n.config.folder(m.folder)}})
		if err != nil {
			return err
		}
		n.nodes = append(n.nodes, p)
	}
	return n.awaitNodes(ctx, jobID)
}

// awaitNodes waits until every evaluator and worker is approved and alive.
func (n *Network) awaitNodes(ctx context.Context, jobID uint64) error {
	shown := ""
	for _, p := range n.nodes {
		err := await(ctx, p, "all nodes to be running", func(ctx context.Context) error {
			stats, err := n.chain.Reputation().Stats(ctx, &reputationtypes.QueryStatsRequest{JobId: jobID})
			if err != nil {
				return err
			}
			running := fmt.Sprintf("%d of %d evaluators and %d of %d workers are running",
				stats.RunningEvaluators, n.config.Evaluators, stats.RunningWorkers, n.config.Workers)
			if running != shown {
				shown = running
				n.config.Report("  " + running)
			}
			if stats.RunningEvaluators < uint64(n.config.Evaluators) || stats.RunningWorkers < uint64(n.config.Workers) {
				return fmt.Errorf("only %s", running)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
