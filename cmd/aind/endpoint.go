package main

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/ain-network/aind/client"
)

// knock is how long a node may take to open its door to a command of the SDK.
const knock = time.Second

// withSettings is what the SDK makes of config/client.toml, but for several nodes, of which the SDK knows nothing: the first
// that can be reached is asked.
func withSettings(ctx sdkclient.Context, settings client.Settings) (sdkclient.Context, error) {
	ctx = ctx.WithOutputFormat(settings.Output).WithChainID(settings.ChainID).
		WithKeyringDefaultKeyName(settings.From).WithBroadcastMode(settings.BroadcastMode)
	keyring, err := sdkclient.NewKeyringFromBackend(ctx, settings.KeyringBackend)
	if err != nil {
		return ctx, err
	}
	uri := firstReachable(settings.Node)
	rpc, err := sdkclient.NewClientFromNode(uri)
	if err != nil {
		return ctx, err
	}
	return ctx.WithKeyring(keyring).WithNodeURI(uri).WithClient(rpc), nil
}

// chooseNode does the same for --node.
func chooseNode(cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup(flags.FlagNode)
	if flag == nil || !flag.Changed {
		return nil
	}
	return flag.Value.Set(firstReachable(flag.Value.String()))
}

// firstReachable of endpoints that are separated by commas; the first of all where none is, so that the error names it. One
// alone is not tried.
func firstReachable(list string) string {
	endpoints := client.Settings{Node: list}.Endpoints()
	if len(endpoints) == 0 {
		return list
	}
	for _, endpoint := range endpoints {
		if len(endpoints) == 1 || isReachable(endpoint) {
			return endpoint
		}
	}
	return endpoints[0]
}

func isReachable(endpoint string) bool {
	if !strings.Contains(endpoint, "://") {
		endpoint = "tcp://" + endpoint
	}
	at, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	address := at.Host
	if at.Port() == "" {
		port := map[string]string{"https": "443"}[at.Scheme]
		if port == "" {
			port = "80"
		}
		address = net.JoinHostPort(at.Hostname(), port)
	}
	conn, err := net.DialTimeout("tcp", address, knock)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
