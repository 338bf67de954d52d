package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	rpctypes "github.com/cometbft/cometbft/rpc/jsonrpc/types"
)

const (
	dialTimeout = 5 * time.Second
	// callTimeout bounds one call to one endpoint: a path that swallows packets must not hold a caller for long.
	callTimeout = 8 * time.Second
	retryFirst  = 100 * time.Millisecond
	retryMost   = 2 * time.Second
)

// node is one endpoint.
type node struct {
	url string
	rpc *rpchttp.HTTP

	mu      sync.Mutex
	checked bool // that it belongs to the chain
}

// pool calls the endpoint in use and moves on to the next when that one fails.
type pool struct {
	nodes   []*node
	timeout time.Duration
	log     *slog.Logger
	http    *http.Client

	mu      sync.Mutex
	chainID string
	current int
}

func newPool(cfg Config) (*pool, error) {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     90 * time.Second,
	}
	p := &pool{chainID: cfg.ChainID, timeout: cfg.Timeout, log: cfg.Logger, http: &http.Client{Transport: transport}}
	for _, endpoint := range cfg.Endpoints {
		base := strings.TrimRight(httpURL(endpoint), "/")
		rpc, err := rpchttp.NewWithClient(base, "/websocket", p.http)
		if err != nil {
			return nil, fmt.Errorf("endpoints: %q: %w", endpoint, err)
		}
		p.nodes = append(p.nodes, &node{url: base, rpc: rpc})
	}
	return p, nil
}

func (p *pool) close() { p.http.CloseIdleConnections() }

// httpURL turns the tcp:// that CometBFT writes in its own configuration into what it means.
func httpURL(endpoint string) string {
	if rest, ok := strings.CutPrefix(endpoint, "tcp://"); ok {
		return "http://" + rest
	}
	return endpoint
}

// identify finds an endpoint of the right chain, trying each once, and returns the chain's id.
func (p *pool) identify(ctx context.Context) (string, error) {
	if err := p.round(ctx, func(context.Context, *node) error { return nil }); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.chainID, nil
}

// do makes one idempotent call, on another endpoint if one fails, and again until the configured timeout has passed
// without any answer. An error that the chain itself gives is an answer.
func (p *pool) do(ctx context.Context, call func(context.Context, *node) error) error {
	deadline := time.Now().Add(p.timeout)
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		err := p.round(ctx, call)
		var down *ChainDownError
		if !errors.As(err, &down) || ctx.Err() != nil || time.Now().Add(pause).After(deadline) {
			return err
		}
		if !sleep(ctx, jitter(pause)) {
			return err
		}
	}
}

// round tries every endpoint once, the one in use first.
func (p *pool) round(ctx context.Context, call func(context.Context, *node) error) error {
	p.mu.Lock()
	first := p.current
	p.mu.Unlock()

	var last error
	for i := range p.nodes {
		at := (first + i) % len(p.nodes)
		n := p.nodes[at]
		err := p.try(ctx, n, call)
		if err == nil || isAnswer(err) {
			p.use(at, last)
			return unwrapAnswer(err)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return fmt.Errorf("%s: %w", n.url, context.Cause(ctx))
		}
		last = err
	}
	var wrong *WrongChainError
	if errors.As(last, &wrong) {
		return last
	}
	return &ChainDownError{Endpoints: p.urls(), Err: last}
}

func (p *pool) try(ctx context.Context, n *node, call func(context.Context, *node) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := p.check(ctx, n); err != nil {
		return err
	}
	return call(ctx, n)
}

// check asks an endpoint once whose node it is.
func (p *pool) check(ctx context.Context, n *node) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.checked {
		return nil
	}
	status, err := n.rpc.Status(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.chainID == "" {
		p.chainID = status.NodeInfo.Network
	}
	if status.NodeInfo.Network != p.chainID {
		return &WrongChainError{Endpoint: n.url, Want: p.chainID, Got: status.NodeInfo.Network}
	}
	n.checked = true
	return nil
}

// use remembers the endpoint that answered.
func (p *pool) use(at int, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != at {
		p.log.Warn("using another endpoint of the chain", "endpoint", p.nodes[at].url, "instead_of", p.nodes[p.current].url, "error", why)
		p.current = at
	}
}

// next moves to the following endpoint, for connections that outlive a call.
func (p *pool) next(failed string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes[p.current].url == failed {
		p.current = (p.current + 1) % len(p.nodes)
	}
}

// node is the endpoint in use.
func (p *pool) node() *node {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nodes[p.current]
}

func (p *pool) urls() []string {
	urls := make([]string, len(p.nodes))
	for i, n := range p.nodes {
		urls[i] = n.url
	}
	return urls
}

// answered wraps what the chain itself said: trying another endpoint would not change it.
type answered struct{ error }

func (a answered) Unwrap() error { return a.error }

func unwrapAnswer(err error) error {
	var said answered
	if errors.As(err, &said) {
		return said.error
	}
	return err
}

// isAnswer tells the chain's own words from failures on the way to it. A node that is still catching up knows less than
// the others, so its refusal is no answer.
func isAnswer(err error) bool {
	var said answered
	if errors.As(err, &said) {
		return true
	}
	var rpc *rpctypes.RPCError
	return errors.As(err, &rpc) && !strings.Contains(rpc.Error(), "catching up")
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter spreads d over d/2 … d, so that clients that lost one node do not return in step.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
