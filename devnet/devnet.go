// Package devnet runs a whole network on one machine: a chain of one validator or several, a store, an admin, evaluators
// and workers, each a process of its own, and accounts with coins to play with.
//
// Invariants: everything lies under one folder and is resumed from there; only one devnet runs in a folder; no process
// outlives the network. Keys are kept without encryption (the keyring's test backend): this is for trying out and for
// tests, and nothing that it makes may guard real coins.
package devnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/chain"
)

// Config says what network to run.
type Config struct {
	// Home is the folder of the network. A network in it is resumed.
	Home string
	// Program is the aind binary that the processes run. Empty: this one.
	Program string
	// Validators of the chain. 0: one, or as many as the network that is resumed has.
	Validators int
	// Workers and Evaluators to run; at least one each.
	Workers    int
	Evaluators int
	// Ports to listen on, but for those of the second validator and all after it, which are any. Those that are 0 are the
	// usual ones where these are free, otherwise any.
	Ports Ports
	// AnyPorts takes free ports even where the usual ones are free.
	AnyPorts bool
	// CustomCode: a second job runs what requests name, on Docker where an engine answers.
	CustomCode bool
	// CheckInvariants makes the chain check all its books after each block.
	CheckInvariants bool
	// Report is told what happens, a line at a time; nil: nobody is.
	Report func(line string)
}

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() (Config, error) {
	if c.Program == "" {
		program, err := os.Executable()
		if err != nil {
			return c, fmt.Errorf("find this program: %w", err)
		}
		c.Program = program
	}
	if c.Workers == 0 {
		c.Workers = 3
	}
	if c.Evaluators == 0 {
		c.Evaluators = 1
	}
	if c.Report == nil {
		c.Report = func(string) {}
	}
	home, err := filepath.Abs(c.Home)
	if err != nil {
		return c, fmt.Errorf("home: %w", err)
	}
	c.Home = home
	return c, nil
}

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	switch {
	case c.Home == "":
		return errors.New("home is empty: name the folder of the network with --home")
	case c.Validators < 0 || c.Validators > mostValidators:
		return fmt.Errorf("validators %d: use 1 to %d", c.Validators, mostValidators)
	case c.Workers < 1 || c.Workers > 20:
		return fmt.Errorf("workers %d: use 1 to 20", c.Workers)
	case c.Evaluators < 1 || c.Evaluators > 10:
		return fmt.Errorf("evaluators %d: use 1 to 10", c.Evaluators)
	}
	return c.Ports.validate()
}

// mostValidators on one machine: two of seven may fail.
const mostValidators = 7

// chainID of every devnet.
const chainID = chain.DefaultChainID

// Names of the accounts that every devnet has besides its evaluators and workers.
const (
	accountValidator = "validator"
	accountTreasury  = "treasury"
	accountClient    = "client"
	accountAdmin     = "admin"
	accountStore     = "store"
)

// The folders under Home.
func (c Config) folder(name string) string { return filepath.Join(c.Home, name) }

// LogFolder holds one log for each process.
func (c Config) LogFolder() string { return c.folder("logs") }

// Client is the folder from which people use the network: `aind --home <Client> …`.
func (c Config) Client() string { return c.folder("client") }

// Reset forgets the network in home. It refuses to delete a folder that no devnet made.
func Reset(home string) error {
	entries, err := os.ReadDir(home)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("home: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(home, lockName)); err != nil {
		return fmt.Errorf("home %s was not made by a devnet: it is not deleted, name another with --home", home)
	}
	lock, err := takeLock(home)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	for _, entry := range entries {
		// The lock stays, so that nobody starts a network in a folder that is being deleted.
		if entry.Name() == lockName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(home, entry.Name())); err != nil {
			return fmt.Errorf("delete the network in %s: %w", home, err)
		}
	}
	return nil
}
