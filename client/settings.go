package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Settings are what commands need to know to use a network, as config/client.toml under their home folder keeps it. The
// commands of the Cosmos SDK read the same file, and leave out what they do not know.
type Settings struct {
	// ChainID of the network; empty: that of the node.
	ChainID string `toml:"chain-id" comment:"Id of the chain; empty: that of the node"`
	// KeyringBackend is file, test or os.
	KeyringBackend string `toml:"keyring-backend" comment:"Where keys are kept: file (encrypted), os, or test (in the clear)"`
	// From is the name of the key that signs where none is named.
	From string `toml:"keyring-default-keyname" comment:"Key that signs where --from is not given"`
	// Output is text or json.
	Output string `toml:"output" comment:"How results are printed: text or json"`
	// Node holds the RPC endpoints, separated by commas.
	Node string `toml:"node" comment:"RPC endpoints of the chain, separated by commas, tried in order"`
	// BroadcastMode is for the commands of the SDK.
	BroadcastMode string `toml:"broadcast-mode"`
	// Store is where programs and data go: a space, ain://7, or a store that a whole network shares, s3+http://ACCESS:SECRET@host:port/bucket,
	// which is a secret.
	Store string `toml:"store" comment:"Store of programs and data: a space, ain://7, or s3+http://ACCESS:SECRET@host:port/bucket"`
	// PassphraseFile opens the file keyring without asking.
	PassphraseFile string `toml:"passphrase-file" comment:"File that holds the passphrase of the file keyring; empty: ask"`
}

// DefaultSettings are those of a home without a file: a node on this machine, keys encrypted.
func DefaultSettings() Settings {
	return Settings{KeyringBackend: "file", Output: "text", Node: "tcp://localhost:26657", BroadcastMode: "sync"}
}

func settingsPath(home string) string { return filepath.Join(home, "config", "client.toml") }

// ReadSettings reads the settings of a home folder; those that it does not have are the defaults.
func ReadSettings(home string) (Settings, error) {
	settings := DefaultSettings()
	content, err := os.ReadFile(settingsPath(home))
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return settings, fmt.Errorf("read settings: %w", err)
	}
	if err := toml.Unmarshal(content, &settings); err != nil {
		return settings, fmt.Errorf("read settings: %s: %w", settingsPath(home), err)
	}
	return settings, nil
}

// Write keeps the settings under a home folder, readable by its owner alone.
func (s Settings) Write(home string) error {
	content, err := toml.Marshal(s)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	path := settingsPath(home)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := os.WriteFile(path+".unfinished", content, 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := os.Rename(path+".unfinished", path); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// Endpoints are the nodes, in order.
func (s Settings) Endpoints() []string {
	var endpoints []string
	for endpoint := range strings.SplitSeq(s.Node, ",") {
		if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
			endpoints = append(endpoints, endpoint)
		}
	}
	return endpoints
}

// Config is how to reach the chain.
func (s Settings) Config() Config { return Config{ChainID: s.ChainID, Endpoints: s.Endpoints()} }

// String hides the store's credentials.
func (s Settings) String() string {
	return fmt.Sprintf("settings of chain %q at %s", s.ChainID, s.Node)
}
