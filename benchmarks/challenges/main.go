// Command challenges measures P9: what a request costs whose client challenges at every level, beside one whose client
// accepts, and what messages cost that are refused.
//
// Admins stand below each other, so that an evaluator has as many resolvers as a request remembers. Each resolver finds
// against the ranking that it is asked about, which is the longest way that a request can go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/statemachine"
	"github.com/ain-network/aind/client"
)

// settings of the measurement.
type settings struct {
	rounds, requests, workers, levels, refused int
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "how often each path takes its turn")
	flag.IntVar(&s.requests, "requests", 50, "requests that live in step in a round, one message a transaction")
	flag.IntVar(&s.workers, "workers", 3, "workers of a request")
	flag.IntVar(&s.levels, "levels", 3, "levels at which each request is challenged, 1 to 3")
	flag.IntVar(&s.refused, "refused", 500, "messages of each kind that are refused in a round")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "challenges:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	conditions := measure.Observe(ctx)
	job, err := statemachine.OpenJob(ctx, market.Windows(), statemachine.Cast{
		Clients: 200, Admins: s.levels - 1, Evaluators: 16, Workers: 16,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, job.Close()) }()
	if _, err := (settings{requests: 10, workers: s.workers, refused: 50}).round(job, 0); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	rounds := make([]round, s.rounds)
	for i := range rounds {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if rounds[i], err = s.round(job, i*s.requests); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	return measure.Line{
		Figure: "P9", What: "the path of a challenge beside the honest one, and refused messages beside a signature", Result: summarize(rounds),
		Settings: map[string]any{
			"rounds": s.rounds, "requests": s.requests, "workers_per_request": s.workers, "levels": s.levels, "refused": s.refused,
			"transactions": "one message each, checked and executed; no consensus, no network",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// round is one turn of everything.
type round struct {
	honest, challenged statemachine.Cost
	requests           int
	// CPU in microseconds.
	signature, forged, executed float64
}

func (s settings) round(job *statemachine.Job, n int) (round, error) {
	r := round{requests: s.requests}
	honest, err := job.Live(n, s.requests, s.workers, statemachine.Honest)
	if err != nil {
		return r, err
	}
	// The nearest admin resolves first, the root last.
	resolvers := []client.Key{job.Root}
	for _, admin := range job.Admins {
		resolvers = append([]client.Key{admin}, resolvers...)
	}
	challenged, err := job.Live(n, s.requests, s.workers, func(life *market.Life, ids []uint64) []market.Step {
		return life.Challenged(ids, resolvers)
	})
	if err != nil {
		return r, err
	}
	r.honest, r.challenged = statemachine.Sum(honest), statemachine.Sum(challenged)
	return r, s.refuse(job, &r)
}

// result of all rounds.
type result struct {
	CPURatio   measure.Spread `json:"challenged_over_honest_cpu"`
	BytesRatio measure.Spread `json:"challenged_over_honest_bytes"`
	Honest     path           `json:"honest"`
	Challenged path           `json:"challenged"`
	// CPU of one check of a signature, and what refusing a message takes beyond it.
	Signature measure.Spread `json:"signature_us"`
	Forged    measure.Spread `json:"wrong_signature_beyond_us"`
	Executed  measure.Spread `json:"refused_in_its_block_beyond_us"`
}

// path is the cost of one request that takes it.
type path struct {
	CPU        measure.Spread `json:"cpu_ms"`
	Messages   float64        `json:"messages"`
	TxBytes    float64        `json:"transaction_bytes"`
	EventBytes float64        `json:"event_bytes"`
}

func summarize(rounds []round) result {
	of := func(value func(round) float64) []float64 {
		values := make([]float64, len(rounds))
		for i, r := range rounds {
			values[i] = value(r)
		}
		return values
	}
	spread := func(value func(round) float64) measure.Spread { return measure.SpreadOf(of(value)) }
	return result{
		CPURatio:   spread(func(r round) float64 { return float64(r.challenged.CPU()) / float64(r.honest.CPU()) }),
		BytesRatio: spread(func(r round) float64 { return float64(r.challenged.Bytes()) / float64(r.honest.Bytes()) }),
		Honest:     pathOf(rounds, func(r round) statemachine.Cost { return r.honest }),
		Challenged: pathOf(rounds, func(r round) statemachine.Cost { return r.challenged }),
		Signature:  spread(func(r round) float64 { return r.signature }),
		Forged:     spread(func(r round) float64 { return r.forged - r.signature }),
		Executed:   spread(func(r round) float64 { return r.executed - r.signature }),
	}
}

func pathOf(rounds []round, of func(round) statemachine.Cost) path {
	var sum statemachine.Cost
	var cpu []float64
	requests := 0
	for _, r := range rounds {
		cost := of(r)
		sum.Add(cost)
		requests += r.requests
		cpu = append(cpu, measure.Millis(cost.CPU())/float64(r.requests))
	}
	each := func(count int) float64 { return measure.Round(float64(count) / float64(requests)) }
	return path{CPU: measure.SpreadOf(cpu), Messages: each(sum.Messages), TxBytes: each(sum.TxBytes), EventBytes: each(sum.EventBytes)}
}
