package dial

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPublicAddresses(t *testing.T) {
	for _, address := range []string{
		"10.1.2.3:443", "172.16.0.1:443", "192.168.0.1:443", "127.0.0.1:80", "169.254.169.254:80", "[::1]:443", "[fe80::1]:443", "[fd00:ec2::254]:80",
		"[::ffff:127.0.0.1]:80", "100.100.100.200:80", "0.0.0.0:80", "[::]:80", "224.0.0.1:80", "255.255.255.255:80",
	} {
		require.ErrorIs(t, PublicOnly("tcp", address, nil), ErrNotPublic, address)
	}
	for _, address := range []string{"93.184.216.34:443", "[2606:2800:220:1::1]:443"} {
		require.NoError(t, PublicOnly("tcp", address, nil), address)
	}
	require.Error(t, PublicOnly("tcp", "localhost", nil))
}

// A name is judged by the address that it has when it is used.
func TestANameThatLeadsHomeIsRefused(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = Public(net.Dialer{})(context.Background(), "tcp", net.JoinHostPort("localhost", port))
	require.ErrorIs(t, err, ErrNotPublic)
	require.False(t, asked)
}
