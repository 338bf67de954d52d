package embedded_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/s3"
)

const (
	patience = time.Minute
	// childEnv holds, in a child, the configuration of the store it is to run.
	childEnv = "AIND_TEST_STORE"

	ownerKey    = "owner"
	ownerSecret = "owner-secret-0123456789"
	guestKey    = "guest"
	guestSecret = "guest-secret-9876543210"
)

// TestMain lets the test binary be the store: the gateway wants a process of its
// own, and some tests kill it.
func TestMain(m *testing.M) {
	if raw := os.Getenv(childEnv); raw != "" {
		if err := runChild(raw); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runChild serves until standard input ends, so that it never outlives the test.
func runChild(raw string) error {
	var cfg embedded.Config
	if err := json.Unmarshal([]byte(raw), &cfg); err != nil {
		return err
	}
	cfg.Ready = func(addr string) { fmt.Println("ready:", addr) }
	cfg.Log = func(msg string, err error) { fmt.Fprintln(os.Stderr, msg, err) }
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return embedded.Run(ctx, cfg)
}

// child is a store in a process of its own.
type child struct {
	cfg   embedded.Config
	addr  string
	cmd   *exec.Cmd
	stdin io.Closer
}

// config is what the tests' stores have in common.
func config(t testing.TB) embedded.Config {
	return embedded.Config{
		Dir:       t.TempDir(),
		Listen:    "127.0.0.1:0",
		AccessKey: ownerKey,
		SecretKey: ownerSecret,
		Accounts:  []embedded.Account{{AccessKey: guestKey, SecretKey: guestSecret}},
	}
}

// start runs a store and waits until it serves.
func start(t testing.TB, cfg embedded.Config) *child {
	t.Helper()
	c, out := launch(t, cfg)
	addr, ready := strings.CutPrefix(out, "ready: ")
	require.True(t, ready, "the store says %q", out)
	c.addr = addr
	return c
}

// launch runs a store and returns the line that says how its start ended.
func launch(t testing.TB, cfg embedded.Config) (*child, string) {
	t.Helper()
	raw, err := json.Marshal(struct {
		embedded.Config
		Ready, Log *int // functions have no JSON form: hide them
	}{Config: cfg})
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cfg: cfg, cmd: cmd, stdin: stdin}
	t.Cleanup(c.kill)

	line := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if s := lines.Text(); strings.HasPrefix(s, "ready: ") || strings.HasPrefix(s, "failed: ") {
				line <- s
			}
		}
		close(line)
	}()
	select {
	case s := <-line:
		return c, s
	case <-time.After(patience):
		require.FailNow(t, "the store says nothing")
		return nil, ""
	}
}

// kill ends the store as a crash would, and waits for its end.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// stop lets the store end as it should.
func (c *child) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, c.stdin.Close())
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the store does not stop")
	}
}

// restart runs the store again on the same folder and address.
func (c *child) restart(t testing.TB) *child {
	t.Helper()
	cfg := c.cfg
	cfg.Listen = c.addr
	return start(t, cfg)
}

// s3Config is how the owner reaches the store.
func (c *child) s3Config(t testing.TB) s3.Config {
	return s3.Config{
		Endpoint:  c.addr,
		Bucket:    embedded.DefaultBucket,
		AccessKey: ownerKey,
		SecretKey: ownerSecret,
		SpoolDir:  t.TempDir(),
	}
}

// open returns the owner's client.
func (c *child) open(t testing.TB) *s3.Store {
	t.Helper()
	return openStore(t, c.s3Config(t))
}

func openStore(t testing.TB, cfg s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.New(cfg)
	require.NoError(t, err)
	if cfg.SpoolDir != "" {
		t.Cleanup(func() {
			left, err := os.ReadDir(cfg.SpoolDir)
			require.NoError(t, err)
			require.Empty(t, left, "no spool file is left")
		})
	}
	return s
}

// file returns where the store keeps an object.
func (c *child) file(d storage.Digest) string {
	return filepath.Join(c.cfg.Dir, "objects", embedded.DefaultBucket, "sha256", d.Hex())
}

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// requireInvisible requires that neither a client nor a look into the folder
// finds an object.
func (c *child) requireInvisible(t testing.TB, d storage.Digest) {
	t.Helper()
	_, err := c.open(t).Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	body, _, err := c.open(t).Get(deadline(t), d)
	if err == nil {
		body.Close()
	}
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoFileExists(t, c.file(d))
}

// dial opens a plain connection to the store, which is closed when the test ends.
func (c *child) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", c.addr, patience)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn.(*net.TCPConn)
}
