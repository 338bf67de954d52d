package devnet

import (
	"context"
	"errors"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// startStore runs the store and waits until it answers.
func (n *Network) startStore(ctx context.Context) error {
	store, err := n.supervisor.start(spec{name: "store", vital: true, args: n.storeArgs()})
	if err != nil {
		return err
	}
	config, err := s3.ParseURL(n.Store())
	if err != nil {
		return err
	}
	nothing := storage.Compute(nil)
	return await(ctx, store, "the store's first answer", func(ctx context.Context) error {
		opened, err := s3.Open(ctx, config)
		if err != nil {
			return err
		}
		if _, err := opened.Stat(ctx, nothing); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	})
}
