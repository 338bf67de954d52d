// Command growth measures P4: what lives of requests and sends cost on a chain with a long past and many requests under way,
// beside a young one, and how many bytes of state requests take.
//
// Both chains are open at once and take turns. Their past is planted: copies of a request that was led through its life,
// each with a client of its own, and as many more accounts with coins; requests under way are ordered. With -long the past
// is ten times as long, which takes minutes to plant.
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
)

// settings of the measurement.
type settings struct {
	rounds, requests, workers, sends int
	young, old                       past
}

// past is what a chain has behind it, and under way.
type past struct{ finished, live int }

func main() {
	s := settings{young: past{1_000, 1_000}}
	flag.IntVar(&s.rounds, "rounds", 7, "how often each chain takes its turn")
	flag.IntVar(&s.requests, "requests", 50, "requests that live in step in a turn, one message a transaction")
	flag.IntVar(&s.workers, "workers", 3, "workers of a request")
	flag.IntVar(&s.sends, "sends", 400, "sends in a turn")
	flag.IntVar(&s.old.finished, "finished", 100_000, "finished requests of the old chain, and accounts")
	flag.IntVar(&s.old.live, "live", 10_000, "requests under way on the old chain")
	long := flag.Bool("long", false, "ten times as many of both")
	flag.Parse()
	if *long {
		s.old = past{10 * s.old.finished, 10 * s.old.live}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	conditions := measure.Observe(ctx)
	young, err := grow(ctx, s.young, s.workers)
	if err != nil {
		return fmt.Errorf("the young chain: %w", err)
	}
	defer func() { err = errors.Join(err, young.Close()) }()
	old, err := grow(ctx, s.old, s.workers)
	if err != nil {
		return fmt.Errorf("the old chain: %w", err)
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	var turns [2][]turn
	for n := range s.rounds + 1 { // the first warms up
		for i, c := range []*grown{young, old} {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			t, err := s.turn(c, n)
			if err != nil {
				return fmt.Errorf("round %d: %w", n, err)
			}
			if n > 0 {
				turns[i] = append(turns[i], t)
			}
		}
	}
	r := summarize(turns[0], turns[1], young, old)
	if r.Forgotten, err = young.forget((s.rounds + 1) * s.requests); err != nil {
		return err
	}
	return measure.Line{
		Figure: "P4", What: "lives and sends on a chain with a long past, beside a young one; bytes of state for a request", Result: r,
		Settings: map[string]any{
			"rounds": s.rounds, "requests": s.requests, "workers_per_request": s.workers, "sends": s.sends,
			"young_finished": s.young.finished, "young_live": s.young.live, "old_finished": s.old.finished, "old_live": s.old.live,
			"accounts":     "as many as finished requests",
			"transactions": "one message each, checked and executed; no consensus, no network",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// turn is what one chain did in one round.
type turn struct{ lives, sends statemachine.Cost }

func (s settings) turn(c *grown, n int) (turn, error) {
	lives, err := c.Live(n*s.requests, s.requests, s.workers, statemachine.Honest)
	if err != nil {
		return turn{}, err
	}
	sends := make([]market.Turn, s.sends)
	for i := range sends {
		sends[i] = c.send(n*s.sends + i)
	}
	cost, _, err := c.Execute(sends)
	return turn{statemachine.Sum(lives), cost}, err
}

// result of all rounds.
type result struct {
	// Of the old chain over the young: messages in a second, and CPU for one.
	Lives    measure.Spread `json:"lives_old_over_young"`
	Sends    measure.Spread `json:"sends_old_over_young"`
	LivesCPU measure.Spread `json:"lives_cpu_old_over_young"`
	SendsCPU measure.Spread `json:"sends_cpu_old_over_young"`
	Young    figures        `json:"young"`
	Old      figures        `json:"old"`
	// Forgotten is what the state keeps for a request whose retention is over, in bytes.
	Forgotten float64 `json:"forgotten_bytes"`
}

// figures of one chain.
type figures struct {
	LifeCPU measure.Spread `json:"life_message_cpu_us"`
	SendCPU measure.Spread `json:"send_cpu_us"`
	// Keys and values of the state's stores, for a request.
	Finished float64 `json:"finished_bytes"`
	Live     float64 `json:"live_bytes"`
	Grown    float64 `json:"grown_in_s"`
}

func summarize(young, old []turn, youngChain, oldChain *grown) result {
	lives := func(t turn) statemachine.Cost { return t.lives }
	sends := func(t turn) statemachine.Cost { return t.sends }
	return result{
		Lives:    measure.SpreadOf(measure.Ratios(rates(old, lives), rates(young, lives))),
		Sends:    measure.SpreadOf(measure.Ratios(rates(old, sends), rates(young, sends))),
		LivesCPU: measure.SpreadOf(measure.Ratios(cpu(old, lives), cpu(young, lives))),
		SendsCPU: measure.SpreadOf(measure.Ratios(cpu(old, sends), cpu(young, sends))),
		Young:    youngChain.figures(young), Old: oldChain.figures(old),
	}
}

func (c *grown) figures(turns []turn) figures {
	return figures{
		LifeCPU:  measure.SpreadOf(cpu(turns, func(t turn) statemachine.Cost { return t.lives })),
		SendCPU:  measure.SpreadOf(cpu(turns, func(t turn) statemachine.Cost { return t.sends })),
		Finished: c.finishedBytes, Live: c.liveBytes, Grown: measure.Round(c.took.Seconds()),
	}
}

func rates(turns []turn, of func(turn) statemachine.Cost) []float64 {
	return each(turns, func(t turn) float64 { return float64(of(t).Messages) / of(t).Wall.Seconds() })
}

func cpu(turns []turn, of func(turn) statemachine.Cost) []float64 {
	return each(turns, func(t turn) float64 { return 1000 * measure.Millis(of(t).CPU()) / float64(of(t).Messages) })
}

func each(turns []turn, of func(turn) float64) []float64 {
	values := make([]float64, len(turns))
	for i, t := range turns {
		values[i] = of(t)
	}
	return values
}
