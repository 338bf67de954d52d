// Package nodehome lays out the folder that a node of the chain runs from: its keys, its genesis file and its
// configuration. Private keys are written with mode 0600 and never overwritten.
package nodehome

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"
	"github.com/spf13/viper"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/ain-network/aind/app"
)

// ErrExists says that a folder holds a node already.
var ErrExists = errors.New("a node lives here already")

// Home is a folder with a node's keys, to be completed by Write.
type Home struct {
	// Comet and Server are the configuration files, to be changed before Write.
	Comet  *cmtcfg.Config
	Server *serverconfig.Config

	// NodeID is what peers call the node.
	NodeID string
	// Validator is the key that the node signs blocks with; nil in a home that was opened.
	Validator cryptotypes.PubKey
}

// Open reads the configuration of the node in dir, to be changed before Configure.
func Open(dir string) (*Home, error) {
	comet, server := cmtcfg.DefaultConfig(), serverconfig.DefaultConfig()
	for file, config := range map[string]any{"config.toml": comet, "app.toml": server} {
		reader := viper.New()
		reader.SetConfigFile(filepath.Join(dir, "config", file))
		if err := reader.ReadInConfig(); err != nil {
			return nil, fmt.Errorf("read the configuration of the node: %w", err)
		}
		if err := reader.Unmarshal(config); err != nil {
			return nil, fmt.Errorf("read the configuration of the node: %s: %w", reader.ConfigFileUsed(), err)
		}
	}
	comet.SetRoot(dir)
	key, err := p2p.LoadNodeKey(comet.NodeKeyFile())
	if err != nil {
		return nil, fmt.Errorf("read the key of the node: %w", err)
	}
	return &Home{Comet: comet, Server: server, NodeID: string(key.ID())}, nil
}

// Create makes the keys of a new node in dir. A folder that holds a genesis file is ErrExists.
func Create(dir, moniker string, pace app.Pace) (*Home, error) {
	if Exists(dir) {
		return nil, fmt.Errorf("%s: %w (remove it, or choose another with --home)", dir, ErrExists)
	}
	comet := app.CometConfig(pace)
	comet.SetRoot(dir)
	comet.Moniker = moniker
	for _, folder := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	nodeID, validator, err := genutil.InitializeNodeValidatorFiles(comet)
	if err != nil {
		return nil, fmt.Errorf("make the keys of the node: %w", err)
	}
	return &Home{Comet: comet, Server: app.ServerConfig(), NodeID: nodeID, Validator: validator}, nil
}

// Exists says whether dir holds a node.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "config", "genesis.json"))
	return err == nil
}

// ShareMachine lets the node have peers on its own machine, as many as there are, which it does not keep an address book of.
func (h *Home) ShareMachine() {
	h.Comet.P2P.AddrBookStrict = false
	h.Comet.P2P.AllowDuplicateIP = true
	h.Comet.P2P.PexReactor = false
}

// Write completes the folder. The genesis file comes last: with it the node exists.
func (h *Home) Write(genesis *genutiltypes.AppGenesis) error {
	if err := h.Configure(); err != nil {
		return err
	}
	unfinished := h.Comet.GenesisFile() + ".unfinished"
	if err := genutil.ExportGenesisFile(genesis, unfinished); err != nil {
		return fmt.Errorf("write the genesis file: %w", err)
	}
	return os.Rename(unfinished, h.Comet.GenesisFile())
}

// Configure writes the configuration. A node that runs reads it at its next start.
func (h *Home) Configure() error {
	if err := h.Comet.ValidateBasic(); err != nil {
		return fmt.Errorf("config.toml: %w", err)
	}
	if err := h.Server.ValidateBasic(); err != nil {
		return fmt.Errorf("app.toml: %w", err)
	}
	folder := filepath.Join(h.Comet.RootDir, "config")
	cmtcfg.WriteConfigFile(filepath.Join(folder, "config.toml"), h.Comet)
	serverconfig.WriteConfigFile(filepath.Join(folder, "app.toml"), h.Server)
	return nil
}
