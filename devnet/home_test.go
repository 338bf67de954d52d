package devnet

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/x/jobs/types"
)

func TestPorts(t *testing.T) {
	taken, err := listen(0)
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	busy := taken.Addr().(*net.TCPAddr).Port
	free, err := listen(0)
	require.NoError(t, err)
	preferred := free.Addr().(*net.TCPAddr).Port
	require.NoError(t, free.Close())

	t.Run("a port that was asked for and is taken is an error that names its flag", func(t *testing.T) {
		_, err := Ports{RPC: busy}.choose(Ports{})
		require.ErrorContains(t, err, "rpc-port")
	})
	t.Run("a preferred port that is free is taken", func(t *testing.T) {
		chosen, err := Ports{}.choose(Ports{API: preferred})
		require.NoError(t, err)
		require.Equal(t, preferred, chosen.API)
	})
	t.Run("a preferred port that is taken gives way, and no port is given twice", func(t *testing.T) {
		chosen, err := Ports{}.choose(Ports{RPC: busy})
		require.NoError(t, err)
		seen := map[int]bool{busy: true}
		for _, n := range chosen.named() {
			require.NotZero(t, *n.port)
			require.False(t, seen[*n.port], n.flag)
			seen[*n.port] = true
		}
	})
	t.Run("a number that is no port is an error that names its flag", func(t *testing.T) {
		require.ErrorContains(t, Config{Home: "x", Workers: 1, Evaluators: 1, Ports: Ports{Store: 70000}}.Validate(), "store-port")
	})
}

func TestOneDevnetAFolder(t *testing.T) {
	home := t.TempDir()
	lock, err := takeLock(home)
	require.NoError(t, err)
	_, err = takeLock(home)
	require.ErrorContains(t, err, "running in "+home)
	require.ErrorContains(t, Reset(home), "running in "+home)
	require.NoError(t, lock.Close())
	again, err := takeLock(home)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestReset(t *testing.T) {
	t.Run("a folder that no devnet made is left alone", func(t *testing.T) {
		home := t.TempDir()
		precious := filepath.Join(home, "precious")
		require.NoError(t, os.WriteFile(precious, nil, 0o600))
		require.ErrorContains(t, Reset(home), "not made by a devnet")
		require.FileExists(t, precious)
	})
	t.Run("a folder that is not there is reset already", func(t *testing.T) {
		require.NoError(t, Reset(filepath.Join(t.TempDir(), "none")))
	})
	t.Run("everything in a devnet's folder goes", func(t *testing.T) {
		home := t.TempDir()
		lock, err := takeLock(home)
		require.NoError(t, err)
		require.NoError(t, lock.Close())
		require.NoError(t, os.MkdirAll(filepath.Join(home, "node", "data"), 0o700))
		require.NoError(t, Reset(home))
		entries, err := os.ReadDir(home)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, lockName, entries[0].Name())
	})
}

func TestGenesis(t *testing.T) {
	config, err := Config{Home: t.TempDir()}.WithDefaults()
	require.NoError(t, err)
	accounts, err := createChain(config, time.Unix(1_700_000_000, 0).UTC())
	require.NoError(t, err)
	require.Len(t, accounts, len(config.members()))

	t.Run("every member's key is in its folder", func(t *testing.T) {
		for _, m := range config.members() {
			ring, err := client.OpenKeyring(config.folder(m.folder), "test", "")
			require.NoError(t, err)
			key, err := ring.Key(m.name)
			require.NoError(t, err)
			require.Equal(t, accounts[m.name], key.Address().String())
		}
	})
	t.Run("windows are short and within the chain's bounds", func(t *testing.T) {
		params := types.DefaultParams()
		params.DefaultWindows = shortWindows
		require.NoError(t, params.Validate())
	})
	t.Run("coins of all members and stakes are in it", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(config.folder("node"), "config", "genesis.json"))
		require.NoError(t, err)
		var genesis struct {
			AppState struct {
				Bank struct {
					Supply []struct{ Amount string }
				}
			} `json:"app_state"`
		}
		require.NoError(t, json.Unmarshal(text, &genesis))
		want := math.ZeroInt()
		for _, m := range config.members() {
			want = want.Add(m.wallet).Add(m.stake)
		}
		require.Equal(t, want.String(), genesis.AppState.Bank.Supply[0].Amount)
	})
}

func TestStateSurvives(t *testing.T) {
	home := t.TempDir()
	none, err := readState(home)
	require.NoError(t, err)
	require.Nil(t, none)
	written := &state{Ports: usualPorts, StoreSecret: "secret", Accounts: map[string]string{"client": "ain1"}, Job: "0x1"}
	require.NoError(t, written.write(home))
	read, err := readState(home)
	require.NoError(t, err)
	require.Equal(t, written, read)
	require.NoError(t, os.WriteFile(statePath(home), []byte("{"), 0o600))
	_, err = readState(home)
	require.ErrorContains(t, err, "--reset")
}

func TestLedgersAreComparedLineByLine(t *testing.T) {
	line := func(amounts ...int64) *ledger {
		l := &ledger{amount: map[string]math.Int{}}
		for i, name := range []string{"client", "worker", lineKeepers} {
			l.add(name, math.NewInt(amounts[i]))
		}
		return l
	}
	var shown bytes.Buffer
	before, after := line(100_000_000, 0, 0), line(79_800_000, 20_000_000, 200_000)
	require.NoError(t, compare(&shown, before, after))
	require.Equal(t, `                                before             after         change
   client                   100.000000         79.800000     -20.200000
   worker                     0.000000         20.000000     +20.000000
   chain's keepers            0.000000          0.200000      +0.200000
   sum                      100.000000        100.000000              -
`, shown.String())
}

func TestCommandsOutputIsIndented(t *testing.T) {
	var shown bytes.Buffer
	out := &indented{out: &shown}
	for _, text := range []string{"one\ntw", "o\n", "three"} {
		_, err := out.Write([]byte(text))
		require.NoError(t, err)
	}
	require.Equal(t, "   one\n   two\n   three", shown.String())
}
