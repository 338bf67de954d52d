// Package daemontest has a small chain and a small sandbox in memory, for the tests of daemons: enough of the protocol to
// take a request from its opening to its settlement, and the ways in which a chain and a connection to it go wrong.
package daemontest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// ChainID of the chain.
const ChainID = "ain-test-1"

// epochMs is the chain clock at its start.
const epochMs = 1_700_000_000_000

// Chain is the truth that all connections share. Its clock follows the machine's, plus what Skip adds.
type Chain struct {
	// Windows of all requests, in milliseconds.
	Windows jobstypes.Windows
	Params  jobstypes.Params

	mu       sync.Mutex
	started  time.Time
	skipped  time.Duration
	state    state
	txs      map[string]*tx // by hash
	watchers map[chan struct{}]bool
}

// state is what messages change, all or nothing.
type state struct {
	jobs         map[uint64]*job
	builders     map[string]bool
	requests     map[uint64]*request
	applications map[uint64]reputationtypes.Application
	nodes        map[nodeKey]reputationtypes.Node
	stakes       map[string]math.Int
	earned       map[string]math.Int
	heartbeats   map[string]int
	keys         map[string]string // of encryption, by owner
	decisions    map[uint64]string // of applications: "approved", or the reason
	nextID       uint64
}

type nodeKey struct {
	job   uint64
	owner string
}

type job struct {
	jobstypes.Job
	terms    jobstypes.TermsSpec
	schema   jobstypes.StoredSchema
	releases map[uint64]jobstypes.Release
}

type request struct {
	jobstypes.Request
	assignments map[string]jobstypes.Assignment
	checkpoints map[string]jobstypes.Checkpoints // by worker
	grants      map[string][]byte                // wrapped keys by account
}

type tx struct {
	signer   string
	msgs     []sdk.Msg
	expires  int64
	executed bool
	err      error
}

// NewChain returns a chain without jobs and with generous windows.
func NewChain() *Chain {
	params := jobstypes.DefaultParams()
	params.MaxInlineBytes = 256
	return &Chain{
		Params: params,
		Windows: jobstypes.Windows{
			OpenMs: 60_000, HiringMs: 60_000, GrantMs: 60_000, RevealMs: 60_000, EvaluationMs: 60_000, ChallengeMs: 60_000,
		},
		started: time.Now(),
		state: state{
			jobs: map[uint64]*job{}, requests: map[uint64]*request{}, applications: map[uint64]reputationtypes.Application{},
			nodes: map[nodeKey]reputationtypes.Node{}, stakes: map[string]math.Int{}, earned: map[string]math.Int{},
			heartbeats: map[string]int{}, keys: map[string]string{}, decisions: map[uint64]string{}, nextID: 1,
		},
		txs:      map[string]*tx{},
		watchers: map[chan struct{}]bool{},
	}
}

func (s state) clone() state {
	c := s
	c.requests = make(map[uint64]*request, len(s.requests))
	for id, r := range s.requests {
		copied := *r
		copied.assignments = maps.Clone(r.assignments)
		copied.checkpoints, copied.grants = maps.Clone(r.checkpoints), maps.Clone(r.grants)
		c.requests[id] = &copied
	}
	c.applications, c.nodes, c.decisions = maps.Clone(s.applications), maps.Clone(s.nodes), maps.Clone(s.decisions)
	c.stakes, c.earned, c.heartbeats, c.keys = maps.Clone(s.stakes), maps.Clone(s.earned), maps.Clone(s.heartbeats), maps.Clone(s.keys)
	return c
}

// Skip moves the chain clock.
func (c *Chain) Skip(d time.Duration) {
	c.mu.Lock()
	c.skipped += d
	c.mu.Unlock()
	c.wake()
}

func (c *Chain) now() int64 {
	return epochMs + (time.Since(c.started) + c.skipped).Milliseconds()
}

func (c *Chain) id() uint64 {
	id := c.state.nextID
	c.state.nextID++
	return id
}

// read calls f with the state as of now.
func (c *Chain) read(f func(s *state)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep()
	f(&c.state)
}

func (c *Chain) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for watcher := range c.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// envelope is what the bytes of a transaction are here: a name for messages that the chain keeps apart.
type envelope struct {
	Number  int   `json:"number"`
	Expires int64 `json:"expires"`
}

const txLife = 10 * time.Second

func (c *Chain) build(signer string, msgs []sdk.Msg) (client.Tx, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number, expires := len(c.txs)+1, c.now()+txLife.Milliseconds()
	hash := "TX" + strconv.Itoa(number)
	c.txs[hash] = &tx{signer: signer, msgs: msgs, expires: expires}
	bytes, err := json.Marshal(envelope{Number: number, Expires: expires})
	return client.Tx{Hash: hash, Bytes: bytes, ExpiresMs: expires}, err
}

// execute runs a transaction once, and reports that one execution ever after.
func (c *Chain) execute(sent client.Tx) error {
	var e envelope
	if err := json.Unmarshal(sent.Bytes, &e); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.txs["TX"+strconv.Itoa(e.Number)]
	if t == nil || sent.Hash != "TX"+strconv.Itoa(e.Number) {
		return fmt.Errorf("bytes of %s were changed", sent.Hash)
	}
	if t.executed {
		return t.err
	}
	c.sweep()
	if c.now() >= t.expires {
		return client.ErrExpired
	}
	t.executed = true
	before := c.state.clone()
	for _, msg := range t.msgs {
		if err := c.handle(t.signer, msg); err != nil {
			c.state = before
			t.err = refusal(err, sent.Hash)
			return t.err
		}
	}
	c.sweep()
	return nil
}

func refusal(err error, hash string) error {
	registered := interface {
		Codespace() string
		ABCICode() uint32
	}(nil)
	refused := &client.TxError{Codespace: "test", Code: 1, Log: err.Error(), Hash: hash, Height: 1}
	if errors.As(err, &registered) {
		refused.Codespace, refused.Code = registered.Codespace(), registered.ABCICode()
	}
	return refused
}

// Executed counts the messages of a type that a signer had executed.
func (c *Chain) Executed(signer string, example sdk.Msg) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, t := range c.txs {
		if t.signer != signer || !t.executed || t.err != nil {
			continue
		}
		for _, msg := range t.msgs {
			if sdk.MsgTypeURL(msg) == sdk.MsgTypeURL(example) {
				n++
			}
		}
	}
	return n
}

// Transactions lists how many messages each executed transaction of a signer had.
func (c *Chain) Transactions(signer string) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sizes []int
	for i := range len(c.txs) {
		if t := c.txs["TX"+strconv.Itoa(i+1)]; t.signer == signer && t.executed && t.err == nil {
			sizes = append(sizes, len(t.msgs))
		}
	}
	return sizes
}

func (c *Chain) watch(ctx context.Context) <-chan struct{} {
	wakes := make(chan struct{}, 1)
	c.mu.Lock()
	c.watchers[wakes] = true
	c.mu.Unlock()
	wakes <- struct{}{}
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, wakes)
		close(wakes)
	})
	return wakes
}
