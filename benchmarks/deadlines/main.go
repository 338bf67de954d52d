// Command deadlines measures P10: how long a block takes that finds very many requests overdue, on a chain with very many
// requests that are not, beside empty blocks.
//
// Two kinds fall due, one after the other: requests that no evaluator took, whose clients get everything back, and requests
// whose challenge window ends, whose nodes are paid. What is measured is all of a block without transactions: its begin and
// end, the hash of its state, and its commit to disk apart.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/statemachine"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const (
	// Chain time passes in tiny steps while requests are made, so that nothing falls due before all are there.
	blockTime = time.Millisecond
	openMs    = 12_000 // those that nobody takes
	rankedMs  = 24_000 // those that are ranked
	idle      = 50     // blocks of each kind in which nothing happens
)

// settings of the measurement.
type settings struct {
	live, open, ranked, workers int
}

func main() {
	var s settings
	flag.IntVar(&s.live, "live", 100_000, "requests that are open all the time, those that fall due included")
	flag.IntVar(&s.open, "open", 10_000, "requests that fall due at once because nobody took them")
	flag.IntVar(&s.ranked, "ranked", 1_000, "requests whose challenge window ends at once")
	flag.IntVar(&s.workers, "workers", 3, "workers of a request")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "deadlines:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	conditions := measure.Observe(ctx)
	windows := market.Windows()
	windows.ChallengeMs = rankedMs
	job, err := statemachine.OpenJob(ctx, windows, statemachine.Cast{Clients: 1000, Evaluators: 16, Workers: 16})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, job.Close()) }()
	job.BlockTime = blockTime
	var r result
	if r.Empty, err = idleBlocks(job); err != nil {
		return err
	}
	if err := s.fill(ctx, job); err != nil {
		return err
	}
	if r.Live, err = idleBlocks(job); err != nil {
		return err
	}
	if r.Open, err = fallDue(job, openMs, s.open); err != nil {
		return fmt.Errorf("requests that nobody took: %w", err)
	}
	if r.Ranked, err = fallDue(job, rankedMs-openMs, s.ranked); err != nil {
		return fmt.Errorf("requests that were ranked: %w", err)
	}
	return measure.Line{
		Figure: "P10", What: "blocks that find very many requests overdue, beside empty ones", Result: r,
		Settings: map[string]any{
			"live": s.live, "overdue_open": s.open, "overdue_ranked": s.ranked, "workers_per_request": s.workers,
			"sweep_payouts": jobstypes.DefaultParams().SweepPayouts, "blocks": "without transactions",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// fill makes all requests: the ranked first, whose window is the longest.
func (s settings) fill(ctx context.Context, job *statemachine.Job) error {
	if err := rank(job, s.ranked, s.workers); err != nil {
		return err
	}
	windows := market.Windows()
	windows.OpenMs = openMs
	short, err := job.Register(ctx, windows)
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		job   uint64
		count int
	}{{job.ID, s.live - s.open - s.ranked}, {short, s.open}} {
		for n := 0; n < kind.count; n += statemachine.Batch {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			customer := job.Clients[n/statemachine.Batch%len(job.Clients)]
			if _, err := job.Order(kind.job, customer, s.workers, min(statemachine.Batch, kind.count-n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rank has requests made and ranked, many in a transaction.
func rank(job *statemachine.Job, requests, workers int) error {
	for n := 0; n < requests; n += statemachine.Batch {
		life, err := job.Life(n/statemachine.Batch, workers)
		if err != nil {
			return err
		}
		ids, err := job.Order(job.ID, life.Client, workers, min(statemachine.Batch, requests-n))
		if err != nil {
			return err
		}
		for _, step := range life.ToRanking(ids) {
			if _, _, err := job.Execute(step.Turns); err != nil {
				return fmt.Errorf("%s: %w", step.Name, err)
			}
		}
	}
	return nil
}

// result in milliseconds.
type result struct {
	Empty  blocks `json:"empty"`
	Live   blocks `json:"live_and_nothing_due"`
	Open   blocks `json:"overdue_open"`
	Ranked blocks `json:"overdue_ranked"`
}

// blocks of one kind.
type blocks struct {
	Count    int            `json:"blocks"`
	Finalize measure.Spread `json:"finalize_ms"`
	Commit   measure.Spread `json:"commit_ms"`
	// Ended is how many requests a block ended.
	Ended measure.Spread `json:"ended"`
}

func idleBlocks(job *statemachine.Job) (blocks, error) {
	made := make([]statemachine.Block, idle)
	for i := range made {
		var err error
		if made[i], err = job.Block(); err != nil {
			return blocks{}, err
		}
	}
	return describe(made), nil
}

// fallDue lets chain time pass at once, and makes blocks until so many requests are over.
func fallDue(job *statemachine.Job, ms, requests int) (blocks, error) {
	job.BlockTime = time.Duration(ms) * time.Millisecond
	var made []statemachine.Block
	for left := requests; left > 0; {
		block, err := job.Block()
		if err != nil {
			return blocks{}, err
		}
		job.BlockTime = blockTime
		if block.Ended() == 0 {
			return blocks{}, fmt.Errorf("a block ended none while %d were left", left)
		}
		left -= block.Ended()
		made = append(made, block)
	}
	return describe(made), nil
}

func describe(made []statemachine.Block) blocks {
	var finalize, commit, ended []float64
	for _, block := range made {
		finalize, commit = append(finalize, measure.Millis(block.Finalize)), append(commit, measure.Millis(block.Commit))
		ended = append(ended, float64(block.Ended()))
	}
	return blocks{len(made), measure.SpreadOf(finalize), measure.SpreadOf(commit), measure.SpreadOf(ended)}
}
