package daemon_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
)

// tamper changes every object of a local store, whatever it is.
func tamper(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) == 0 {
			return err
		}
		content[0] ^= 1
		return os.WriteFile(path, content, 0o600)
	}))
}

// What a request names is on this machine, verified and ready, before anything is promised with it.
func TestWhatARequestNamesIsCheckedBeforeItIsPromised(t *testing.T) {
	content := []byte("a program")
	absent := string(storage.DigestOf([]byte("absent")))
	code := func() *program.Code {
		return &program.Code{Kind: program.CodeWASM, Digest: string(storage.DigestOf(content)), Size_: uint64(len(content))}
	}
	for name, c := range map[string]struct {
		change func(*daemon.Programs, *program.Code)
		none   bool
		spoil  bool
		is     error
		says   string
	}{
		"as it should be": {},
		"the owner does not want it": {
			change: func(p *daemon.Programs, _ *program.Code) { p.Custom = false }, is: daemon.ErrTask, says: "policy.custom_code is off",
		},
		"nothing to check with":   {none: true, is: daemon.ErrTask, says: "its client has to ask for skip_evaluation"},
		"not in the store":        {change: func(_ *daemon.Programs, c *program.Code) { c.Digest = absent }, is: storage.ErrNotFound},
		"bytes that were changed": {spoil: true, is: storage.ErrDigestMismatch},
		"another size":            {change: func(_ *daemon.Programs, c *program.Code) { c.Size_++ }, is: storage.ErrSizeMismatch},
		"a file that is not in the store": {
			change: func(_ *daemon.Programs, c *program.Code) {
				c.Files = []program.TaskFile{{Name: "data", Digest: absent, Size_: 6}}
			}, is: storage.ErrNotFound, says: "file data",
		},
		"more files than the owner fetches": {
			change: func(p *daemon.Programs, c *program.Code) {
				p.Limits.Input = 10
				c.Files = []program.TaskFile{{Name: "a", Digest: absent, Size_: 6}, {Name: "b", Digest: absent, Size_: 5}}
			}, is: daemon.ErrTask, says: "more than the 10 bytes of limits.input",
		},
		"a program that cannot be run": {
			change: func(p *daemon.Programs, _ *program.Code) {
				p.Sandbox.(*daemontest.Sandbox).RefuseToPrepare(sandbox.ErrBadProgram)
			}, is: sandbox.ErrBadProgram,
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "store")
			store, err := local.Open(folder)
			require.NoError(t, err)
			_, err = storage.PutBytes(t.Context(), store, content)
			require.NoError(t, err)
			contents, err := release.OpenCache(t.TempDir(), 1<<20)
			require.NoError(t, err)
			box := daemontest.NewSandbox()
			box.Use(code().Digest, daemontest.Double)
			p := &daemon.Programs{
				Custom: true, Contents: contents, Source: daemon.Plain{Store: store}, Sandbox: box, Limits: daemon.Config{}.WithDefaults().Limits, Log: daemontest.Log(t),
			}
			named := code()
			if c.change != nil {
				c.change(p, named)
			}
			if c.none {
				named = nil
			}
			if c.spoil {
				tamper(t, folder)
			}
			err = p.PrepareCode(t.Context(), named)
			if c.is == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			assert.Empty(t, box.Runs(code().Digest))
		})
	}
}

func TestTasksThatCannotBeReadAreRefused(t *testing.T) {
	_, err := daemon.ReadTask([]byte{0xff})
	require.ErrorIs(t, err, daemon.ErrTask)
	_, err = daemon.ReadTask(nil)
	require.ErrorIs(t, err, daemon.ErrTask)
	require.ErrorContains(t, err, "program: missing; name what is to be run")
}
