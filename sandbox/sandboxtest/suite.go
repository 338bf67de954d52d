package sandboxtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
)

// Fixture is one kind of sandbox with the probe program for it.
type Fixture struct {
	Sandbox sandbox.Sandbox
	Probe   sandbox.Program // serves testdata/probe.proto
	// Native programs run on the machine's own kernel: its clock and its randomness are real, the program has a folder for scratch, /tmp,
	// sees its own processes in /proc, and can make links, which then fail the run.
	Native bool
	// Variables, NAME=value, that a program has besides those of its run.
	Variables []string
}

// seed of a run where the case does not care.
const seed = "00112233"

// Suite holds a sandbox to the contract of package sandbox.
func Suite(t *testing.T, f Fixture) {
	require.NoError(t, f.Sandbox.Prepare(context.Background(), f.Probe))
	t.Run("a good run returns the reply", f.goodRun)
	t.Run("failures carry their error and the log", f.failures)
	t.Run("limits", f.limits)
	t.Run("a program sees nothing but its own files", f.files)
	t.Run("a program has no network and no processes", f.isolation)
	t.Run("a program sees its variables and no others", f.environment)
	if !f.Native {
		t.Run("equal seeds give equal runs", f.seeds)
		t.Run("time is made up and the same for all", f.clock)
	}
	t.Run("runs at the same time do not mix", f.concurrent)
	t.Run("a cancelled context ends the run", f.cancel)
	t.Run("bad arguments are refused before anything runs", f.badArguments)
}

func (f Fixture) run(t *testing.T, req Request, change ...func(*sandbox.Run)) (*sandbox.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r := sandbox.Run{
		Program: f.Probe,
		Input:   req.Encode(),
		Env:     map[string]string{sandbox.EnvRequest: "42", sandbox.EnvSeed: seed, sandbox.EnvDeadline: "1700000000000"},
		Tenant:  "tester",
	}
	for _, c := range change {
		c(&r)
	}
	return f.Sandbox.Run(ctx, r)
}

// answer runs what must succeed.
func (f Fixture) answer(t *testing.T, req Request, change ...func(*sandbox.Run)) Reply {
	t.Helper()
	result, err := f.run(t, req, change...)
	require.NoError(t, err)
	return DecodeReply(t, result.Output)
}

func (f Fixture) goodRun(t *testing.T) {
	result, err := f.run(t, Request{Action: "echo", N: -1 << 62, Data: []byte{0, 0xff, '"'}, Path: "wörld\n"})
	require.NoError(t, err)
	assert.Equal(t, Reply{Text: "wörld\n", N: -1 << 62, Data: []byte{0, 0xff, '"'}}, DecodeReply(t, result.Output))
	assert.Positive(t, result.Wall)
	assert.Positive(t, result.PeakMemory)
	assert.Empty(t, result.Log)

	result, err = f.run(t, Request{Action: "echo"})
	require.NoError(t, err)
	assert.Empty(t, result.Output, "an empty message is no bytes")
}

func (f Fixture) failures(t *testing.T) {
	cases := []struct {
		name   string
		req    Request
		limits sandbox.Limits
		want   error
		log    string
	}{
		{name: "a crash", req: Request{Action: "crash"}, want: sandbox.ErrCrashed, log: "about to crash"},
		{name: "an unknown action", req: Request{Action: "nonsense"}, want: sandbox.ErrCrashed},
		{name: "garbage for a reply", req: Request{Action: "garbage"}, want: sandbox.ErrBadOutput},
		{name: "more output than allowed", req: Request{Action: "flood", N: 100_000}, limits: sandbox.Limits{OutputBytes: 50_000},
			want: sandbox.ErrOutputTooLarge},
		{name: "a loop that never ends", req: Request{Action: "spin"}, limits: sandbox.Limits{WallTime: 500 * time.Millisecond},
			want: sandbox.ErrTimeout, log: "spinning"},
		{name: "more memory than allowed", req: Request{Action: "eat", N: 1000}, limits: sandbox.Limits{MemoryBytes: 64 << 20},
			want: sandbox.ErrMemory},
		{name: "less memory allowed than any program needs", req: Request{Action: "echo"}, limits: sandbox.Limits{MemoryBytes: 64 << 10},
			want: sandbox.ErrMemory},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			result, err := f.run(t, c.req, func(r *sandbox.Run) { r.Limits = c.limits })
			require.ErrorIs(t, err, c.want)
			require.NotNil(t, result)
			assert.Empty(t, result.Output)
			assert.Contains(t, string(result.Log), c.log)
			assert.Equal(t, "after", f.answer(t, Request{Action: "echo", Path: "after"}).Text, "the next run is not touched")
		})
	}
}

