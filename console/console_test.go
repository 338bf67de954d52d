package console_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/console"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// world is a user with a key and coins, a chain and a store.
type world struct {
	t       *testing.T
	chain   *fakeChain
	keys    fakeKeyring
	store   storage.Store
	space   console.Space // every space; nil: there are none
	home    string
	in      string
	qualify console.Examiner

	dial error // instead of connecting
	out  bytes.Buffer
	err  bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := local.Open(t.TempDir())
	require.NoError(t, err)
	w := &world{t: t, chain: newFakeChain(), keys: fakeKeyring{}, store: store, home: t.TempDir()}
	key, _, err := w.keys.Create("alice")
	require.NoError(t, err)
	w.chain.wallets[key.Address().String()] = chain.Coin(1_000_000_000).Amount
	settings := client.DefaultSettings()
	settings.Store = "file://store"
	require.NoError(t, settings.Write(w.home))
	return w
}

func (w *world) environment() console.Environment {
	return console.Environment{
		In: strings.NewReader(w.in), Out: &w.out, Err: &w.err,
		Dial: func(context.Context, client.Config) (console.Chain, error) {
			if w.dial != nil {
				return nil, w.dial
			}
			return w.chain, nil
		},
		OpenStore: func(string) (storage.Store, error) { return w.store, nil },
		OpenSpace: func(_ context.Context, _ *daemon.Spaces, id uint64) (console.Space, error) {
			if w.space == nil {
				return nil, fmt.Errorf("%w: the chain has no space %d", storage.ErrNotFound, id)
			}
			return w.space, nil
		},
		OpenKeyring: func(string, string, string) (console.Keyring, error) { return w.keys, nil },
		Qualify:     w.qualify,
	}
}

// run executes one command line and returns what it printed.
func (w *world) run(args ...string) (string, error) {
	w.t.Helper()
	return w.runWith(w.t.Context(), args...)
}

func (w *world) runWith(ctx context.Context, args ...string) (string, error) {
	w.out.Reset()
	w.err.Reset()
	root := &cobra.Command{Use: "aind", SilenceErrors: true, SilenceUsage: true}
	root.PersistentFlags().String("home", w.home, "")
	root.AddCommand(append(console.Verbs(w.environment()), console.NewConsole(w.environment()))...)
	root.SetArgs(args)
	root.SetOut(&w.out)
	root.SetErr(&w.err)
	err := root.ExecuteContext(ctx)
	return w.out.String(), err
}

func (w *world) mustRun(args ...string) string {
	w.t.Helper()
	out, err := w.run(args...)
	require.NoError(w.t, err, w.err.String())
	return out
}

// register registers the example job.
func (w *world) register(extra ...string) string {
	w.t.Helper()
	return w.mustRun(append([]string{
		"registerJob", example("job_schema.proto"), example("worker.py"), example("evaluator.py"),
		"--source", "https://example.org/root", "--commit", "abc",
	}, extra...)...)
}

func example(file string) string { return filepath.Join("..", "examples", "calculate-root", file) }

// words stand for what differs between runs.
func (w *world) words(text string) string {
	text = strings.ReplaceAll(text, w.chain.evaluator, "EVALUATOR")
	return strings.ReplaceAll(text, w.chain.worker, "WORKER")
}

func (w *world) golden(name, got string) {
	w.t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		require.NoError(w.t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(w.t, err)
	require.Equal(w.t, string(want), got)
}

// TestThePapersSession types what the paper prints. Source and commit of the programs are given once before, since the
// test's folder is in a repository of its own.
func TestThePapersSession(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	for _, file := range []string{"job_schema.proto", "worker.py", "evaluator.py"} {
		content, err := os.ReadFile(example(file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, file), content, 0o600))
	}
	commit(t, folder)
	t.Chdir(folder)
	w.in = `connect AIN
registerJob job_schema.proto worker.py evaluator.py
.. wait for propagation ..
stats 0x1
requestJob {job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}
`
	got, err := w.run("console")
	require.NoError(t, err, w.err.String())
	t.Chdir(startFolder)
	w.golden("session.txt", w.words(got))
}

var startFolder = func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(fmt.Sprintf("where am I: %v", err))
	}
	return folder
}()

func TestTheConsole(t *testing.T) {
	t.Run("asks to be connected first", func(t *testing.T) {
		w := newWorld(t)
		w.in = "stats 0x1\n"
		_, err := w.run("console")
		require.ErrorIs(t, err, console.ErrNotConnected)
	})
	t.Run("takes an object over several lines", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.in = "connect AIN\nrequestJob {job_id: 0x1,\n  job_input: {y: 4},\n  reward: [1, 2], time_limit: 3s}\n"
		got, err := w.run("console")
		require.NoError(t, err)
		require.Contains(t, got, "received 2.\n")
	})
	t.Run("uses another key for one line only", func(t *testing.T) {
		w := newWorld(t)
		bob, _, err := w.keys.Create("bob")
		require.NoError(t, err)
		w.chain.wallets[bob.Address().String()] = math.NewInt(5)
		w.in = "connect AIN\nstake --from bob\nstake --from alice\n"
		got, err := w.run("console")
		require.NoError(t, err)
		require.Contains(t, got, "Wallet 0.000005 AIN, stake 0 AIN ("+bob.Address().String())
		require.Contains(t, got, "Wallet 1000 AIN")
	})
	t.Run("ends at the first error of a script", func(t *testing.T) {
		w := newWorld(t)
		w.in = "connect AIN\nstats 0x9\nstats 0x8\n"
		got, err := w.run("console")
		require.ErrorContains(t, err, "0x9")
		require.NotContains(t, got, "0x8")
	})
	t.Run("knows no other verbs", func(t *testing.T) {
		w := newWorld(t)
		w.in = "connect AIN\nrm -rf\n"
		_, err := w.run("console")
		require.ErrorContains(t, err, "unknown command")
	})
	t.Run("says that the chain is down", func(t *testing.T) {
		w := newWorld(t)
		w.dial = &client.ChainDownError{Endpoints: []string{"http://a:1"}, Err: errors.New("refused")}
		w.in = "connect AIN\n"
		_, err := w.run("console")
		var down *client.ChainDownError
		require.ErrorAs(t, err, &down)
	})
	t.Run("leaves at exit and skips comments", func(t *testing.T) {
		w := newWorld(t)
		w.in = "# hello {\nexit\nstats 0x1\n"
		got, err := w.run("console")
		require.NoError(t, err)
		require.NotContains(t, got, "stats")
	})
}
