// Package e2e looks at the network from outside, through the built binaries: what is typed, what is printed, what it costs.
package e2e

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/ain-network/aind/tests/harness"
)

// shared is a network for all tests of the package that leave it as it was: starting one takes seconds.
var shared struct {
	once    sync.Once
	network *harness.Network
	home    string
	err     error
}

func network(t *testing.T) *harness.Network {
	t.Helper()
	shared.once.Do(func() {
		if shared.home, shared.err = os.MkdirTemp("", "aind-e2e-"); shared.err == nil {
			shared.network, shared.err = harness.OpenNetwork(shared.home, harness.Options{})
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(shared.network.Logs())
		}
	})
	return shared.network
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.network != nil {
		if err := errors.Join(shared.network.Close(), os.RemoveAll(shared.home)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
