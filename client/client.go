package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	_ "github.com/ain-network/aind/chain" // sets the address prefixes
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// DefaultTimeout is how long an unreachable chain is tried again where the configuration says nothing.
const DefaultTimeout = 10 * time.Second

// Config says which chain to talk to, and where.
type Config struct {
	// ChainID that every endpoint must belong to. Empty: that of the first endpoint that answers.
	ChainID string
	// Endpoints of CometBFT RPC, http:// or https://, tried in order. tcp:// is taken for http://.
	Endpoints []string
	// Timeout for which calls are tried again while no endpoint answers; 0: DefaultTimeout.
	Timeout time.Duration
	// Logger of reconnects and failovers; nil: none.
	Logger *slog.Logger
}

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	if len(c.Endpoints) == 0 {
		return errors.New("endpoints: none given (name a node with --node, for example http://127.0.0.1:26657)")
	}
	for _, endpoint := range c.Endpoints {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "tcp"}, u.Scheme) {
			return fmt.Errorf("endpoints: %q is no node's address (write it as http://host:26657 or https://host)", endpoint)
		}
	}
	if c.Timeout < 0 {
		return fmt.Errorf("timeout: %s is negative", c.Timeout)
	}
	return nil
}

// Client talks to one chain. It is safe for use by several goroutines.
type Client struct {
	chainID string
	nodes   *pool
	queries queryConn
	log     *slog.Logger

	accounts accountNumbers
	clock    blockClock

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	feeds  sync.WaitGroup

	inboxMu sync.Mutex
	inboxes map[string]*inbox // by fee payer
}

// Dial connects to the first endpoint that answers and checks that it belongs to the chain. Each endpoint is tried once:
// a *ChainDownError or a *WrongChainError says why none would do. Close the client when done.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	nodes, err := newPool(cfg)
	if err != nil {
		return nil, err
	}
	chainID, err := nodes.identify(ctx)
	if err != nil {
		return nil, err
	}
	c := &Client{chainID: chainID, nodes: nodes, queries: queryConn{nodes}, log: cfg.Logger, inboxes: map[string]*inbox{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Close ends every connection of the client and waits for its goroutines. Channels of Watch are closed.
func (c *Client) Close() {
	c.cancel()
	c.feeds.Wait()
	c.nodes.close()
}

// ChainID is the chain that the client talks to.
func (c *Client) ChainID() string { return c.chainID }

// Endpoint is the endpoint in use.
func (c *Client) Endpoint() string { return c.nodes.node().url }

// Jobs asks x/jobs.
func (c *Client) Jobs() jobstypes.QueryClient { return jobstypes.NewQueryClient(c.queries) }

// Reputation asks x/reputation.
func (c *Client) Reputation() reputationtypes.QueryClient {
	return reputationtypes.NewQueryClient(c.queries)
}

// Escrow asks x/escrow.
func (c *Client) Escrow() escrowtypes.QueryClient { return escrowtypes.NewQueryClient(c.queries) }

// Permissions asks x/permissions.
func (c *Client) Permissions() permissionstypes.QueryClient {
	return permissionstypes.NewQueryClient(c.queries)
}

// Storage asks x/storage.
func (c *Client) Storage() storagetypes.QueryClient {
	return storagetypes.NewQueryClient(c.queries)
}

// Bandwidth asks x/bandwidth.
func (c *Client) Bandwidth() bandwidthtypes.QueryClient {
	return bandwidthtypes.NewQueryClient(c.queries)
}

// Bank asks x/bank.
func (c *Client) Bank() banktypes.QueryClient { return banktypes.NewQueryClient(c.queries) }

// Auth asks x/auth.
func (c *Client) Auth() authtypes.QueryClient { return authtypes.NewQueryClient(c.queries) }

// Feegrant asks x/feegrant.
func (c *Client) Feegrant() feegrant.QueryClient { return feegrant.NewQueryClient(c.queries) }

// Now is the chain clock in milliseconds at the last block.
func (c *Client) Now(ctx context.Context) (int64, error) {
	res, err := c.Jobs().Clock(ctx, &jobstypes.QueryClockRequest{})
	if err != nil {
		return 0, fmt.Errorf("ask for the chain clock: %w", err)
	}
	return res.Clock.NowMs, nil
}
