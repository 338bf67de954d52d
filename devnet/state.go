package devnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// state is what a network remembers between two runs, besides the chain, the store and the keys themselves.
type state struct {
	Ports Ports `json:"ports"`
	// Others are the ports of the second validator and of all after it.
	Others []NodePorts `json:"others,omitempty"`
	// Spaces of the chain that the network began with, by name.
	Spaces map[string]uint64 `json:"spaces"`
	// Accounts by name.
	Accounts map[string]string `json:"accounts"`
	// Job that the network was started with, as 0x1; empty until it is registered.
	Job string `json:"job"`
	// Custom is the job whose requests name their program, as 0x2; empty: there is none.
	Custom string `json:"custom,omitempty"`
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
	if len(s.Spaces) == 0 {
		return nil, fmt.Errorf("%s: this network is of a version whose accounts shared one store, and has no spaces: begin anew with --reset", statePath(home))
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

// choosePorts sets all ports: to those asked for, else to those of the last run where they are free, else to any. With
// anew those of the last run do not count.
func (s *state) choosePorts(asked Ports, anew bool) error {
	first, others := s.Ports, slices.Clone(s.Others)
	if anew {
		first, others = Ports{}, make([]NodePorts, len(s.Others))
	}
	var held chosen
	defer held.release()
	if err := held.choose(asked.named(), first.named()); err != nil {
		return err
	}
	s.Ports = asked
	for i := range s.Others {
		s.Others[i] = NodePorts{}
		if err := held.choose(s.Others[i].named(), others[i].named()); err != nil {
			return err
		}
	}
	return nil
}

// validators are the ports of all of them, the first one's first.
func (s *state) validators() []NodePorts { return append([]NodePorts{s.Ports.NodePorts}, s.Others...) }
