package daemon_test

import (
	"context"
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
	jobstypes "github.com/ain-network/aind/x/jobs/types"
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

// onlySpace has space 7, and no store of a whole network.
type onlySpace struct{ storage.Store }

func (s onlySpace) At(_ context.Context, space uint64) (storage.Store, error) {
	if space != 7 {
		return nil, daemon.ErrNoStore
	}
	return s.Store, nil
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
		// request changes the reference of the program among the request's files; nil: there is none.
		request func(*jobstypes.Reference)
		is      error
		says    string
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
		"in a space that the request says": {request: func(*jobstypes.Reference) {}},
		"in no space, which this node cannot read": {
			request: func(r *jobstypes.Reference) { r.Digest = absent }, is: daemon.ErrNoStore,
		},
		"of another size than the request says": {
			request: func(r *jobstypes.Reference) { r.Size_++ }, is: daemon.ErrTask, says: "it says 9 bytes of " + string(storage.DigestOf(content)) + ", the request's file program says 10",
		},
		"in chunks": {request: func(r *jobstypes.Reference) { r.Chunked = true }, is: daemon.ErrTask, says: "lies in chunks, and programs are stored whole"},
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
			p.Tasks = t.TempDir()
			named, request := code(), jobstypes.Request{}
			if c.request != nil {
				p.Source = onlySpace{store}
				request.Spec.Input.Files = []jobstypes.NamedReference{{Name: "program", Reference: jobstypes.Reference{Digest: named.Digest, Size_: named.Size_, Space: 7}}}
				c.request(&request.Spec.Input.Files[0].Reference)
			}
			if c.change != nil {
				c.change(p, named)
			}
			if c.none {
				named = nil
			}
			if c.spoil {
				tamper(t, folder)
			}
			kit := &daemon.Kit{World: daemon.World{Source: p.Source, Contents: contents}, Programs: p}
			err = kit.PrepareCode(t.Context(), request, named)
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
