package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/gateway/server"
	"github.com/ain-network/aind/storage/s3"
)

const (
	// chainPatience is how long a gateway waits between two tries to reach the chain at its start.
	chainPatience = 2 * time.Second
	gatewayNode   = "http://127.0.0.1:26657"
)

// gatewayFile is the gateway's part of store.yaml.
type gatewayFile struct {
	// Listen is host:port.
	Listen string `yaml:"listen"`
	// Name that logins are signed for: the host, with its port, of the address that clients know. Listen when empty.
	Name string `yaml:"name,omitempty"`
	// Provider is the account that is registered as a provider.
	Provider string   `yaml:"provider"`
	ChainID  string   `yaml:"chain_id,omitempty"`
	Nodes    []string `yaml:"nodes,omitempty"`
	// Dir holds the index; gateway in --home when empty.
	Dir string `yaml:"dir,omitempty"`
	// CertFile and KeyFile are the store's when empty.
	CertFile string `yaml:"cert_file,omitempty"`
	KeyFile  string `yaml:"key_file,omitempty"`
	// OwnerUploads and AccountUploads are how many uploads into a space its owner and another account may have under way,
	// AccountShare how many percent of the free room those of another account hold at most.
	OwnerUploads   int `yaml:"owner_uploads,omitempty"`
	AccountUploads int `yaml:"account_uploads,omitempty"`
	AccountShare   int `yaml:"account_share,omitempty"`
	// RequestsPerAddress and RequestsPerAccount are how many a second one address and one account may make.
	RequestsPerAddress int `yaml:"requests_per_address,omitempty"`
	RequestsPerAccount int `yaml:"requests_per_account,omitempty"`
	// Insecure allows plain HTTP to other machines.
	Insecure bool `yaml:"insecure,omitempty"`
}

// gatewayPlan is what a gateway of store.yaml is to do, checked.
type gatewayPlan struct {
	gatewayFile
	store s3.Config // by the address that the gateway uses
	links s3.Config // by the address that clients use
}

// planGateway completes and checks the gateway's part of a file. home is where its folder is by default.
func planGateway(file storeFile, home string) (gatewayPlan, error) {
	plan := gatewayPlan{gatewayFile: *file.Gateway}
	if err := plan.complete(file, home); err != nil {
		return plan, err
	}
	links, err := planLinks(file)
	if err != nil {
		return plan, err
	}
	plan.links = links
	plan.store = links
	if file.Upstream == "" && file.CertFile == "" {
		plan.store.Endpoint, plan.store.Secure = nearby(file.Listen), false // whatever a proxy makes of it
	}
	if file.Upstream != "" {
		if plan.store, err = s3.ParseURL(file.Upstream); err != nil {
			return plan, fmt.Errorf("upstream: %w", err)
		}
	}
	if plan.store.Secure && plan.store.CAFile == "" {
		plan.store.CAFile = file.CAFile
	}
	return plan, plan.checkReach()
}

func (p *gatewayPlan) complete(file storeFile, home string) error {
	host, port, err := net.SplitHostPort(p.Listen)
	if err != nil {
		return fmt.Errorf("gateway.listen %q: want host:port: %w", p.Listen, err)
	}
	if p.Name == "" {
		if host == "" || port == "0" || net.ParseIP(host).IsUnspecified() {
			return fmt.Errorf("gateway.name: want the host, with its port, by which clients know the gateway: %q says neither", p.Listen)
		}
		p.Name = p.Listen
	}
	if p.Provider == "" {
		return errors.New("gateway.provider: want the account that is registered as a provider (--provider, or aind tx storage register-provider makes one)")
	}
	if p.CertFile == "" && p.KeyFile == "" {
		p.CertFile, p.KeyFile = file.CertFile, file.KeyFile
	}
	if (p.CertFile == "") != (p.KeyFile == "") {
		return errors.New("gateway.cert_file and gateway.key_file: want both, or neither")
	}
	if len(p.Nodes) == 0 {
		p.Nodes = []string{gatewayNode}
	}
	if p.Dir == "" {
		p.Dir = filepath.Join(home, "gateway")
	}
	// The S3 server changes the working directory.
	for _, path := range []*string{&p.Dir, &p.CertFile, &p.KeyFile} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return nil
}

