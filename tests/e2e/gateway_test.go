package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/tests/harness"
)

// chainID is that of a devnet.
const chainID = "ain-devnet-1"

// gatewayWorld is `aind store --gateway` of a provider of a real chain.
type gatewayWorld struct {
	network  *harness.Network
	provider *harness.Node
	process  *harness.Process
	address  string
}

// startGateway serves it with settings of the gateway beside those that it needs, as in "owner_uploads: 9".
func startGateway(t *testing.T, settings ...string) *gatewayWorld {
	t.Helper()
	g := &gatewayWorld{network: network(t), address: freeAddress(t)}
	g.provider = g.network.NewNode(t, "provider", "20", "")
	g.provider.Tx(t, "storage", "register-provider", "http://"+g.address, "100", "1073741824")
	g.eventually(t, "the provider is registered", func() error {
		var answer struct{}
		return g.network.Get("/ain/storage/v1/providers/"+g.provider.Address, &answer)
	})
	file := "listen: " + freeAddress(t) + "\nbucket: ain\naccess_key: owner\nsecret_key: the-secret-of-this-store\ngateway: {listen: '" + g.address + "'"
	for _, setting := range settings {
		file += ", " + setting
	}
	require.NoError(t, os.WriteFile(filepath.Join(g.provider.Home, "store.yaml"), []byte(file+"}\n"), 0o600))
	process, err := harness.Start("store", filepath.Join(g.provider.Home, "store.log"), nil, "store", "--home", g.provider.Home,
		"--provider", g.provider.Address, "--node", g.network.RPC())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, process.Stop()) })
	g.process = process
	process.AwaitSaid(t, "gateway "+g.address+" is ready at "+g.address)
	return g
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// space is a space of the gateway as a node's owner sees it.
func (g *gatewayWorld) space(t *testing.T, n *harness.Node, id uint64) *gateway.Space {
	t.Helper()
	c, err := gateway.NewClient(gateway.Config{URL: "http://" + g.address, ChainID: chainID, Key: keyOf(t, n)})
	require.NoError(t, err)
	return c.Space(id)
}

// keyOf is the key of a node's owner.
func keyOf(t *testing.T, n *harness.Node) client.Key {
	t.Helper()
	ring, err := client.OpenKeyring(n.Home, "test", "")
	require.NoError(t, err)
	key, err := ring.Key(n.Role)
	require.NoError(t, err)
	return key
}

// reserve reserves a space of the provider for an owner that has none, and returns its number.
func (g *gatewayWorld) reserve(t *testing.T, owner *harness.Node, size int) uint64 {
	t.Helper()
	owner.Tx(t, "storage", "reserve-space", g.provider.Address, strconv.Itoa(size), "7200000", "100")
	var answer struct{ Spaces []struct{ ID string } }
	g.eventually(t, "the space is reserved", func() error {
		err := g.network.Get("/ain/storage/v1/spaces?owner="+owner.Address, &answer)
		if err == nil && len(answer.Spaces) == 0 {
			err = errors.New("there is none")
		}
		return err
	})
	id, err := strconv.ParseUint(answer.Spaces[0].ID, 10, 64)
	require.NoError(t, err)
	return id
}

// What is reserved on the chain is what the gateway serves, to whom the chain says, and nobody holds the store's secret.
func TestGateway(t *testing.T) {
	g := startGateway(t)
	owner, friend := g.network.NewNode(t, "owner", "20", ""), g.network.NewNode(t, "friend", "20", "")
	id := g.reserve(t, owner, 1<<20)
	own, other := g.space(t, owner, id), g.space(t, friend, id)
	content := []byte("what a request needs")
	info, err := storage.PutBytes(t.Context(), own, content)
	require.NoError(t, err)
	got, err := storage.ReadAll(t.Context(), own, info.Digest, 1<<20)
	require.NoError(t, err)
	require.Equal(t, content, got)
	usage, err := own.Usage(t.Context())
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: 1 << 20, Stored: int64(len(content)), Objects: 1}, usage)

	t.Run("another account reads what the rule lets it read, and no longer", func(t *testing.T) {
		_, _, err := other.Get(t.Context(), info.Digest)
		require.ErrorIs(t, err, storage.ErrNotFound)
		_, err = storage.PutBytes(t.Context(), other, content)
		require.ErrorIs(t, err, storage.ErrDenied)
		rule := fmt.Sprintf(`{"kind":"ACCESS_KIND_LISTED","accounts":["%s"]}`, friend.Address)
		owner.Tx(t, "storage", "set-access", strconv.FormatUint(id, 10), "--read", rule, "--write", rule)
		g.eventually(t, "the friend reads", func() error {
			_, err := storage.ReadAll(t.Context(), other, info.Digest, 1<<20)
			return err
		})
		_, err = storage.PutBytes(t.Context(), other, []byte("of the friend"))
		require.NoError(t, err)
		owner.Tx(t, "storage", "set-access", strconv.FormatUint(id, 10))
		g.eventually(t, "the friend no longer reads", func() error {
			if _, err := other.Stat(t.Context(), info.Digest); err == nil {
				return errors.New("it does")
			}
			return nil
		})
		require.NoError(t, own.Delete(t.Context(), storage.DigestOf([]byte("of the friend"))))
	})
	t.Run("more than is reserved does not fit", func(t *testing.T) {
		_, err := storage.PutBytes(t.Context(), own, make([]byte, 1<<20))
		require.ErrorIs(t, err, gateway.ErrOverQuota)
	})
	t.Run("a space that was never reserved is not there", func(t *testing.T) {
		_, err := storage.PutBytes(t.Context(), g.space(t, owner, 1<<40), content)
		require.ErrorIs(t, err, storage.ErrNotFound)
	})
	t.Run("a space that is given back takes nothing", func(t *testing.T) {
		owner.Tx(t, "storage", "release-space", strconv.FormatUint(id, 10))
		g.eventually(t, "the space is gone", func() error {
			if _, err := storage.PutBytes(t.Context(), own, []byte("late")); err == nil {
				return errors.New("it takes content")
			}
			return nil
		})
		_, err := storage.PutBytes(t.Context(), own, []byte("late"))
		require.ErrorIs(t, err, storage.ErrNotFound)
	})
}

// eventually waits for a change of the chain to be seen: what was allowed is remembered for two seconds.
func (g *gatewayWorld) eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	harness.Eventually(t, what, 20*time.Second, holds)
}
