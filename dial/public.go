// Package dial says which addresses a program of ours may be led to by somebody else.
//
// Strangers name hosts: a release its registry, a provider of storage its gateway. A node that follows them must not be
// led into its owner's network, where services trust whoever reaches them.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// ErrNotPublic says that an address is this machine's or in its network.
var ErrNotPublic = errors.New("on this machine or in its network")

// Public returns the DialContext of an HTTP transport that connects to public addresses alone, and to the owner's proxy, which may be
// anywhere. It looks at addresses when names are resolved, so that a name which changes its address between two questions gains nothing.
func Public(dialer net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	direct := dialer
	dialer.Control = PublicOnly
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if isProxy(address) {
			return direct.DialContext(ctx, network, address)
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// isProxy tells whether the address is that of the owner's proxy.
func isProxy(address string) bool {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: "host.invalid"}})
	return err == nil && proxy != nil && proxy.Host == address
}

// PublicOnly is the Control of a net.Dialer that connects to public addresses alone.
func PublicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() || carrierNet.Contains(ip) {
		return fmt.Errorf("%s is %w", ip, ErrNotPublic)
	}
	return nil
}

// carrierNet is shared address space, which some clouds use for services of their own.
var carrierNet = netip.MustParsePrefix("100.64.0.0/10")