func (f Fixture) limits(t *testing.T) {
	t.Run("the deadline is kept within a tenth", func(t *testing.T) {
		const wall = time.Second
		var took time.Duration
		for range 3 { // a machine that is busy with other things may be late once
			result, err := f.run(t, Request{Action: "spin"}, func(r *sandbox.Run) { r.Limits.WallTime = wall })
			require.ErrorIs(t, err, sandbox.ErrTimeout)
			require.GreaterOrEqual(t, result.Wall, wall)
			if took = result.Wall; took <= wall+wall/10 {
				return
			}
		}
		t.Errorf("stopped after %s, want at most a tenth more than %s", took, wall)
	})
	t.Run("memory stays within the limit", func(t *testing.T) {
		const limit = 128 << 20
		most := int64(limit)
		if f.Native {
			most += limit / 100 // the kernel lets a task that it is killing go past the limit, so that it can end
		}
		under := func(r *sandbox.Run) { r.Limits.MemoryBytes = limit }
		result, err := f.run(t, Request{Action: "eat", N: 32}, under)
		require.NoError(t, err)
		assert.Greater(t, result.PeakMemory, int64(32<<20))
		assert.LessOrEqual(t, result.PeakMemory, most)
		result, err = f.run(t, Request{Action: "eat", N: 200}, under)
		require.ErrorIs(t, err, sandbox.ErrMemory)
		assert.LessOrEqual(t, result.PeakMemory, most)
	})
	t.Run("output up to the limit is taken", func(t *testing.T) {
		reply := f.answer(t, Request{Action: "flood", N: 1 << 20}, func(r *sandbox.Run) { r.Limits.OutputBytes = 2 << 20 })
		assert.Len(t, reply.Data, 1<<20)
	})
	t.Run("of a long log the beginning and the end are kept", func(t *testing.T) {
		const limit = 16 << 10
		result, err := f.run(t, Request{Action: "log", N: 10 << 20}, func(r *sandbox.Run) { r.Limits.LogBytes = limit })
		require.NoError(t, err)
		assert.LessOrEqual(t, len(result.Log), limit)
		assert.Greater(t, len(result.Log), limit/2)
		assert.True(t, strings.HasPrefix(string(result.Log), "first "))
		assert.True(t, strings.HasSuffix(string(result.Log), " last"))
		assert.Contains(t, string(result.Log), "bytes of log left out")
	})
	t.Run("a short log is kept whole", func(t *testing.T) {
		result, err := f.run(t, Request{Action: "log", N: 3}, func(r *sandbox.Run) { r.Limits.LogBytes = 100 })
		require.NoError(t, err)
		assert.Equal(t, "first xxx last", string(result.Log))
		result, err = f.run(t, Request{Action: "log", N: 300}, func(r *sandbox.Run) { r.Limits.LogBytes = 100 })
		require.NoError(t, err)
		assert.Len(t, result.Log, 100)
	})
	t.Run("the output folder takes no more than its quota", func(t *testing.T) {
		const quota = 1 << 20
		for _, c := range []struct {
			name string
			req  Request
			fits bool
		}{
			{"less", Request{Action: "write", Data: make([]byte, quota-100)}, true},
			{"more", Request{Action: "write", Data: make([]byte, quota+1)}, false},
			{"holes", Request{Action: "grow", N: 1 << 40}, false},
		} {
			out := t.TempDir()
			c.req.Path = "/ain/out/" + c.name
			problem := f.answer(t, c.req, func(r *sandbox.Run) { r.OutDir, r.Limits.DiskBytes = out, quota }).Text
			assert.Equal(t, c.fits, problem == "", "%s: %s", c.name, problem)
			info, err := os.Stat(filepath.Join(out, c.name))
			require.NoError(t, err)
			assert.LessOrEqual(t, info.Size(), int64(quota))
		}
	})
}

