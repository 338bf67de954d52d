package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"cosmossdk.io/math"
	"go.yaml.in/yaml/v3"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// RegisterNoop registers the job that does nothing as the devnet's admin, whose daemon then decides on applications.
// examples is where `make examples` has put its programs.
func (n *Network) RegisterNoop(ctx context.Context, root, examples string) (job string, err error) {
	cmd := exec.CommandContext(ctx, n.program, "registerJob",
		filepath.Join(root, "examples", "noop", "job_schema.proto"),
		filepath.Join(examples, "noop", "worker.wasm"), filepath.Join(examples, "noop", "evaluator.wasm"),
		"--source", "https://github.com/ain-network/aind", "--commit", "benchmark",
		"--home", filepath.Join(n.home, "admin"), "--output", "json")
	out, err := cmd.Output()
	if err != nil {
		var exited *exec.ExitError
		if errors.As(err, &exited) {
			err = fmt.Errorf("%w: %s", err, exited.Stderr)
		}
		return "", fmt.Errorf("register the job: %w", err)
	}
	var answer struct{ Job string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("register the job: %w", err)
	}
	return answer.Job, nil
}

// StartNode makes an account, funds it, and runs its daemon for a job, with the settings that a devnet's own nodes have.
// role is worker or evaluator.
func (n *Network) StartNode(ctx context.Context, role, job string) error {
	home := filepath.Join(n.home, "bench-"+role)
	ring, err := client.OpenKeyring(home, "test", "")
	if err != nil {
		return err
	}
	key, _, err := ring.Create(role)
	if err != nil {
		return err
	}
	if err := n.Fund(ctx, key, math.NewInt(1_000_000_000)); err != nil {
		return err
	}
	space, err := n.reserve(ctx, key)
	if err != nil {
		return err
	}
	settings, err := yaml.Marshal(map[string]any{
		"chain_id": chain.DefaultChainID, "nodes": []string{n.RPC()}, "store": daemon.SpaceURL(space),
		"key":  map[string]string{"name": role, "backend": "test"},
		"jobs": []string{job}, "apply": true, "max_runs": 1, "poll": "1s",
		"sandbox": map[string]string{"cache": filepath.Join(n.home, "cache")},
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, role+".yaml"), settings, 0o600); err != nil {
		return err
	}
	p, err := n.start("bench-"+role, role, "--home", home)
	if err == nil {
		n.nodes = append(n.nodes, p)
	}
	return err
}

// reserve is a space of the devnet's provider for an account, for an hour.
func (n *Network) reserve(ctx context.Context, key client.Key) (uint64, error) {
	provider, err := n.Chain.Storage().Provider(ctx, &storagetypes.QueryProviderRequest{Provider: n.state.Accounts["store"]})
	if err != nil {
		return 0, fmt.Errorf("ask for the provider: %w", err)
	}
	receipt, err := n.Chain.Do(ctx, key, &storagetypes.MsgReserveSpace{
		Signer: key.Address().String(), Provider: provider.Provider.Owner, SizeBytes: 1 << 30, DurationMs: 3_600_000, MaxPrice: provider.Provider.Price,
		Read: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_PARTICIPANTS},
	})
	if err != nil {
		return 0, fmt.Errorf("reserve a space: %w", err)
	}
	var reserved storagetypes.MsgReserveSpaceResponse
	err = receipt.Response(0, &reserved)
	return reserved.Space, err
}

// Fund gives an account coins of the treasury, in uain, of which it puts half at stake.
func (n *Network) Fund(ctx context.Context, key client.Key, amount math.Int) error {
	treasury, err := n.Key("client", "treasury")
	if err != nil {
		return err
	}
	coins := sdk.NewCoins(sdk.NewCoin(chain.Denom, amount))
	if _, err := n.Chain.Do(ctx, treasury, banktypes.NewMsgSend(treasury.Address(), key.Address(), coins)); err != nil {
		return fmt.Errorf("fund %s: %w", key.Address(), err)
	}
	_, err = n.Chain.Do(ctx, key, &escrowtypes.MsgSetStake{Owner: key.Address().String(), Amount: amount.QuoRaw(2)})
	if err != nil {
		return fmt.Errorf("stake of %s: %w", key.Address(), err)
	}
	return nil
}

// AwaitRunning waits until an evaluator and a worker of a job run.
func (n *Network) AwaitRunning(ctx context.Context, job string) error {
	id, err := chain.ParseJobID(job)
	if err != nil {
		return err
	}
	return n.await(ctx, "the nodes of job "+job, func() error {
		stats, err := n.Chain.Reputation().Stats(ctx, &reputationtypes.QueryStatsRequest{JobId: id})
		if err == nil && (stats.RunningEvaluators == 0 || stats.RunningWorkers == 0) {
			err = fmt.Errorf("only %d evaluators and %d workers run", stats.RunningEvaluators, stats.RunningWorkers)
		}
		return err
	})
}
