package escape_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// ofModules are the defences of sandbox/wasm.
var ofModules = map[string]defence{
	"two folders":   {loose: "folders"},
	"no links":      {loose: "links"},
	"no following":  {loose: "follow"},
	"quota":         {loose: "quota"},
	"count":         {loose: "count"},
	"memory":        {loose: "memory"},
	"other memory":  {loose: "space"},
	"made-up time":  {loose: "clock"},
	"no file times": {loose: "times"},
	"seeded chance": {loose: "chance"},
	"no sockets":    {loose: "sockets"},
	"digest":        {loose: "digest"},
	"time limit":    {limits: longTime},
	"output limit":  {limits: func(l *sandbox.Limits) { l.OutputBytes = 64 * mib }},
	"log limit":     {limits: func(l *sandbox.Limits) { l.LogBytes = 64 * mib }},
}

var quota = sandbox.Limits{DiskBytes: mib}

var inModules = []attempt{
	{name: "host-file", tried: "read a file of the machine", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "paths-up", tried: "find a way up from an open folder, by the bare interface", stops: []string{"two folders"}, told: "errno"},
	{name: "environment", tried: "read the daemon's child's environment", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "maps", tried: "learn the addresses of its process", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "host-name", tried: "learn the machine's name", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "device", tried: "open a device", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "list-root", tried: "list the machine's folders", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "write-host", tried: "write a file of the machine", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "delete-host", tried: "delete a file of the machine", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "poison-cache", tried: "put code into the cache of compiled programs", stops: []string{"two folders"}, told: "Bad file number"},
	{name: "folders", tried: "find an open folder that is not its own", stops: []string{"two folders"}, told: nothing},
	{name: "sockets", tried: "find an open socket", stops: []string{"no sockets"}, told: nothing},
	{name: "link-read", tried: "make a link to a file of the machine and read it", stops: []string{"no links", "no following"}, told: "Not implemented"},
	{name: "planted-read", tried: "read through a link that lies in /ain/out", stops: []string{"no following"}, told: "symbolic links"},
	{name: "planted-write", tried: "write through a link that lies in /ain/out", stops: []string{"no following"}, told: "symbolic links"},
	{name: "planted-link", tried: "learn where a link leads", stops: []string{"no links"}, told: "Not implemented"},
	{name: "hard-link", tried: "make a hard link", stops: []string{"no links"}, told: "Not implemented"},
	{name: "fill", tried: "fill the disk", stops: []string{"quota"}, told: "I/O error", n: 4 * mib, limits: quota},
	{name: "hole-write", tried: "make a file of holes by writing far out", stops: []string{"quota"}, told: "I/O error", n: 1 << 30, limits: quota},
	{name: "hole-seek", tried: "make a file of holes by going far out", stops: []string{"quota"}, told: "I/O error", n: 1 << 30, limits: quota},
	{name: "hole-truncate", tried: "make a file of holes by its length", stops: []string{"quota"}, told: "I/O error", n: 1 << 30, limits: quota},
	{name: "hole-allocate", tried: "have room for a file reserved", stops: []string{"quota"}, told: "errno", n: 1 << 30, limits: quota},
	{name: "write-again", tried: "write and delete without end", stops: []string{"quota"}, told: "I/O error", n: 4 * mib, limits: quota},
	{name: "many-files", tried: "make files without end", stops: []string{"count"}, told: "not permitted", n: 1100},
	{name: "many-folders", tried: "make folders without end", stops: []string{"count"}, told: "not permitted", n: 1100},
	{name: "many-in-turn", tried: "make and delete files without end", stops: []string{"count"}, told: "not permitted", n: 1100},
	{name: "eat", tried: "take more memory than allowed", stops: []string{"memory"}, told: "memory", n: 128 * mib,
		limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "declare", tried: "declare more memory than allowed", stops: []string{"memory"}, told: "memory", limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "table", tried: "take memory as a table, which is not linear memory", stops: []string{"other memory"}, told: "memory",
		limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "spin", tried: "run longer than allowed", stops: []string{"time limit"}, told: "still running", n: 2_000_000_000,
		limits: sandbox.Limits{WallTime: 300 * time.Millisecond}},
	{name: "flood", tried: "reply with more than allowed", stops: []string{"output limit"}, told: "too much output", n: 4 * mib,
		limits: sandbox.Limits{OutputBytes: mib}},
	{name: "flood-log", tried: "log more than allowed", stops: []string{"log limit"}, told: "bytes of log", n: 8 * mib, judge: logged},
	{name: "date", tried: "learn the date", stops: []string{"made-up time"}, told: nothing},
	{name: "stopwatch", tried: "measure time, as side channels need", stops: []string{"made-up time"}, told: nothing},
	{name: "sleep", tried: "hold a place by sleeping", stops: []string{"made-up time"}, told: "it took no time", n: int64(time.Second), judge: slept},
	{name: "chance", tried: "behave differently in equal runs", stops: []string{"seeded chance"}, told: "the same again"},
	{name: "input-time", tried: "learn the times of inputs", stops: []string{"no file times"}, told: nothing},
	{name: "output-time", tried: "learn the time from a file that it wrote", stops: []string{"no file times"}, told: nothing},
	{name: "tampered", tried: "run a program that was changed after it was verified", stops: []string{"digest"}, told: "digest of"},
}

