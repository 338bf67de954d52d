package escape_test

import (
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

const (
	mib     = 1 << 20
	slowCPU = 250 // thousandths of a processor
)

func longTime(l *sandbox.Limits) { l.WallTime = time.Minute }

// inContainersAlone are the attempts that take a container for themselves: they use all that they are given of something.
var inContainersAlone = []attempt{
	{name: "eat", tried: "take more memory than allowed", stops: []string{"memory"}, told: "out of memory", n: 160 * mib,
		limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "eat-shared", tried: "take more memory as shared pages", stops: []string{"memory"}, told: "out of memory", n: 160 * mib,
		limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "eat-child", tried: "take more memory in a second process", stops: []string{"memory"}, told: "killed", n: 160 * mib,
		limits: sandbox.Limits{MemoryBytes: 64 * mib}},
	{name: "eat-scratch", tried: "take more memory as files in /tmp", stops: []string{"memory"}, told: "out of memory", n: 60 * mib,
		limits: sandbox.Limits{MemoryBytes: 32 * mib}},
	{name: "fill-scratch", tried: "fill /tmp", stops: []string{"size of folders"}, told: "no space left on device", n: 100 * mib},
	{name: "fill-output", tried: "fill /ain/out by many files", stops: []string{"disk limit"}, told: "no space left on device", n: 20 * mib,
		limits: sandbox.Limits{DiskBytes: 8 * mib}},
	{name: "hollow-output", tried: "deliver files of holes, together larger than allowed", stops: []string{"disk limit"}, told: "too much output",
		n: 100 * mib, limits: sandbox.Limits{DiskBytes: 8 * mib}},
	{name: "files-scratch", tried: "make more files in /tmp than there is room for", stops: []string{"files in folders"},
		told: "no space left on device", n: 20_000},
	{name: "files-output", tried: "make more files in /ain/out than there is room for", stops: []string{"files in folders"},
		told: "no space left on device", n: 20_000, judge: delivered},
	{name: "processes", tried: "fork for ever", stops: []string{"processes"}, told: "resource temporarily unavailable", n: 600},
	{name: "threads", tried: "start threads for ever", stops: []string{"processes"}, told: "exit status 2", n: 600},
	{name: "descriptors", tried: "open files for ever", stops: []string{"open files"}, told: "too many open files", n: 2000},
	{name: "burn", tried: "take more of the processors than allowed", stops: []string{"CPU"}, told: "of a second", n: int64(time.Second), judge: burnt},
	{name: "overtime", tried: "run longer than allowed, deaf to signals", stops: []string{"time limit"}, told: "still running",
		n: int64(2 * time.Second), limits: sandbox.Limits{WallTime: 500 * time.Millisecond}},
	{name: "overtime-children", tried: "run longer than allowed with a process in a session of its own", stops: []string{"time limit"},
		told: "still running", n: int64(2 * time.Second), limits: sandbox.Limits{WallTime: 500 * time.Millisecond}},
	{name: "leave-behind", tried: "leave a process that holds the run open", stops: []string{"end of all processes"}, told: "over at once",
		limits: sandbox.Limits{WallTime: 2 * time.Second}, judge: heldOpen},
	{name: "flood", tried: "reply with more than allowed", stops: []string{"output limit"}, told: "output", n: 8 * mib,
		limits: sandbox.Limits{OutputBytes: mib}},
	{name: "flood-log", tried: "log more than allowed", stops: []string{"log limit"}, told: "bytes of log", n: 8 * mib, judge: logged},
	{name: "flood", tried: "fill the machine's disk by the engine's log", stops: []string{"no log of the engine"}, told: "the engine kept",
		n: 8 * mib, limits: sandbox.Limits{OutputBytes: 64 * mib}, judge: keptByEngine},
	{name: "link-out", tried: "have the warden deliver a file of its own, by a link in /ain/out",
		stops: []string{"no links", "hidden warden"}, told: "neither a file nor a folder", judge: linked},
}

func delivered(o outcome) error {
	if o.told != "" {
		return errors.New(o.told)
	}
	return nil // more files than the daemon takes: that is another limit
}

func burnt(o outcome) error {
	if o.err != nil {
		return o.err
	}
	if used := time.Duration(o.n); used < 350*time.Millisecond {
		return fmt.Errorf("it had %s of a second", used)
	}
	return nil
}

func heldOpen(o outcome) error {
	if o.err == nil {
		return errors.New("the run was over at once")
	}
	if errors.Is(o.err, sandbox.ErrTimeout) {
		return nil
	}
	return o.err
}

func logged(o outcome) error {
	if o.err != nil {
		return o.err
	}
	if len(o.result.Log) < 8*mib {
		return fmt.Errorf("%d bytes of log", len(o.result.Log))
	}
	return nil
}

func keptByEngine(o outcome) error {
	if o.err != nil {
		return o.err
	}
	if o.log < mib {
		return fmt.Errorf("the engine kept %d bytes", o.log)
	}
	return nil
}

func linked(o outcome) error {
	if o.err != nil {
		return o.err
	}
	content, err := os.ReadFile(filepath.Join(o.out, "link"))
	if err == nil && !strings.Contains(string(content), "=") {
		err = fmt.Errorf("it delivered %q", content)
	}
	return err
}

// byItself runs one attempt in a container.
func (w *world) byItself(t *testing.T, a attempt, off []string) outcome {
	t.Helper()
	order := w.order
	order.Attempts, order.N = []string{a.name}, a.n
	o := outcome{out: t.TempDir()}
	o.result, o.err = w.run(t, off, order, a.limits, o.out)
	o.log = w.gate.kept()
	if o.err != nil {
		return o
	}
	var r report
	require.NoError(t, json.Unmarshal([]byte(sandboxtest.DecodeReply(t, o.result.Output).Text), &r))
	o.reached, o.told, o.n = fmt.Sprintf("%d of %d", r.N, a.n), r.Error, r.N
	return o
}
