package harness

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Validators are numbered from one. The first is the one that clients and daemons ask while it answers.

// ValidatorHome is the folder that a validator runs from.
func (n *Network) ValidatorHome(number int) string {
	if n.options.Validators == 1 {
		return n.Folder("node")
	}
	return n.Folder(fmt.Sprintf("node-%d", number))
}

// ValidatorRPC is a validator's endpoint.
func (n *Network) ValidatorRPC(number int) string {
	if number == 1 {
		return n.RPC()
	}
	return fmt.Sprintf("http://127.0.0.1:%d", n.state.Others[number-2].RPC)
}

// restEndpoints of all validators, the first one's first.
func (n *Network) restEndpoints() []string {
	endpoints := []string{n.REST()}
	for _, other := range n.state.Others {
		endpoints = append(endpoints, fmt.Sprintf("http://127.0.0.1:%d", other.API))
	}
	return endpoints
}

// KillValidator ends a validator as by kill -9.
func (n *Network) KillValidator(number int) error {
	return n.kill("start", n.ValidatorHome(number)+"/")
}

// StartValidator brings a validator back, as a person does who types the line that the network has printed.
func (n *Network) StartValidator(t testing.TB, number int) {
	t.Helper()
	name := fmt.Sprintf("chain-%d", number)
	log := filepath.Join(n.Home, "logs", name+".log")
	p, err := Start(name, log, nil, "start", "--home", n.ValidatorHome(number), "--log_no_color", "--log_level", "warn", "--check-invariants")
	if err != nil {
		t.Fatal(err)
	}
	n.validators[number] = p
}

func (n *Network) stopValidators() error {
	var err error
	for number, p := range n.validators {
		if !p.Dead() {
			err = errors.Join(err, p.Stop())
		}
		delete(n.validators, number)
	}
	return err
}

// State is how far a node of the chain has come by its own account, and what its application's state hashes to then.
type State struct {
	Height int64
	Hash   string
}

// StateOf asks a validator how far it is. That it cannot be reached is an error.
func (n *Network) StateOf(number int) (State, error) { return n.stateAt(n.ValidatorRPC(number)) }

func (n *Network) stateAt(endpoint string) (State, error) {
	var answer struct {
		Result struct {
			Response struct {
				Height int64  `json:"last_block_height,string"`
				Hash   string `json:"last_block_app_hash"`
			}
		}
	}
	if err := n.getFrom(endpoint, 0, "/abci_info", &answer); err != nil {
		return State{}, err
	}
	hash, err := base64.StdEncoding.DecodeString(answer.Result.Response.Hash)
	return State{answer.Result.Response.Height, strings.ToUpper(hex.EncodeToString(hash))}, err
}

// Header is the part of a block's header that says what was before it, and the block's own hash.
type Header struct {
	Height int64
	App    string // hash of the state after the block before
	Block  string
}

// headersAtOnce is what CometBFT gives.
const headersAtOnce = 20

// Headers of a validator, from one height to another, both counted.
func (n *Network) Headers(number int, from, to int64) ([]Header, error) {
	var headers []Header
	for ; from <= to; from += headersAtOnce {
		page, err := n.headers(number, from, min(to, from+headersAtOnce-1))
		if err != nil {
			return nil, err
		}
		headers = append(headers, page...)
	}
	return headers, nil
}

func (n *Network) headers(number int, from, to int64) ([]Header, error) {
	var answer struct {
		Result struct {
			Blocks []struct {
				ID     struct{ Hash string } `json:"block_id"`
				Header struct {
					Height  int64  `json:"height,string"`
					AppHash string `json:"app_hash"`
				}
			} `json:"block_metas"`
		}
	}
	path := fmt.Sprintf("/blockchain?minHeight=%d&maxHeight=%d", from, to)
	if err := n.getFrom(n.ValidatorRPC(number), 0, path, &answer); err != nil {
		return nil, err
	}
	blocks := answer.Result.Blocks
	if int64(len(blocks)) != to-from+1 {
		return nil, fmt.Errorf("validator %d has %d of the blocks %d to %d", number, len(blocks), from, to)
	}
	headers := make([]Header, len(blocks))
	for i, block := range blocks {
		// They come the newest first.
		headers[len(blocks)-1-i] = Header{block.Header.Height, block.Header.AppHash, block.ID.Hash}
	}
	return headers, nil
}

// AwaitHeight waits until a validator has executed a block.
func (n *Network) AwaitHeight(t testing.TB, number int, height int64) {
	t.Helper()
	Eventually(t, fmt.Sprintf("validator %d reaches height %d", number, height), Patience, func() error {
		state, err := n.StateOf(number)
		if err == nil && state.Height < height {
			err = fmt.Errorf("it is at %d", state.Height)
		}
		return err
	})
}