func (f Fixture) files(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	input := filepath.Join(t.TempDir(), "anything")
	require.NoError(t, os.WriteFile(input, []byte("input"), 0o644))
	var out string
	with := func(r *sandbox.Run) {
		out = t.TempDir()
		r.Inputs, r.OutDir = map[string]string{"data.txt": input}, out
	}

	reply := f.answer(t, Request{Action: "read", Path: "/ain/in/data.txt"}, with)
	assert.Equal(t, "input", string(reply.Data), reply.Text)
	assert.Equal(t, []string{"data.txt"}, f.answer(t, Request{Action: "list", Path: "/ain/in"}, with).Names)
	assert.Empty(t, f.answer(t, Request{Action: "list", Path: "/ain/out"}, with).Names)

	assert.Empty(t, f.answer(t, Request{Action: "write", Path: "/ain/out/result", Data: []byte("output")}, with).Text)
	written, err := os.ReadFile(filepath.Join(out, "result"))
	require.NoError(t, err)
	assert.Equal(t, "output", string(written))

	forbidden := []string{secret, "/etc/passwd", "/ain/in/../../etc/passwd", "/ain/in/../../../../../../" + secret, "/ain/in/other"}
	unwritable := []string{"/ain/in/data.txt", "/ain/in/new", filepath.Join(t.TempDir(), "new"), "/ain/out/../in/data.txt", "/new"}
	if !f.Native {
		forbidden, unwritable = append(forbidden, "/proc/self/environ"), append(unwritable, "/tmp/new")
	}
	for _, path := range forbidden {
		reply := f.answer(t, Request{Action: "read", Path: path}, with)
		assert.NotEmpty(t, reply.Text, "reading %s", path)
		assert.Empty(t, reply.Data, "reading %s", path)
	}
	for _, path := range unwritable {
		assert.NotEmpty(t, f.answer(t, Request{Action: "write", Path: path, Data: []byte("x")}, with).Text, "writing %s", path)
	}
	for _, target := range []string{secret, "../" + filepath.Base(filepath.Dir(secret)) + "/secret"} {
		result, err := f.run(t, Request{Action: "symlink", Path: "/ain/out/link", Data: []byte(target)}, with)
		if f.Native {
			require.ErrorIs(t, err, sandbox.ErrBadOutput)
		} else {
			require.NoError(t, err)
			assert.NotEmpty(t, DecodeReply(t, result.Output).Text)
		}
		left, err := os.ReadDir(out)
		require.NoError(t, err)
		assert.Empty(t, left, "no link arrives")
	}
	kept, err := os.ReadFile(input)
	require.NoError(t, err)
	assert.Equal(t, "input", string(kept))

	assert.NotEmpty(t, f.answer(t, Request{Action: "write", Path: "/ain/out/result", Data: []byte("x")}).Text, "no folder was given")
	assert.Empty(t, f.answer(t, Request{Action: "list", Path: "/ain/in"}).Names, "inputs of an earlier run are gone")
}

func (f Fixture) isolation(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	accepted := make(chan struct{})
	go func() {
		if c, err := listener.Accept(); err == nil {
			c.Close()
			close(accepted)
		}
	}()
	assert.NotEmpty(t, f.answer(t, Request{Action: "dial", Path: listener.Addr().String()}).Text)
	assert.NotEmpty(t, f.answer(t, Request{Action: "exec", Path: "/bin/true"}).Text)
	select {
	case <-accepted:
		t.Error("the program reached the network")
	default:
	}
}

func (f Fixture) environment(t *testing.T) {
	t.Setenv("AIN_TEST_SECRET", "must not leak")
	assert.ElementsMatch(t, append([]string{"AIN_REQUEST=42", "AIN_SEED=" + seed, "AIN_DEADLINE=1700000000000"}, f.Variables...),
		f.answer(t, Request{Action: "env"}).Names)
}

