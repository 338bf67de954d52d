package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ain-network/aind/benchmarks/measure"
)

// load is a kind of work for the node.
type load struct {
	name  string
	lanes int
	// turn does one unit of work to its end, in a lane numbered from 0.
	turn func(ctx context.Context, lane int) error
}

// counts are what the results of blocks have said so far, and what has been used.
type counts struct {
	txs, messages, settled, refused, blocks int
	at                                      time.Time // when the last block's result was read
	node, generator                         time.Duration
}

// turn is what a load did while it was measured.
type turn struct {
	counts
	took time.Duration
}

func (t turn) perSecond(count int) float64 { return float64(count) / t.took.Seconds() }

// run lets all lanes work for a ramp, in which they begin one after the other so that they do not march in step, and for
// the time in which they are measured; then each ends the work that it has begun.
func (w load) run(ctx context.Context, l *ledger, node int, ramp, phase time.Duration) (turn, error) {
	ending := make(chan struct{})
	failed := make(chan error, w.lanes)
	var lanes sync.WaitGroup
	for lane := range w.lanes {
		lanes.Go(func() {
			if err := w.lane(ctx, lane, ramp*time.Duration(lane)/time.Duration(w.lanes), ending); err != nil {
				failed <- fmt.Errorf("lane %d: %w", lane, err)
			}
		})
	}
	measured, err := window(ctx, l, node, ramp, phase, failed)
	close(ending)
	lanes.Wait()
	close(failed)
	for failure := range failed {
		err = errors.Join(err, failure)
	}
	return measured, err
}

// lane works until ending is closed. A transaction that the chain refuses is counted there, and its work is given up.
func (w load) lane(ctx context.Context, lane int, delay time.Duration, ending <-chan struct{}) error {
	if !pause(ctx, delay) {
		return ctx.Err()
	}
	for {
		select {
		case <-ending:
			return nil
		default:
		}
		var refused *refusal
		if err := w.turn(ctx, lane); err != nil && !errors.As(err, &refused) {
			return err
		}
	}
}

// window is the measurement itself, from one block's result to another's.
func window(ctx context.Context, l *ledger, node int, ramp, phase time.Duration, failed chan error) (turn, error) {
	var moments [2]counts
	for i, wait := range []time.Duration{ramp, phase} {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case err := <-failed:
			return turn{}, err
		case <-ctx.Done():
			return turn{}, ctx.Err()
		}
		var err error
		if moments[i], err = l.observe(ctx, node); err != nil {
			return turn{}, err
		}
	}
	before, after := moments[0], moments[1]
	t := turn{took: after.at.Sub(before.at), counts: counts{
		txs: after.txs - before.txs, messages: after.messages - before.messages, settled: after.settled - before.settled,
		refused: after.refused - before.refused, blocks: after.blocks - before.blocks,
		node: after.node - before.node, generator: after.generator - before.generator,
	}}
	if t.messages == 0 {
		return turn{}, errors.New("no message was executed")
	}
	return t, nil
}

// observe waits for the next block's result, so that counts begin and end at one.
func (l *ledger) observe(ctx context.Context, node int) (counts, error) {
	select {
	case <-l.nextBlock():
	case <-ctx.Done():
		return counts{}, ctx.Err()
	}
	c := l.counted()
	var err error
	if c.node, err = measure.CPU(node); err != nil {
		return c, err
	}
	c.generator, err = measure.CPU(os.Getpid())
	return c, err
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
