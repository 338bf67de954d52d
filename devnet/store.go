package devnet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/gateway"
)

// storeSettings is the file that the store reads. Nobody else has the secrets in it.
type storeSettings struct {
	Listen    string          `yaml:"listen"`
	Bucket    string          `yaml:"bucket"`
	AccessKey string          `yaml:"access_key"`
	SecretKey string          `yaml:"secret_key"`
	Gateway   gatewaySettings `yaml:"gateway"`
}

type gatewaySettings struct {
	Listen   string   `yaml:"listen"`
	Provider string   `yaml:"provider"`
	ChainID  string   `yaml:"chain_id"`
	Nodes    []string `yaml:"nodes"`
}

// gateway is where accounts store and read.
func (n *Network) gateway() string { return gatewayOf(n.state.Ports) }

func gatewayOf(ports Ports) string { return "http://" + loopback(ports.Gateway) }

// writeStoreSettings makes the settings of the store, with the secret that it had before.
func (n *Network) writeStoreSettings(home string) error {
	path := filepath.Join(home, "store.yaml")
	var settings storeSettings
	if err := daemon.ReadConfig(path, &settings); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if settings.SecretKey == "" {
		settings.SecretKey = rand.Text()
	}
	settings.Listen, settings.Bucket, settings.AccessKey = loopback(n.state.Ports.Store), embedded.DefaultBucket, "owner"
	settings.Gateway = gatewaySettings{
		Listen: loopback(n.state.Ports.Gateway), Provider: n.state.Accounts[accountStore], ChainID: chainID, Nodes: n.endpoints(),
	}
	return writeYAML(path, settings)
}

// startStore runs the store with its gateway, tells the chain where it is, and waits until it answers.
func (n *Network) startStore(ctx context.Context) error {
	home := n.config.folder(accountStore)
	if err := n.writeStoreSettings(home); err != nil {
		return err
	}
	server, err := n.supervisor.start(spec{name: "store", vital: true, args: []string{"store", "--home", home}})
	if err != nil {
		return err
	}
	if err := n.offerStorage(ctx); err != nil {
		return fmt.Errorf("offer storage: %w", err)
	}
	key, err := n.key(accountAdmin)
	if err != nil {
		return err
	}
	asAdmin, err := gateway.NewClient(gateway.Config{URL: n.gateway(), ChainID: chainID, Key: key})
	if err != nil {
		return err
	}
	return await(ctx, "the store's first answer", func(ctx context.Context) error {
		_, err := asAdmin.Space(n.spaceOf(spacePrograms)).Usage(ctx)
		return err
	}, server)
}