// nearby is how this machine reaches what listens at an address.
func nearby(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err == nil && (host == "" || net.ParseIP(host).IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// planLinks is the S3 store as clients reach it.
func planLinks(file storeFile) (s3.Config, error) {
	cfg := s3.Config{
		Endpoint: file.Listen, Secure: file.CertFile != "", Bucket: file.Bucket, AccessKey: file.AccessKey, SecretKey: file.SecretKey,
	}
	if file.Upstream != "" {
		var err error
		if cfg, err = s3.ParseURL(file.Upstream); err != nil {
			return cfg, fmt.Errorf("upstream: %w", err)
		}
	}
	if file.PublicURL != "" {
		u, err := url.Parse(file.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" {
			return cfg, fmt.Errorf("public_url %q: want https://host or https://host:port", file.PublicURL)
		}
		cfg.Endpoint, cfg.Secure = u.Host, u.Scheme == "https"
	}
	if !cfg.Secure {
		cfg.CAFile = ""
	}
	host, port, err := net.SplitHostPort(cfg.Endpoint)
	if err == nil && (host == "" || port == "0" || net.ParseIP(host).IsUnspecified()) {
		return cfg, fmt.Errorf("public_url: want the address at which clients reach the store: %q says none", cfg.Endpoint)
	}
	return cfg, nil
}

// checkReach refuses a gateway that others reach and the store behind it not, and what would go over a network in the clear.
func (p *gatewayPlan) checkReach() error {
	if gateway.Loopback(p.Listen) {
		return nil
	}
	switch {
	case gateway.Loopback(p.links.Endpoint):
		return fmt.Errorf("public_url: the gateway listens at %s and hands out links to %s, which others do not reach", p.Listen, p.links.Endpoint)
	case p.Insecure:
		return nil
	case p.CertFile == "":
		return fmt.Errorf("gateway.listen %q: without cert_file and key_file the gateway is for this machine alone (--insecure says otherwise)", p.Listen)
	case !p.links.Secure:
		return fmt.Errorf("public_url: content would go to http://%s in the clear: want https:// (--insecure says otherwise)", p.links.Endpoint)
	}
	return nil
}

// serve runs the gateway until ctx ends. The chain may come later than the store.
func (p *gatewayPlan) serve(ctx context.Context, logger *slog.Logger, ready func(address string)) error {
	chain, err := p.dial(ctx, logger)
	if err != nil || chain == nil {
		return err
	}
	defer chain.Close()
	store, err := s3.New(p.store)
	if err != nil {
		return err
	}
	links, err := s3.New(p.links)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", p.Listen)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	cfg := server.Config{
		Dir: p.Dir, Name: p.Name, ChainID: chain.ChainID(), Provider: p.Provider, Store: store, Links: links,
		Ledger: gateway.NewChain(chain), Log: logger, OwnerUploads: p.OwnerUploads, AccountUploads: p.AccountUploads, AccountShare: p.AccountShare,
		PerAddress: p.RequestsPerAddress, PerAccount: p.RequestsPerAccount,
	}
	return server.Serve(ctx, cfg, listener, p.CertFile, p.KeyFile, func() { ready(listener.Addr().String()) })
}

// dial waits for the chain. It returns nothing when ctx ends before.
func (p *gatewayPlan) dial(ctx context.Context, logger *slog.Logger) (*client.Client, error) {
	for {
		c, err := client.Dial(ctx, client.Config{ChainID: p.ChainID, Endpoints: p.Nodes, Logger: logger})
		if down := (*client.ChainDownError)(nil); err == nil || !errors.As(err, &down) && ctx.Err() == nil {
			return c, err
		}
		if ctx.Err() != nil {
			return nil, nil
		}
		logger.Warn("the gateway waits for the chain", "error", err)
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(chainPatience):
		}
	}
}
