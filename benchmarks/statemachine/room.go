package statemachine

import (
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/benchmarks/market"
	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
)

// Room is the CPU time that counting a transaction against its room takes: the decorator of x/bandwidth, with what it
// writes, less the same loop without it. Every node does it twice for each, in its mempool and in its block.
func (c *Chain) Room(turns []market.Turn, times int) (time.Duration, error) {
	txs := make([]sdk.Tx, len(turns))
	sizes := make([][]byte, len(turns))
	for i, turn := range turns {
		raw, err := c.Sign(turn.By, turn.Msgs...)
		if err != nil {
			return 0, err
		}
		if txs[i], err = c.App.TxConfig().TxDecoder()(raw); err != nil {
			return 0, err
		}
		sizes[i] = raw
	}
	decorator := bandwidthkeeper.NewDecorator(c.App.Bandwidth)
	next := func(ctx sdk.Context, _ sdk.Tx, _ bool) (sdk.Context, error) { return ctx, nil }
	run := func(ante func(sdk.Context, sdk.Tx) (sdk.Context, error)) (time.Duration, error) {
		return Used(func() error {
			for range times {
				ctx := c.Context()
				for i, tx := range txs {
					cached, write := ctx.WithTxBytes(sizes[i]).CacheContext()
					if _, err := ante(cached, tx); err != nil {
						return err
					}
					write()
				}
			}
			return nil
		})
	}
	with, err := run(func(ctx sdk.Context, tx sdk.Tx) (sdk.Context, error) {
		return decorator.AnteHandle(ctx, tx, false, next)
	})
	if err != nil {
		return 0, err
	}
	without, err := run(func(ctx sdk.Context, tx sdk.Tx) (sdk.Context, error) { return next(ctx, tx, false) })
	return (with - without) / time.Duration(times*len(txs)), err
}
