package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/gateway/server"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	s3server "github.com/ain-network/aind/storage/storagetest/server"
)

// childConfig is what a gateway in a process of its own needs.
type childConfig struct {
	Dir, Listen, Provider, Store string
	Spaces                       map[uint64]space
}

// runGateway serves until ctx ends.
func runGateway(ctx context.Context, raw string) error {
	var cfg childConfig
	if err := json.Unmarshal([]byte(raw), &cfg); err != nil {
		return err
	}
	store, err := s3.Open(cfg.Store)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return err
	}
	return server.Serve(ctx, server.Config{
		Dir: cfg.Dir, Name: listener.Addr().String(), ChainID: chainID, Provider: cfg.Provider, Store: store,
		Ledger: &ledger{spaces: cfg.Spaces}, PerAddress: 100_000, PerAccount: 100_000,
	}, listener, "", "", func() { fmt.Println("ready:", listener.Addr()) })
}

// A gateway that is killed in the middle of puts, ten times, loses nothing that it has acknowledged, keeps its books, and
// leaves nothing behind that is not swept away.
func TestKilledInTheMiddleOfPuts(t *testing.T) {
	store := s3server.Run(t, "embedded", t.TempDir()).S3()
	alice, bob := client.GenerateKey(), client.GenerateKey()
	expires := time.Now().Add(24 * time.Hour).UnixMilli()
	spaces := map[uint64]space{
		1: {Owner: alice.Address().String(), Provider: provider, Size: 64 * mib, ExpiresMs: expires},
		2: {Owner: bob.Address().String(), Provider: provider, Size: 64 * mib, ExpiresMs: expires},
	}
	cfg := childConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", Provider: provider, Store: store.URL(), Spaces: spaces}

	var mu sync.Mutex
	kept := map[uint64]map[storage.Digest][]byte{1: {}, 2: {}}
	for round := range 10 {
		gate := launch(t, cfg)
		cfg.Listen = gate.addr
		ctx, cancel := context.WithCancel(deadline(t))
		acknowledged := make(chan struct{}, 1000)
		var writers sync.WaitGroup
		for writer := range 4 {
			id, key := uint64(1+writer%2), []client.Key{alice, bob}[writer%2]
			c, err := gateway.NewClient(gateway.Config{URL: "http://" + gate.addr, ChainID: chainID, Key: key})
			require.NoError(t, err)
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					// The same content goes into both spaces, and some of it is removed again.
					b := storagetest.Content(uint64(1000*round+100*(writer/2)+i), 3000+i)
					if _, err := storage.PutBytes(ctx, c.Space(id), b); err != nil {
						return
					}
					mu.Lock()
					kept[id][storage.DigestOf(b)] = b
					mu.Unlock()
					if i%3 == 2 && id == 2 {
						mu.Lock()
						delete(kept[id], storage.DigestOf(b)) // whether or not it is acknowledged
						mu.Unlock()
						if err := c.Space(id).Delete(ctx, storage.DigestOf(b)); err != nil {
							return
						}
					}
					acknowledged <- struct{}{}
				}
			})
		}
		for range 5 + 3*round {
			<-acknowledged
		}
		gate.kill()
		cancel()
		writers.Wait()
	}

	listener := launch(t, cfg)
	for id, key := range map[uint64]client.Key{1: alice, 2: bob} {
		c, err := gateway.NewClient(gateway.Config{URL: "http://" + listener.addr, ChainID: chainID, Key: key})
		require.NoError(t, err)
		for d, b := range kept[id] {
			got, err := storage.ReadAll(deadline(t), c.Space(id), d, mib)
			require.NoError(t, err, "space %d", id)
			require.Equal(t, b, got)
		}
	}
	listener.kill()

	// Some minutes later nothing is under way any more, and the books are those of what is there.
	later := &clock{ahead: time.Hour}
	opened, err := server.Open(deadline(t), server.Config{
		Dir: cfg.Dir, Name: "test", ChainID: chainID, Provider: provider, Store: openStore(t, store), Ledger: &ledger{spaces: spaces},
		Now: later.now, Grace: time.Minute,
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	require.NoError(t, opened.Audit(deadline(t)))
	for id := range spaces {
		listed, stored, pending := opened.Books(t, id)
		require.Zero(t, pending)
		objects := map[storage.Digest]int64{}
		err := openStore(t, store).Shelf(fmt.Sprintf("spaces/%d/", id)).Objects(deadline(t), func(o s3.Object) error {
			objects[storage.Digest("sha256:"+o.Key[len(o.Key)-64:])] = o.Size
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, objects, listed, "what the index has is what the store has")
		sum := int64(0)
		for _, size := range listed {
			sum += size
		}
		require.Equal(t, sum, stored)
		for d := range kept[id] {
			require.Contains(t, listed, d)
		}
	}
}

// A bucket belongs to one provider, and a folder to one gateway.
func TestOneGatewayABucket(t *testing.T) {
	w := newWorld(t)
	cfg := w.cfg
	_, err := server.Open(deadline(t), cfg)
	require.ErrorContains(t, err, "is in use (is another gateway running on this folder?)")
	cfg.Dir, cfg.Provider = t.TempDir(), client.GenerateKey().Address().String()
	_, err = server.Open(deadline(t), cfg)
	require.ErrorContains(t, err, "the bucket is another provider's")
	require.False(t, errors.Is(err, storage.ErrUnavailable))
}

// An index that is lost is filled from the bucket, and then the owner has all that was there.
func TestIndexIsRebuilt(t *testing.T) {
	w := newWorld(t)
	w.reserve(2, w.bob, mib)
	b := storagetest.Content(5, 3000)
	d := put(t, w.space(t, w.alice, 1), b)
	put(t, w.space(t, w.bob, 2), b)
	w.cfg.Dir = t.TempDir()
	w.serve(t)
	s := w.space(t, w.alice, 1)
	got, err := storage.ReadAll(deadline(t), s, d, mib)
	require.NoError(t, err)
	require.Equal(t, b, got)
	usage, err := s.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: mib, Stored: 3000, Objects: 1}, usage)
	require.NoError(t, s.Delete(deadline(t), d))
	_, err = w.space(t, w.bob, 2).Stat(deadline(t), d)
	require.NoError(t, err)
}