var inScripts = []attempt{
	{name: "host-file", tried: "read a file of the machine", stops: []string{"two folders"}, told: "No such file or directory"},
	{name: "environment", tried: "read the daemon's child's environment", stops: []string{"two folders"}, told: "No such file or directory"},
	{name: "list-root", tried: "list the machine's folders", stops: []string{"two folders"}, told: "No such file or directory"},
	{name: "write-host", tried: "write a file of the machine", stops: []string{"two folders"}, told: "No such file or directory"},
	{name: "delete-host", tried: "delete a file of the machine", stops: []string{"two folders"}, told: "No such file or directory"},
	{name: "import-host", tried: "import Python code of the machine", stops: []string{"two folders"}, told: "No module named"},
	{name: "link-read", tried: "make a link to a file of the machine and read it", stops: []string{"no links", "no following"}, told: "implemented"},
	{name: "planted-read", tried: "read through a link that lies in /ain/out", stops: []string{"no following"}, told: "ymbolic"},
	{name: "fill", tried: "fill the disk", stops: []string{"quota"}, told: "I/O error", n: 4 * mib, limits: quota},
	{name: "hole-seek", tried: "make a file of holes", stops: []string{"quota"}, told: "I/O error", n: 1 << 30, limits: quota},
	{name: "many-files", tried: "make files without end", stops: []string{"count"}, told: "not permitted", n: 1100},
	{name: "eat", tried: "take more memory than allowed", stops: []string{"memory"}, told: "memory", n: 160 * mib,
		limits: sandbox.Limits{MemoryBytes: 96 * mib}},
	{name: "spin", tried: "run longer than allowed", stops: []string{"time limit"}, told: "still running", n: 20_000_000,
		limits: sandbox.Limits{WallTime: 300 * time.Millisecond}},
	{name: "flood", tried: "reply with more than allowed", stops: []string{"output limit"}, told: "too much output", n: 4 * mib,
		limits: sandbox.Limits{OutputBytes: mib}},
	{name: "flood-log", tried: "log more than allowed", stops: []string{"log limit"}, told: "bytes of log", n: 8 * mib, judge: logged},
	{name: "date", tried: "learn the date", stops: []string{"made-up time"}, told: nothing},
	{name: "sleep", tried: "hold a place by sleeping", stops: []string{"made-up time"}, told: "it took no time", n: int64(time.Second), judge: slept},
	{name: "chance", tried: "behave differently in equal runs", stops: []string{"seeded chance"}, told: "the same again"},
	{name: "input-time", tried: "learn the times of inputs", stops: []string{"no file times"}, told: nothing},
	{name: "output-time", tried: "learn the time from a file that it wrote", stops: []string{"no file times"}, told: nothing},
	{name: "tampered", tried: "run a script that was changed after it was verified", stops: []string{"digest"}, told: "digest of"},
}

func slept(o outcome) error {
	if o.err != nil {
		return o.err
	}
	if o.result.Wall < time.Second {
		return errors.New("it took no time")
	}
	return nil
}

// nursery runs programs of one kind in children that lack defences.
type nursery struct {
	defences map[string]defence
	runtime  string
	probe    sandbox.Program
	special  map[string]sandbox.Program // instead of the probe
	cache    string
	dir      string
	boxes    map[string]sandbox.Sandbox
}

func newNursery(t *testing.T, probe sandbox.Program, runtime string) *nursery {
	t.Helper()
	cache := filepath.Join(sandboxtest.Root(), "build", "cache", "sandbox")
	return &nursery{dir: t.TempDir(), defences: ofModules, runtime: runtime, probe: probe, special: map[string]sandbox.Program{}, cache: cache, boxes: map[string]sandbox.Sandbox{}}
}

// box is a sandbox whose children lack the defences.
func (n *nursery) box(t *testing.T, off []string, fresh bool) sandbox.Sandbox {
	t.Helper()
	var loose []string
	for _, name := range off {
		d, known := n.defences[name]
		if !known {
			t.Fatalf("no defence is called %q", name)
		}
		if d.loose != "" {
			loose = append(loose, d.loose)
		}
	}
	key := strings.Join(loose, "-")
	if fresh {
		key += "!" // a child that has loaded the program as it was runs that
	}
	if n.boxes[key] == nil {
		cfg := sandbox.Config{ChildPath: sandboxtest.Child(t), CacheDir: n.cache, PythonRuntime: n.runtime, MaxChildren: 1}
		if len(loose) > 0 {
			cfg.ChildPath = looseAs(t, n.dir, loose)
		}
		box, err := sandbox.New(cfg)
		require.NoError(t, err)
		n.boxes[key] = box
	}
	return n.boxes[key]
}

