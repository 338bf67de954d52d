package escape_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

const oneClient = "a container for each client"

// inWarm are the attempts of a program that stays: what one call leaves, another is to find.
var inWarm = []attempt{
	{name: "warm-tmp", tried: "leave a file in /tmp to another client's call", stops: []string{oneClient, "cleared folders"}, told: noFile},
	{name: "warm-out", tried: "leave a file in /ain/out", stops: []string{oneClient, "cleared folders"}, told: noFile},
	{name: "warm-run", tried: "leave a file beside its socket", stops: []string{oneClient, "cleared folders"}, told: noFile},
	{name: "warm-process", tried: "leave a process", stops: []string{oneClient, "no process stays"}, told: nothing},
	{name: "warm-socket", tried: "leave a process that listens on an abstract socket", stops: []string{oneClient, "no process stays"}, told: "connection refused"},
	{name: "warm-shm", tried: "leave System V shared memory", stops: []string{oneClient, "seccomp"}, told: notPermitted},
	{name: "warm-shm-file", tried: "leave a file in /dev/shm", stops: []string{oneClient, "no shared memory file"}, told: noFile},
	{name: "warm-memory", tried: "keep a variable", stops: []string{oneClient}, told: nothing},
	{name: "warm-time", tried: "go on working when its client's call is over, until that client's next", stops: []string{"stopped between calls"}, told: nothing},
}

// visit makes two calls of a program that stays: the first leaves something, the second looks for it.
func (w *world) visit(t *testing.T, a attempt, off []string) outcome {
	t.Helper()
	w.gate.without(w.edits(t, off)...)
	defer w.gate.without()
	what := strings.TrimPrefix(a.name, "warm-")
	w.visits++
	program := w.stays
	program.StatelessSafe = slices.Contains(off, oneClient)
	call := func(client, action string) (string, error) {
		run := sandbox.Run{
			Program: program, Input: sandboxtest.Request{Action: action, Path: what}.Encode(), Tenant: fmt.Sprintf("%s of visit %d", client, w.visits),
			OutDir: t.TempDir(),
			Limits: sandbox.Limits{DiskBytes: mib + 4096*w.visits}, // no visit shares a container with another
		}
		result, err := w.box.Run(context.Background(), run)
		if err != nil {
			return "", err
		}
		reply := sandboxtest.DecodeReply(t, result.Output)
		if reply.N == 0 {
			return "", errors.New(reply.Text)
		}
		return reply.Text, nil
	}
	_, left := call("first", "abandon")
	second := "second"
	if what == "time" {
		second = "first"
		_, err := w.run(t, nil, order{Attempts: []string{"host-name"}}, sandbox.Limits{}, "") // which takes much longer than it needs to be seen
		require.NoError(t, err)
	}
	found, err := call(second, "find")
	o := outcome{reached: found}
	switch {
	case left != nil:
		o.told = left.Error()
	case err != nil:
		o.told = err.Error()
	}
	return o
}
