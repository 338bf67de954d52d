// Command execution measures P3: the CPU time that a node's state machine takes for each message of a request's life, and
// for a plain send, beside two checks of a signature in the same process.
//
// Each message is a transaction of its own, checked when it comes in and executed in its block, as in a node; what consensus,
// the network and those who watch cost is P1's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/statemachine"
	"github.com/ain-network/aind/chain"
)

// settings of the measurement.
type settings struct {
	rounds, requests, workers, clients, checks int
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 15, "how often lives, sends and signatures take their turn")
	flag.IntVar(&s.requests, "requests", 100, "requests that live in step in a round, one message a transaction")
	flag.IntVar(&s.workers, "workers", 3, "workers of a request")
	flag.IntVar(&s.clients, "clients", 1000, "how many clients there are; they take turns")
	flag.IntVar(&s.checks, "checks", 2000, "signatures checked in a round")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of all rounds; empty: none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "execution:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, profile string) (err error) {
	conditions := measure.Observe(ctx)
	job, err := statemachine.OpenJob(ctx, market.Windows(), statemachine.Cast{Clients: s.clients, Evaluators: 64, Workers: 64})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, job.Close()) }()
	if _, err := (settings{requests: 20, workers: s.workers, checks: 100}).round(job, 0); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	stopProfile, err := measure.Profile(profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
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
		Figure: "P3", What: "CPU for a message executed, beside two checks of a signature", Result: summarize(rounds),
		Settings: map[string]any{
			"rounds": s.rounds, "requests": s.requests, "workers_per_request": s.workers, "clients": s.clients, "signatures": s.checks,
			"transactions": "one message each, checked and executed; no consensus, no network",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// round is one turn of everything.
type round struct {
	lives     []statemachine.StepCost
	sends     statemachine.Cost
	signature time.Duration // one check
	room      time.Duration // counting a send against its payer's room, once
}

func (s settings) round(job *statemachine.Job, n int) (r round, err error) {
	if r.lives, err = job.Live(n, s.requests, s.workers, statemachine.Honest); err != nil {
		return r, err
	}
	sends := make([]market.Turn, market.Messages(s.workers)*s.requests/2)
	for i := range sends {
		from, to := job.Clients[(n+i)%len(job.Clients)], job.Clients[(n+i+1)%len(job.Clients)]
		sends[i] = market.Turn{By: from, Msgs: []sdk.Msg{banktypes.NewMsgSend(from.Address(), to.Address(), sdk.NewCoins(chain.Coin(1)))}}
	}
	if r.sends, _, err = job.Execute(sends); err != nil {
		return r, err
	}
	if r.room, err = job.Room(sends[:min(len(sends), 200)], roomTimes); err != nil {
		return r, err
	}
	r.signature, err = statemachine.SignatureCheck(s.checks)
	return r, err
}

// roomTimes is how often the room of each send is counted, for what the clock of the processor shows to be enough.
const roomTimes = 10

// result of all rounds. Times are microseconds of CPU.
type result struct {
	Signature measure.Spread `json:"signature_us"`
	Life      measure.Spread `json:"message_of_life_us"`
	Send      measure.Spread `json:"send_us"`
	// Room is what counting a send against its room takes, in mempool and block together; it is part of Send.
	Room      measure.Spread `json:"send_room_us"`
	RoomShare measure.Spread `json:"room_over_send_without"`
	// Ratios of each round, to two checks of a signature.
	LifeRatio measure.Spread `json:"life_over_two_signatures"`
	SendRatio measure.Spread `json:"send_over_two_signatures"`
	Steps     []step         `json:"steps"`
}

// step is the mean of all its messages; that of the settlement is for each request.
type step struct {
	Name    string  `json:"name"`
	Check   float64 `json:"check_us"`
	Execute float64 `json:"execute_us"`
	Ratio   float64 `json:"over_two_signatures"`
}

func summarize(rounds []round) result {
	var signatures, lives, sends, rooms, without []float64
	var steps []statemachine.StepCost
	for _, r := range rounds {
		life := statemachine.Sum(r.lives)
		signatures = append(signatures, 1000*measure.Millis(r.signature))
		lives = append(lives, micros(life.CPU(), life.Messages))
		sends = append(sends, micros(r.sends.CPU(), r.sends.Messages))
		rooms = append(rooms, 2000*measure.Millis(r.room))
		without = append(without, sends[len(sends)-1]-rooms[len(rooms)-1])
		steps = statemachine.Merge(steps, r.lives)
	}
	two := make([]float64, len(signatures))
	mean := 0.0
	for i, s := range signatures {
		two[i] = 2 * s
		mean += two[i] / float64(len(two))
	}
	r := result{
		Room: measure.SpreadOf(rooms), RoomShare: measure.SpreadOf(measure.Ratios(rooms, without)),
		Signature: measure.SpreadOf(signatures), Life: measure.SpreadOf(lives), Send: measure.SpreadOf(sends),
		LifeRatio: measure.SpreadOf(measure.Ratios(lives, two)), SendRatio: measure.SpreadOf(measure.Ratios(sends, two)),
	}
	for _, s := range steps {
		count := s.Messages
		if count == 0 { // blocks that settle hold no messages
			count = steps[0].Messages
		}
		r.Steps = append(r.Steps, step{
			s.Name, measure.Round(micros(s.Check, count)), measure.Round(micros(s.Execute, count)), measure.Round(micros(s.CPU(), count) / mean),
		})
	}
	return r
}

func micros(d time.Duration, count int) float64 { return 1000 * measure.Millis(d) / float64(count) }
