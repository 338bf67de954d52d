package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// NewSpace reserves a space of the network's provider that an account writes into, and returns its address, ain://7. The treasury pays, so
// that the books of those whom a test is about are not touched. read is a rule as people write it.
func (n *Network) NewSpace(t testing.TB, read, writer string) string {
	t.Helper()
	var reserved struct{ Space string }
	n.ClientJSON(t, &reserved, "storage", "reserve", "4GiB", "--for", "48h", "--provider", n.Account(t, "store"), "--read", read, "--write", writer,
		"--from", "treasury")
	return "ain://" + reserved.Space
}

// Stored is the file in which the network's store has a content of a space.
func (n *Network) Stored(space, digest string) string {
	return filepath.Join(n.Folder("store"), "store", "objects", "ain", "spaces", strings.TrimPrefix(space, "ain://"), "sha256",
		strings.TrimPrefix(digest, "sha256:"))
}

// Store is an S3 store of a test's own, for nodes that share one.
type Store struct {
	Home, Address string

	log     string
	process *Process
}

const storeSecret = "a-secret-of-this-test"

// NewStore runs `aind store` in the network's folder until the test ends.
func (n *Network) NewStore(t testing.TB) *Store {
	t.Helper()
	ports, err := freePorts("store")
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{
		Home: filepath.Join(n.Home, "another-store"), Address: fmt.Sprintf("127.0.0.1:%d", ports["store"]),
		log: filepath.Join(n.Home, "logs", "another-store.log"),
	}
	settings := fmt.Sprintf("listen: %s\nbucket: ain\naccess_key: owner\nsecret_key: %s\n", s.Address, storeSecret)
	if err := errors.Join(os.MkdirAll(s.Home, 0o700), os.WriteFile(filepath.Join(s.Home, "store.yaml"), []byte(settings), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	s.Start(t)
	return s
}

// Start runs the store, and waits until it answers.
func (s *Store) Start(t testing.TB) {
	t.Helper()
	process, err := Start("store", s.log, nil, "store", "--home", s.Home)
	if err != nil {
		t.Fatal(err)
	}
	s.process = process
	opened := s.Open(t)
	Eventually(t, "the store answers", Patience, func() error {
		if _, err := opened.Stat(context.Background(), storage.DigestOf(nil)); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	})
}

// Kill ends the store as by kill -9.
func (s *Store) Kill() {
	if s.process != nil {
		s.process.Kill()
	}
}

// URL is the store with its credentials.
func (s *Store) URL() string { return StoreAt(s.Address) }

// StoreAt is a test's store seen through an address, as that of a proxy.
func StoreAt(address string) string {
	return fmt.Sprintf("s3+http://owner:%s@%s/ain", storeSecret, address)
}

// Open is the store.
func (s *Store) Open(t testing.TB) *s3.Store {
	t.Helper()
	opened, err := s3.Open(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
