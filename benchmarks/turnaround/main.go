// Command turnaround measures P2: how long a client waits for a job that does nothing, from its order to the ranking and to
// the settled result, on a network whose validators share this machine and whose nodes are daemons.
//
// Requests come one after another, with pauses of random length between them, so that they do not fall in step with the
// blocks. The client accepts as soon as it sees the ranking. It learns of both as every client does: an event wakes it, and
// it asks the chain.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/network"
	"github.com/ain-network/aind/chain"
)

// mostPause between two requests.
const mostPause = 200 * time.Millisecond

func main() {
	requests := flag.Int("requests", 100, "how many requests are measured, after a tenth as many that are not")
	validators := flag.Int("validators", 1, "how many validators the network has")
	build := flag.String("build", "build", "folder of the built programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *build, *validators, *requests); err != nil {
		fmt.Fprintln(os.Stderr, "turnaround:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, build string, validators, requests int) (err error) {
	conditions := measure.Observe(ctx)
	net, err := network.Open(ctx, filepath.Join(build, "aind"), validators)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	customer, err := open(ctx, net, build)
	if err != nil {
		return err
	}
	for range max(1, requests/10) {
		if _, err := customer.order(ctx); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
	}
	r, err := customer.measure(ctx, net, requests)
	if err != nil {
		return err
	}
	return measure.Line{
		Figure: "P2", What: "request to ranked and to settled, a job that does nothing", Result: r,
		Settings: map[string]any{
			"validators": validators, "requests": requests, "profile": "aind devnet", "program": "WASM", "workers_per_request": 1,
			"nodes": "1 worker, 1 evaluator, 1 admin; beside them 1 worker and 1 evaluator of another job, idle",
			"pause": "random, up to " + mostPause.String(),
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// open registers the job, runs its nodes and returns a customer.
func open(ctx context.Context, net *network.Network, build string) (*customer, error) {
	job, err := net.RegisterNoop(ctx, ".", filepath.Join(build, "examples"))
	if err != nil {
		return nil, err
	}
	for _, role := range []string{"evaluator", "worker"} {
		if err := net.StartNode(ctx, role, job); err != nil {
			return nil, err
		}
	}
	if err := net.AwaitRunning(ctx, job); err != nil {
		return nil, err
	}
	id, err := chain.ParseJobID(job)
	if err != nil {
		return nil, err
	}
	key, err := net.Key("client", "client")
	if err != nil {
		return nil, err
	}
	return newCustomer(ctx, net.Chain, key, id), nil
}

// result of all requests. Times are milliseconds.
type result struct {
	Ranked  measure.Spread `json:"ranked_ms"`
	Settled measure.Spread `json:"settled_ms"`
	// P99OverP50 of settled.
	P99OverP50 float64 `json:"settled_p99_over_p50"`
	// Stages by the chain clock, each from the block of the stage before to its own.
	Stages []stage `json:"stages"`
	// Blocks from that of the request to that of the client's acceptance, both counted.
	Blocks measure.Spread `json:"blocks"`
	// Block is the mean time from one block to the next during the measurement.
	Block float64 `json:"block_ms"`
	// CPU of the whole network and of the client for each request, the pauses' included.
	NetworkCPU float64 `json:"network_cpu_ms_per_request"`
	ClientCPU  float64 `json:"client_cpu_ms_per_request"`
}

type stage struct {
	Name string         `json:"name"`
	Took measure.Spread `json:"ms"`
}

// measure orders one request after another.
func (c *customer) measure(ctx context.Context, net *network.Network, requests int) (result, error) {
	rpc, err := rpchttp.New(net.RPC(), "/websocket")
	if err != nil {
		return result{}, err
	}
	before, err := observe(ctx, rpc, net)
	if err != nil {
		return result{}, err
	}
	lives := make([]life, 0, requests)
	for range requests {
		lived, err := c.order(ctx)
		if err != nil {
			return result{}, err
		}
		lives = append(lives, lived)
		select {
		case <-time.After(rand.N(mostPause)):
		case <-ctx.Done():
			return result{}, ctx.Err()
		}
	}
	after, err := observe(ctx, rpc, net)
	if err != nil {
		return result{}, err
	}
	r := summarize(lives)
	r.Block = measure.Round(measure.Millis(after.at.Sub(before.at)) / float64(after.height-before.height))
	r.NetworkCPU = measure.Round(measure.Millis(after.network-before.network) / float64(requests))
	r.ClientCPU = measure.Round(measure.Millis(after.client-before.client) / float64(requests))
	return r, nil
}

func summarize(lives []life) result {
	var r result
	var ranked, settled, blocks []float64
	stages := make([][]float64, len(stageNames))
	for _, l := range lives {
		ranked, settled = append(ranked, measure.Millis(l.ranked)), append(settled, measure.Millis(l.settled))
		blocks = append(blocks, float64(l.blocks))
		for i := range stages {
			stages[i] = append(stages[i], float64(l.times[i+1]-l.times[i]))
		}
	}
	r.Ranked, r.Settled, r.Blocks = measure.SpreadOf(ranked), measure.SpreadOf(settled), measure.SpreadOf(blocks)
	r.P99OverP50 = measure.Round(r.Settled.P99 / r.Settled.P50)
	for i, name := range stageNames {
		r.Stages = append(r.Stages, stage{name, measure.SpreadOf(stages[i])})
	}
	return r
}

// moment is what is compared before and after.
type moment struct {
	height          int64
	at              time.Time
	network, client time.Duration // CPU
}

func observe(ctx context.Context, rpc *rpchttp.HTTP, net *network.Network) (moment, error) {
	status, err := rpc.Status(ctx)
	if err != nil {
		return moment{}, err
	}
	m := moment{height: status.SyncInfo.LatestBlockHeight, at: status.SyncInfo.LatestBlockTime}
	for _, pid := range net.PIDs() {
		used, err := measure.TreeCPU(pid)
		if err != nil {
			return moment{}, err
		}
		m.network += used
	}
	m.client, err = measure.CPU(os.Getpid())
	return m, err
}
