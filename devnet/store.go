package devnet

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// storeSettings is the file that the store reads.
type storeSettings struct {
	Listen    string         `yaml:"listen"`
	Bucket    string         `yaml:"bucket"`
	AccessKey string         `yaml:"access_key"`
	SecretKey string         `yaml:"secret_key"`
	Accounts  []storeAccount `yaml:"accounts"`
}

type storeAccount struct {
	AccessKey string `yaml:"access_key"`
	SecretKey string `yaml:"secret_key"`
}

// startStore runs the store and waits until it answers.
func (n *Network) startStore(ctx context.Context) error {
	home := n.config.folder("store")
	settings := storeSettings{
		Listen:    loopback(n.state.Ports.Store),
		Bucket:    storeBucket,
		AccessKey: "owner",
		SecretKey: n.state.StoreOwnerSecret,
		Accounts:  []storeAccount{{AccessKey: storeAccess, SecretKey: n.state.StoreSecret}},
	}
	if err := writeYAML(filepath.Join(home, "store.yaml"), settings); err != nil {
		return err
	}
	server, err := n.supervisor.start(spec{name: "store", vital: true, args: []string{"store", "--home", home}})
	if err != nil {
		return err
	}
	store, err := s3.Open(n.Store())
	if err != nil {
		return err
	}
	return await(ctx, "the store's first answer", func(ctx context.Context) error {
		if _, err := store.Stat(ctx, storage.DigestOf(nil)); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	}, server)
}
