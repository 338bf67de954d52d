package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

const (
	// attempts is how often a call is made while the gateway or what it needs is unavailable.
	attempts = 3
	// pause before the second attempt; the third waits twice as long.
	pause = 200 * time.Millisecond
	// maxAnswer is the most that a gateway's answer may have, in bytes.
	maxAnswer = 1 << 20
	// margin is how long before its end a token is no longer used.
	margin = 10 * time.Second
)

// Config says which gateway to use, and as whom.
type Config struct {
	// URL of the gateway, https://host[:port]. Plain http:// is for this machine only, unless Insecure.
	URL string
	// Name that the gateway must call itself; the URL's host, with its port, when empty. A login is signed for this name
	// alone, so that no gateway can use it at another.
	Name string
	// ChainID of the chain that the gateway must belong to.
	ChainID string
	// Key to sign logins with: an owner's or an operator's.
	Key client.Key
	// Insecure allows plain HTTP to other machines: whoever sees the traffic can then use the token.
	Insecure bool

	// CAFile, SpoolDir and StallTimeout are those of presigned requests.
	s3.CarrierConfig
}

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return fmt.Errorf("gateway %q: want https://host or https://host:port", c.URL)
	case u.Scheme == "http" && !c.Insecure && !Loopback(u.Host):
		return fmt.Errorf("gateway %q: plain HTTP is for this machine only: use https://", c.URL)
	case c.ChainID == "":
		return errors.New("chain id is empty, want that of the chain which the gateway asks")
	case c.Key == nil:
		return errors.New("key is missing: a gateway wants a login")
	}
	return nil
}

// Loopback says whether an address, host or host:port, is this machine.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Client talks to one gateway for one account. It logs in when it must. It is safe for use by several goroutines.
type Client struct {
	cfg     Config
	base    string
	carrier *s3.Carrier

	loggingIn sync.Mutex // held during a login, so that there is one at a time
	mu        sync.Mutex
	token     string
	until     time.Time
}

// NewClient returns a client. It does not connect: a gateway that is down shows at the first call.
func NewClient(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	if cfg.Name == "" {
		cfg.Name = u.Host
	}
	carrier, err := s3.NewCarrier(cfg.CarrierConfig)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return &Client{cfg: cfg, base: u.Scheme + "://" + u.Host, carrier: carrier}, nil
}

// Account is the account that the client logs in as.
func (c *Client) Account() string { return c.cfg.Key.Address().String() }

// Logout ends the client's token. The next call logs in again.
func (c *Client) Logout(ctx context.Context) error {
	c.mu.Lock()
	token := c.token
	c.token = ""
	c.mu.Unlock()
	if token == "" {
		return nil
	}
	return c.send(ctx, http.MethodPost, "/v1/logout", token, nil, nil)
}

// call makes a request with a token, in a new login when the old one has ended, and again while the gateway is unavailable:
// every route may be called twice.
func (c *Client) call(ctx context.Context, method, path string, request, answer any) error {
	for attempt := 1; ; attempt++ {
		err := c.callOnce(ctx, method, path, request, answer)
		if err == nil || attempt == attempts || !errors.Is(err, storage.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * pause):
		}
	}
}

func (c *Client) callOnce(ctx context.Context, method, path string, request, answer any) error {
	token, err := c.login(ctx, "")
	if err != nil {
		return err
	}
	err = c.send(ctx, method, path, token, request, answer)
	if refusal := (*Error)(nil); !errors.As(err, &refusal) || refusal.Code != CodeUnauthenticated {
		return err
	}
	if token, err = c.login(ctx, token); err != nil {
		return err
	}
	return c.send(ctx, method, path, token, request, answer)
}

// login returns a token that is not the one refused.
func (c *Client) login(ctx context.Context, refused string) (string, error) {
	if token, ok := c.usable(refused); ok {
		return token, nil
	}
	c.loggingIn.Lock()
	defer c.loggingIn.Unlock()
	if token, ok := c.usable(refused); ok {
		return token, nil
	}
	var nonce NonceAnswer
	if err := c.send(ctx, http.MethodPost, "/v1/nonce", "", NonceRequest{Account: c.Account()}, &nonce); err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	login, err := SignLogin(c.cfg.Key, c.cfg.ChainID, c.cfg.Name, nonce)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	asked := time.Now()
	var answer LoginAnswer
	if err := c.send(ctx, http.MethodPost, "/v1/login", "", login, &answer); err != nil {
		return "", fmt.Errorf("log in as %s: %w", login.Account, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The gateway's clock may be another: what counts is for how long the token is good, which is at most its whole life.
	life := min(time.Until(time.UnixMilli(answer.ExpiresMs)), 10*time.Minute)
	c.token, c.until = answer.Token, asked.Add(life-margin)
	return answer.Token, nil
}

func (c *Client) usable(refused string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token, c.token != "" && c.token != refused && time.Now().Before(c.until)
}

// send makes one request.
func (c *Client) send(ctx context.Context, method, path, token string, request, answer any) error {
	raw, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.carrier.HTTP().Do(req)
	if err != nil {
		return c.unavailable(ctx, err)
	}
	defer res.Body.Close()
	raw, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return c.unavailable(ctx, err)
	}
	return c.read(res, raw, answer)
}

// read reads an answer, or the refusal that it is.
func (c *Client) read(res *http.Response, raw []byte, answer any) error {
	switch {
	case res.StatusCode == http.StatusNoContent && answer == nil:
		return nil
	case res.StatusCode != http.StatusOK:
		refusal := &Error{}
		if err := json.Unmarshal(raw, refusal); err != nil || statuses[refusal.Code] != res.StatusCode {
			err := fmt.Errorf("answers %d and is no gateway", res.StatusCode)
			return &storage.UnavailableError{Endpoint: c.base, Err: err}
		}
		return refusal
	case len(raw) > maxAnswer || answer == nil:
		return &storage.UnavailableError{Endpoint: c.base, Err: errors.New("answers more than a gateway does")}
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return &storage.UnavailableError{Endpoint: c.base, Err: fmt.Errorf("answers what no gateway does: %w", err)}
	}
	return nil
}

// link completes a request that is to be made at the gateway itself, and refuses to send or read content in the clear over
// a network.
func (c *Client) link(p s3.Presigned) (s3.Presigned, error) {
	if strings.HasPrefix(p.URL, "/") {
		p.URL = c.base + p.URL
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !c.cfg.Insecure && !Loopback(u.Host)) {
		return p, fmt.Errorf("gateway %s names a store that is not reached by https:// (its public_url is to be one)", c.base)
	}
	return p, nil
}

func (c *Client) unavailable(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	return &storage.UnavailableError{Endpoint: c.base, Err: err}
}

func spacePath(space uint64, route string) string {
	return "/v1/spaces/" + strconv.FormatUint(space, 10) + "/" + route
}
