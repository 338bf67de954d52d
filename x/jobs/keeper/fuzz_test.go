package keeper_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Bytes that come as a message are either refused with a registered error that can be
// shown, or they are executed, and then the books balance and the state is one that a
// genesis could have. Nothing panics. The seeds are all messages of the world and all
// lines of testdata/refused.

func FuzzEscrowMessages(f *testing.F)     { fuzzMessages(f, "escrow.") }
func FuzzReputationMessages(f *testing.F) { fuzzMessages(f, "reputation.") }
func FuzzJobsMessages(f *testing.F)       { fuzzMessages(f, "jobs.") }

// longestError is how long a refusal may be: it goes into every node's logs.
const longestError = 1024

func fuzzMessages(f *testing.F, module string) {
	w := newWorld(f)
	types := map[string]reflect.Type{}
	var names []string
	for name, m := range w.messages() {
		if strings.HasPrefix(name, module) {
			types[name] = reflect.TypeOf(m).Elem()
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, m := range w.seeds(f, module) {
		bytes, err := proto.Marshal(m)
		require.NoError(f, err)
		f.Add(uint8(slices.Index(names, messageName(sdk.MsgTypeURL(m)))), bytes)
	}
	f.Fuzz(func(t *testing.T, kind uint8, bytes []byte) {
		m := reflect.New(types[names[int(kind)%len(names)]]).Interface().(sdk.Msg)
		if proto.Unmarshal(bytes, m) != nil {
			return
		}
		w.survives(t, m)
	})
}

// seeds are the good messages of a module and the bad ones. A commitment of a megabyte
// teaches nothing.
func (w *world) seeds(f *testing.F, module string) []sdk.Msg {
	var seeds []sdk.Msg
	for name, m := range w.messages() {
		if strings.HasPrefix(name, module) {
			seeds = append(seeds, m)
		}
	}
	paths, err := filepath.Glob("testdata/refused/*.txt")
	require.NoError(f, err)
	for _, path := range paths {
		for _, r := range readRefusals(f, path) {
			if !strings.HasPrefix(r.message, module) {
				continue
			}
			if m := w.changed(f, r); proto.Size(m) < 8<<10 {
				seeds = append(seeds, m)
			}
		}
	}
	return seeds
}

// survives sends a message that may be anything and looks at what it leaves.
func (w *world) survives(t *testing.T, m sdk.Msg) {
	cached, _ := w.ctx.CacheContext()
	if err := w.send(cached, m); err != nil {
		require.NotEqual(t, "not registered", registered(err), "%v", err)
		require.True(t, utf8.ValidString(err.Error()), "%q", err)
		require.LessOrEqual(t, len(err.Error()), longestError, "%v", err)
		return
	}
	require.NoError(t, w.escrow.CheckBooks(cached))
	jobs, err := w.keeper.ExportGenesis(cached)
	require.NoError(t, err)
	require.NoError(t, jobs.Validate())
	reputation, err := w.reputation.ExportGenesis(cached)
	require.NoError(t, err)
	require.NoError(t, reputation.Validate())
}