func (n *nursery) close(t *testing.T) {
	t.Helper()
	for _, box := range n.boxes {
		require.NoError(t, box.Close())
	}
}

// run makes one run without the defences.
func (n *nursery) run(t *testing.T, a attempt, off []string) outcome {
	t.Helper()
	dir := t.TempDir()
	o := outcome{out: filepath.Join(dir, "out")}
	require.NoError(t, os.Mkdir(o.out, 0o700))
	secret := filepath.Join(dir, "secret")
	for _, name := range []string{"secret", "victim", "victim.py", "data"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x = 'the machine\\'s'"), 0o600))
	}
	if strings.HasPrefix(a.name, "planted") {
		require.NoError(t, os.Symlink(secret, filepath.Join(o.out, "planted")))
	}
	data, err := json.Marshal(map[string]any{
		"Attempts": []string{a.name}, "HostFile": secret, "Folder": dir, "Cache": n.cache, "N": a.n,
	})
	require.NoError(t, err)
	limits := a.limits
	for _, name := range off {
		if change := n.defences[name].limits; change != nil {
			change(&limits)
		}
	}
	run := sandbox.Run{
		Program: n.probe, Input: sandboxtest.Request{Data: data}.Encode(), OutDir: o.out, Limits: limits,
		Inputs: map[string]string{"data": filepath.Join(dir, "data")}, Env: map[string]string{sandbox.EnvSeed: "00"},
	}
	if p, ok := n.special[a.name]; ok {
		run.Program = p
	}
	o.reply(t, n.box(t, off, a.name == "tampered"), run)
	if first := o.reached; a.name == "chance" && o.err == nil {
		if o.reply(t, n.box(t, off, a.name == "tampered"), run); o.reached == first {
			o.told = "the same again"
		}
	}
	return o
}

func (o *outcome) reply(t *testing.T, box sandbox.Sandbox, run sandbox.Run) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if o.result, o.err = box.Run(ctx, run); o.err != nil {
		return
	}
	reply := sandboxtest.DecodeReply(t, o.result.Output)
	if reply.Text == "" {
		return // of a module that does nothing
	}
	var r report
	require.NoError(t, json.Unmarshal([]byte(reply.Text), &r))
	o.reached, o.told, o.n = r.Reached, r.Error, r.N
}

// module is a WASM module that does nothing, with a section of its own.
func module(t *testing.T, section ...byte) sandbox.Program {
	t.Helper()
	code := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00")
	code = append(code, section...)
	code = append(code, "\x07\x0a\x01\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b"...)
	path := filepath.Join(t.TempDir(), "module.wasm")
	require.NoError(t, os.WriteFile(path, code, 0o600))
	return programOf(t, sandbox.KindWASM, path)
}

// sized is a section with one table or memory of a size.
func sized(id byte, kind string, size uint64) []byte {
	content := binary.AppendUvarint([]byte("\x01"+kind+"\x00"), size)
	return append([]byte{id, byte(len(content))}, content...)
}

// tampered is a program whose file is not what its digest says.
func tampered(t *testing.T, p sandbox.Program, content []byte) sandbox.Program {
	t.Helper()
	p.File = filepath.Join(t.TempDir(), "tampered")
	require.NoError(t, os.WriteFile(p.File, content, 0o600))
	return p
}

func holdAll(t *testing.T, n *nursery, attempts []attempt) {
	t.Helper()
	unchanged(t)
	t.Cleanup(func() { n.close(t) })
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) { a.hold(t, n.run) })
	}
}

func TestModules(t *testing.T) {
	n := newNursery(t, programOf(t, sandbox.KindWASM, sandboxtest.BuildWASM(t, "tests/escape/testdata/module")), "")
	n.special["declare"] = module(t, sized(5, "", 2048)...)
	n.special["table"] = module(t, sized(4, "\x70", 40_000_000)...)
	other, err := os.ReadFile(module(t).File)
	require.NoError(t, err)
	n.special["tampered"] = tampered(t, n.probe, other)
	holdAll(t, n, inModules)
}

func TestScripts(t *testing.T) {
	file := filepath.Join(sandboxtest.Root(), "tests", "escape", "testdata", "script.py")
	n := newNursery(t, programOf(t, sandbox.KindScript, file), sandboxtest.PythonRuntime(t))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	n.special["tampered"] = tampered(t, n.probe, fmt.Appendf(content, "\n# and more\n"))
	holdAll(t, n, inScripts)
}
