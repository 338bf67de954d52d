// Package harness runs networks and daemons from the built binaries, for tests that look at them from outside: through
// command lines, REST, logs and the processes of this machine.
//
// It builds nothing and imports nothing of what it tests. It trusts the chain's own account of balances, and holds that
// account against the supply. Whatever it starts ends with the test, and a test whose processes outlive it fails.
package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// EnvBinary names the aind to test, with ain-sandbox beside it; without it that of `make build`.
const EnvBinary = "AIND_BIN"

// Patience with whatever should happen at once on a machine that does nothing else. It is long, for tests share machines.
const Patience = 90 * time.Second

// pace at which a condition is looked at.
const pace = 50 * time.Millisecond

// Root is the folder of the module.
var Root = sync.OnceValue(func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(fmt.Sprintf("where is this test: %s", err))
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			panic("this test does not run inside of the module")
		}
		folder = filepath.Dir(folder)
	}
})

// Binary is the path of the aind to test.
func Binary() (string, error) {
	path := os.Getenv(EnvBinary)
	if path == "" {
		path = filepath.Join(Root(), "build", "aind")
	}
	for _, part := range []string{path, filepath.Join(filepath.Dir(path), "ain-sandbox")} {
		if _, err := os.Stat(part); err != nil {
			return "", fmt.Errorf("%w: run `make build runtimes examples`, or name another binary with %s", err, EnvBinary)
		}
	}
	return filepath.Abs(path)
}

// RequireReal skips a test that needs something which this machine lacks, and fails it where nothing may be lacking.
func RequireReal(t testing.TB, lack string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("AIND_REQUIRE_REAL") == "1" {
		t.Fatalf("this machine lacks %s", lack)
	}
	t.Skipf("this machine lacks %s", lack)
}

// Eventually looks at a condition until it holds. What it says until then is in the failure.
func Eventually(t testing.TB, what string, patience time.Duration, holds func() error) {
	t.Helper()
	if err := await(what, patience, holds); err != nil {
		t.Fatal(err)
	}
}

func await(what string, patience time.Duration, holds func() error) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		err := holds()
		if err == nil {
			return nil
		}
		select {
		case <-deadline.C:
			return fmt.Errorf("%s: not within %s: %w", what, patience, err)
		case <-ticker.C:
		}
	}
}
