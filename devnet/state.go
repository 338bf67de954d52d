package devnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// state is what a network remembers between two runs, besides the chain, the store and the keys themselves.
type state struct {
	Ports Ports `json:"ports"`
	// StoreSecret lets nodes and clients store and read, StoreOwnerSecret do everything.
	StoreSecret      string `json:"store_secret"`
	StoreOwnerSecret string `json:"store_owner_secret"`
	// Accounts by name.
	Accounts map[string]string `json:"accounts"`
	// Job that the network was started with, as 0x1; empty until it is registered.
	Job string `json:"job"`
}

func statePath(home string) string { return filepath.Join(home, "devnet.json") }

// readState returns nil where no network was made yet.
func readState(home string) (*state, error) {
	text, err := os.ReadFile(statePath(home))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := new(state)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w (begin anew with --reset)", statePath(home), err)
	}
	return s, nil
}

// write replaces the file at once, so that a crash leaves the old or the new one.
func (s *state) write(home string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	unfinished := statePath(home) + ".unfinished"
	if err := os.WriteFile(unfinished, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, statePath(home))
}

// storeURL is where the network's objects are, for those who may store and read.
func (s *state) storeURL() string {
	return fmt.Sprintf("s3+http://%s:%s@%s/%s", storeAccess, s.StoreSecret, loopback(s.Ports.Store), storeBucket)
}

const (
	// storeAccess is the name of the account that everybody in the network shares.
	storeAccess = "devnet"
	storeBucket = "ain"
)
