package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ain-network/aind/dial"
)

// dialTimeout bounds the wait for a host that does not answer at all.
const dialTimeout = 5 * time.Second

// newTransport returns an HTTP transport in which no wait is without a bound: a
// path that silently swallows packets ends in an error, not in a hung daemon.
func newTransport(cfg Config) (*http.Transport, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	connect := dialer.DialContext
	if cfg.publicOnly {
		connect = dial.Public(dialer)
	}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := connect(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &stallConn{Conn: conn, timeout: cfg.StallTimeout}, nil
		},
		MaxIdleConnsPerHost: 16,
		// Shorter than any server's idle limit, so that a connection is not
		// reused in the moment in which the server closes it.
		IdleConnTimeout:     10 * time.Second,
		TLSHandshakeTimeout: dialTimeout,
		// Content is opaque: unpacking it would change the bytes.
		DisableCompression: true,
		ReadBufferSize:     64 << 10,
		WriteBufferSize:    64 << 10,
	}
	if !cfg.Secure {
		return t, nil
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read ca file: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca file %q holds no PEM certificate", cfg.CAFile)
		}
	}
	return t, nil
}

// stallConn fails when nothing moves for timeout. Progress in one direction
// counts for the other too: while a body is being sent, nothing is received.
type stallConn struct {
	net.Conn
	timeout time.Duration
}

func (c *stallConn) Read(p []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *stallConn) Write(p []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *stallConn) extend() error { return c.SetDeadline(time.Now().Add(c.timeout)) }