func (f Fixture) seeds(t *testing.T) {
	random := func(seed string) []byte {
		return f.answer(t, Request{Action: "random"}, func(r *sandbox.Run) { r.Env[sandbox.EnvSeed] = seed }).Data
	}
	assert.Len(t, random("01"), 32)
	assert.Equal(t, random("01"), random("01"))
	assert.NotEqual(t, random("01"), random("02"))
	assert.Equal(t, random(""), random(""))
}

func (f Fixture) clock(t *testing.T) {
	begin := time.Now()
	first := f.answer(t, Request{Action: "clock", N: int64(time.Hour)})
	assert.Equal(t, "2022-01-01", first.Text)
	assert.GreaterOrEqual(t, first.N, int64(time.Hour))
	assert.Equal(t, first, f.answer(t, Request{Action: "clock", N: int64(time.Hour)}))
	assert.Less(t, time.Since(begin), time.Minute, "sleeping takes no real time")
}

func (f Fixture) concurrent(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			want := fmt.Sprint("run ", i)
			result, err := f.run(t, Request{Action: "echo", Path: want, N: int64(i)})
			if assert.NoError(t, err) {
				assert.Equal(t, Reply{Text: want, N: int64(i)}, DecodeReply(t, result.Output))
			}
		}()
	}
	wg.Wait()
}

func (f Fixture) cancel(t *testing.T) {
	t.Run("by its owner", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(300*time.Millisecond, cancel)
		defer timer.Stop()
		begin := time.Now()
		_, err := f.Sandbox.Run(ctx, sandbox.Run{Program: f.Probe, Input: Request{Action: "spin"}.Encode()})
		require.ErrorIs(t, err, context.Canceled)
		assert.Less(t, time.Since(begin), 30*time.Second)
	})
	t.Run("by its deadline, which is a timeout", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		_, err := f.Sandbox.Run(ctx, sandbox.Run{Program: f.Probe, Input: Request{Action: "spin"}.Encode()})
		require.ErrorIs(t, err, sandbox.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func (f Fixture) badArguments(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("not the program"), 0o644))
	cases := []struct {
		name   string
		change func(*sandbox.Run)
		want   error  // nil: any
		names  string // what the message must name
	}{
		{"an input that does not decode", func(r *sandbox.Run) { r.Input = []byte{0xff} }, nil, "Request"},
		{"an input with a field that the schema lacks", func(r *sandbox.Run) { r.Input = []byte{0x78, 1} }, nil, "fields"},
		{"a seed that is not hex", func(r *sandbox.Run) { r.Env[sandbox.EnvSeed] = "0xyz" }, nil, "AIN_SEED"},
		{"an input name that is a path", func(r *sandbox.Run) { r.Inputs = map[string]string{"../x": other} }, nil, "input name"},
		{"a negative limit", func(r *sandbox.Run) { r.Limits.WallTime = -1 }, nil, "negative"},
		{"another program than the digest says", func(r *sandbox.Run) {
			r.Program.File, r.Program.Digest = other, "sha256:"+strings.Repeat("0", 64)
		}, sandbox.ErrBadProgram, "digest"},
		{"a digest that is none", func(r *sandbox.Run) { r.Program.Digest = "latest" }, sandbox.ErrBadProgram, "digest"},
		{"a file that is not there", func(r *sandbox.Run) {
			r.Program.File, r.Program.Digest = other+".gone", "sha256:"+strings.Repeat("1", 64)
		}, nil, "no such file"},
		{"an unknown kind", func(r *sandbox.Run) { r.Program.Kind = "exe" }, sandbox.ErrUnsupported, "exe"},
		{"an unknown codec", func(r *sandbox.Run) { r.Program.Codec = "xml" }, sandbox.ErrUnsupported, "xml"},
		{"a service that the schema lacks", func(r *sandbox.Run) { r.Program.Service = "Nobody" }, sandbox.ErrBadProgram, "Nobody"},
		{"a method that the service lacks", func(r *sandbox.Run) { r.Program.Method = "Nothing" }, sandbox.ErrBadProgram, "Nothing"},
		{"a schema that is none", func(r *sandbox.Run) { r.Program.Schema = []byte("junk") }, sandbox.ErrBadProgram, "schema"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.run(t, Request{Action: "echo"}, c.change)
			require.Error(t, err)
			assert.ErrorContains(t, err, c.names)
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
		})
	}
}
