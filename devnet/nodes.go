package devnet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
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
	Policy  policy      `yaml:"policy"`
	Limits  limits      `yaml:"limits"`
	Sandbox sandbox     `yaml:"sandbox"`
}

type policy struct {
	CustomCode bool `yaml:"custom_code,omitempty"`
}

type limits struct {
	// Memory of a run: libraries for training take more than the usual.
	Memory string `yaml:"memory,omitempty"`
}

type docker struct {
	Use string `yaml:"use,omitempty"`
}

type sandbox struct {
	Docker docker `yaml:"docker,omitempty"`
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
		Nodes:   n.endpoints(),
		Store:   n.Store(m.name),
		Key:     keySettings{Name: m.name, Backend: "test"},
		MaxRuns: 1,
		Sandbox: sandbox{Cache: n.config.folder("cache")},
	}
	if n.state.Custom != "" {
		settings.Policy.CustomCode, settings.Limits.Memory, settings.Sandbox.Docker.Use = true, customMemory, "prefer"
	}
	if m.daemon != "admin" {
		settings.Jobs, settings.Apply = []string{n.state.Job}, true
		if n.state.Custom != "" {
			settings.Jobs = append(settings.Jobs, n.state.Custom)
		}
	}
	return writeYAML(filepath.Join(n.config.folder(m.folder), m.daemon+".yaml"), settings)
}

// customMemory is what a run may use where requests name their program.
const customMemory = "2GiB"

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
	for i, m := range n.config.validators() {
		if err := n.writeSettings(m.folder, m.name, rpcOf(n.state.validators()[i])); err != nil {
			return err
		}
	}
	for folder, from := range map[string]string{"client": accountClient, "admin": accountAdmin} {
		if err := n.writeSettings(folder, from, n.endpoints()...); err != nil {
			return err
		}
	}
	return nil
}

// writeSettings makes the settings of somebody who signs with a key and asks nodes, the first that answers.
func (n *Network) writeSettings(folder, from string, nodes ...string) error {
	settings := client.DefaultSettings()
	settings.ChainID = chainID
	settings.KeyringBackend = "test"
	settings.From = from
	settings.Node = strings.Join(nodes, ",")
	settings.Store = n.Store(from)
	return settings.Write(n.config.folder(folder))
}

// startNodes runs the admin, the evaluators and the workers, and waits until all of them are in the job's tree.
func (n *Network) startNodes(ctx context.Context) error {
	jobs, err := n.jobIDs()
	if err != nil {
		return err
	}
	clock, err := n.chain.Jobs().Clock(ctx, &jobstypes.QueryClockRequest{})
	if err != nil {
		return err
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
	for _, jobID := range jobs {
		if err := n.awaitNodes(ctx, jobID, clock.Clock.BlockMs); err != nil {
			return err
		}
	}
	return n.lookForImages(ctx, jobs[len(jobs)-1])
}

// jobIDs are those of the network's jobs.
func (n *Network) jobIDs() ([]uint64, error) {
	var ids []uint64
	for _, job := range []string{n.state.Job, n.state.Custom} {
		if job == "" {
			continue
		}
		id, err := chain.ParseJobID(job)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", statePath(n.config.Home), err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// lookForImages finds out whether the workers can run images.
func (n *Network) lookForImages(ctx context.Context, jobID uint64) error {
	found, err := n.chain.Reputation().Nodes(ctx, &reputationtypes.QueryNodesRequest{JobId: jobID, Role: program.ROLE_WORKER, RunningOnly: true})
	if err != nil {
		return err
	}
	for _, node := range found.Nodes {
		n.images = n.images || slices.Contains(node.Node.Capability.Tags, "docker")
	}
	return nil
}

// awaitNodes waits until every evaluator and worker is approved and gave a sign of life since a block time in milliseconds:
// what a node did in an earlier run of the network says nothing about this one.
func (n *Network) awaitNodes(ctx context.Context, jobID uint64, since int64) error {
	shown := ""
	return await(ctx, "all nodes to be running", func(ctx context.Context) error {
		evaluators, err := n.running(ctx, jobID, program.ROLE_EVALUATOR, since)
		if err != nil {
			return err
		}
		workers, err := n.running(ctx, jobID, program.ROLE_WORKER, since)
		if err != nil {
			return err
		}
		running := fmt.Sprintf("%d of %d evaluators and %d of %d workers are running", evaluators, n.config.Evaluators, workers, n.config.Workers)
		if running != shown {
			shown = running
			n.config.Report("  " + running)
		}
		if evaluators < n.config.Evaluators || workers < n.config.Workers {
			return fmt.Errorf("only %s", running)
		}
		return nil
	}, n.nodes...)
}

// running counts the nodes of a role that were seen since a block time.
func (n *Network) running(ctx context.Context, jobID uint64, role program.Role, since int64) (int, error) {
	found, err := n.chain.Reputation().Nodes(ctx, &reputationtypes.QueryNodesRequest{
		JobId: jobID, Role: role, Status: reputationtypes.NODE_STATUS_ACTIVE, RunningOnly: true,
	})
	if err != nil {
		return 0, err
	}
	count := 0
	for _, node := range found.Nodes {
		if node.SeenMs > since {
			count++
		}
	}
	return count, nil
}
