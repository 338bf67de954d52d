// Command lifecycles measures P1: how many full paid lives of requests one node executes in a second, beside plain sends of
// coins on the same node with the same settings.
//
// A life with three workers is thirteen messages: request, the acceptances of the evaluator and the workers, their commitments
// and reveals, rank, and the client's acceptance, soon after which everybody is paid. Deposits and bonds are on. The node runs alone, in a process of its own; this process plays all
// roles, signs everything, and runs no programs. Lanes work in a closed loop: each has one transaction on its way and sends
// the next when the block of the last was executed. Three kinds of load take turns: sends, lives with one message a
// transaction, and lives whose lanes carry many requests at once, so that each transaction holds many messages.
//
// What counts is what the results of blocks say: a transaction whose code is 0, a request whose settlement is an event.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/network"
)

// settings of the measurement.
type settings struct {
	rounds  int
	phase   time.Duration
	ramp    time.Duration
	lanes   int
	batch   int
	clients int
	nodes   int
	workers int
	profile string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "how often each load takes its turn")
	flag.DurationVar(&s.phase, "phase", 4*time.Second, "how long a load is measured in each turn")
	flag.DurationVar(&s.ramp, "ramp", 2*time.Second, "how long a load runs before it is measured: longer than one life takes")
	flag.IntVar(&s.lanes, "lanes", 128, "how many transactions are on their way at once")
	flag.IntVar(&s.batch, "batch", 20, "messages of a transaction where they are batched")
	flag.IntVar(&s.clients, "clients", 1000, "how many clients there are; they take turns")
	flag.IntVar(&s.nodes, "nodes", 64, "how many evaluators there are, and how many workers")
	flag.IntVar(&s.workers, "workers", 3, "workers of a request")
	flag.StringVar(&s.profile, "pprof", "", "address at which the node serves profiles of itself, localhost:6060; empty: nowhere")
	build := flag.String("build", "build", "folder of the built programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *build, s); err != nil {
		fmt.Fprintln(os.Stderr, "lifecycles:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, build string, s settings) (err error) {
	conditions := measure.Observe(ctx)
	var more []string
	if s.profile != "" {
		more = []string{"--rpc.pprof_laddr", s.profile}
	}
	net, err := network.OpenChain(ctx, filepath.Join(build, "aind"), more...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	l, err := newLedger(net.RPC(), s.lanes)
	if err != nil {
		return err
	}
	following, stopFollowing := context.WithCancel(ctx)
	followed := make(chan error, 1)
	go func() { followed <- l.follow(following, net.Chain.Watch(following)) }()
	defer func() { stopFollowing(); err = errors.Join(err, <-followed) }()

	// A node that has just started takes nothing before its first block.
	select {
	case <-l.nextBlock():
	case <-ctx.Done():
		return ctx.Err()
	}
	cast, err := hire(ctx, net, l, s)
	if err != nil {
		return err
	}
	loads := []load{
		{name: "sends", lanes: s.lanes, turn: func(ctx context.Context, lane int) error { return cast.send(ctx, lane) }},
		{name: "lives", lanes: s.lanes, turn: func(ctx context.Context, lane int) error { return cast.live(ctx, lane, 1) }},
		// As many requests under way as make full batches, in fewer lanes: a block holds few such transactions.
		{name: "batched", lanes: max(1, s.lanes/8), turn: func(ctx context.Context, lane int) error { return cast.live(ctx, lane, s.batch) }},
	}
	turns := map[string][]turn{}
	for round := range s.rounds {
		for _, load := range loads {
			t, err := load.run(ctx, l, net.PID(), s.ramp, s.phase)
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", load.name, round+1, err)
			}
			turns[load.name] = append(turns[load.name], t)
		}
	}
	return measure.Line{
		Figure: "P1", What: "full paid lives of requests a second, beside sends", Result: summarize(turns),
		Settings: map[string]any{
			"rounds": s.rounds, "phase": s.phase.String(), "ramp": s.ramp.String(), "lanes": s.lanes, "batch": s.batch, "batched_lanes": loads[2].lanes,
			"clients": s.clients, "nodes_per_role": s.nodes, "workers_per_request": s.workers, "messages_per_life": market.Messages(s.workers),
			"deposits": "on: evaluator 10,000 uain, bonds a tenth of the workers' reward",
			"profile":  "the node of aind devnet, alone", "transactions": "unordered, fixed gas, sends too",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}
