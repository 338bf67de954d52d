package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/storage/types"
)

func TestEndpointsAreHostsThatNeedNoLookUp(t *testing.T) {
	params := types.DefaultParams()
	label := strings.Repeat("a", 63)
	for _, endpoint := range []string{
		"https://store.example.org", "https://store.example.org:9000", "https://s", "https://10.0.0.1:443", "https://[2001:db8::1]", "https://[::1]:65535",
		"http://localhost", "http://127.0.0.1:9000", "http://[::1]:1", "https://" + label + "." + label + "." + label,
	} {
		require.NoError(t, types.ValidateEndpoint(endpoint, params), endpoint)
	}
	for _, endpoint := range []string{
		"", "store.example.org", "ftp://store.example.org", "HTTPS://store.example.org", "https://", "https://:80", "https://store.example.org/", "https://store.example.org/path",
		"https://store.example.org?q", "https://store.example.org#f", "https://user@store.example.org", "https://Store.example.org", "https://store..org", "https://.org",
		"https://-a.org", "https://a-.org", "https://store.example.org:", "https://store.example.org:0", "https://store.example.org:65536", "https://store.example.org:080",
		"https://store.example.org:+80", "https://a b", "https://störe.org", "https://[::1", "https://[]", "https://[1]", "https://[::g]", "https://::1", "https://" + label + "a",
		"https://" + strings.Repeat("a.", 127) + "a",
		"http://store.example.org", "http://10.0.0.1", "http://127.0.0.2", "http://localhost.example.org", "http://[::2]",
	} {
		err := types.ValidateEndpoint(endpoint, params)
		if len(endpoint) > 256 {
			require.ErrorIs(t, err, types.ErrLimit, endpoint)
			continue
		}
		require.ErrorIs(t, err, types.ErrInvalid, endpoint)
	}
	require.EqualError(t, types.ValidateEndpoint("http://store.example.org", params),
		`endpoint: "http://store.example.org": plain http is for 127.0.0.1, [::1] and localhost; give https: invalid`)
	require.EqualError(t, types.ValidateEndpoint("https://a/b", params),
		`endpoint: "https://a/b": "a/b" is no host; give a name in lower case, or an address, and no path: invalid`)
	require.EqualError(t, types.ValidateEndpoint("https://a:0", params), `endpoint: "https://a:0": "0" is no port; give 1 to 65535: invalid`)
	require.EqualError(t, types.ValidateEndpoint("a", params), `endpoint: "a"; give https://host or https://host:port: invalid`)
	params.MaxEndpointBytes = 16
	require.NoError(t, types.ValidateEndpoint("https://abcdef.g", params))
	require.EqualError(t, types.ValidateEndpoint("https://abcdef.gh", params), "endpoint: 17 bytes of at most 16: limit")
}
