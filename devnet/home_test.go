package devnet

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app/nodehome"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
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
		_, err := choose(Ports{NodePorts: NodePorts{RPC: busy}}, Ports{}, 0)
		require.ErrorContains(t, err, "rpc-port")
	})
	t.Run("a preferred port that is free is taken", func(t *testing.T) {
		chosen, err := choose(Ports{}, Ports{NodePorts: NodePorts{API: preferred}}, 0)
		require.NoError(t, err)
		require.Equal(t, preferred, chosen.Ports.API)
	})
	t.Run("a preferred port that is taken gives way, and no port is given twice", func(t *testing.T) {
		chosen, err := choose(Ports{}, Ports{NodePorts: NodePorts{RPC: busy}}, 3)
		require.NoError(t, err)
		all := chosen.Ports.named()
		for i := range chosen.Others {
			all = append(all, chosen.Others[i].named()...)
		}
		require.Len(t, all, 6+3*4)
		seen := map[int]bool{busy: true}
		for _, n := range all {
			require.NotZero(t, *n.port)
			require.False(t, seen[*n.port], n.flag)
			seen[*n.port] = true
		}
	})
	t.Run("the other validators' ports stay from run to run, unless they shall be chosen anew", func(t *testing.T) {
		first, err := choose(Ports{}, Ports{}, 1)
		require.NoError(t, err)
		again := &state{Ports: first.Ports, Others: slices.Clone(first.Others)}
		require.NoError(t, again.choosePorts(Ports{}, false))
		require.Equal(t, first, again)
		require.NoError(t, again.choosePorts(Ports{}, true))
		require.NotEqual(t, first.Others, again.Others)
	})
	t.Run("a number that is no port is an error that names its flag", func(t *testing.T) {
		require.ErrorContains(t, Config{Home: "x", Workers: 1, Evaluators: 1, Ports: Ports{Store: 70000}}.Validate(), "store-port")
	})
}

// choose chooses ports as a network with some validators besides the first does.
func choose(asked, preferred Ports, others int) (*state, error) {
	s := &state{Ports: preferred, Others: make([]NodePorts, others)}
	return s, s.choosePorts(asked, false)
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
	config, err := Config{Home: t.TempDir(), Validators: 4}.WithDefaults()
	require.NoError(t, err)
	accounts, err := createChain(config, gatewayOf(usualPorts), time.Unix(1_700_000_000, 0).UTC())
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
	t.Run("coins of all members, their stakes and what their spaces cost are in it", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(config.folder("node-1"), "config", "genesis.json"))
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
		// Each space: 16 GiB for 8760 hours at 360 uain.
		want = want.AddRaw(16 * 8760 * 360 * int64(len(config.plots())))
		require.Equal(t, want.String(), genesis.AppState.Bank.Supply[0].Amount)
	})
	t.Run("the treasury says who else may be a validator or name builders", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(config.folder("node-1"), "config", "genesis.json"))
		require.NoError(t, err)
		var genesis struct {
			AppState struct {
				Permissions struct {
					Rules []struct {
						TypeURL   string `json:"type_url"`
						Accounts  []string
						Authority string
					}
				}
			} `json:"app_state"`
		}
		require.NoError(t, json.Unmarshal(text, &genesis))
		rules := genesis.AppState.Permissions.Rules
		require.Len(t, rules, 2)
		require.Equal(t, "/ain.jobs.v1.MsgAddBuilder", rules[0].TypeURL)
		require.Equal(t, accounts[accountTreasury], rules[0].Authority)
		require.Equal(t, []string{accounts[accountTreasury]}, rules[0].Accounts)
		require.Equal(t, "/cosmos.staking.v1beta1.MsgCreateValidator", rules[1].TypeURL)
		require.Equal(t, accounts[accountTreasury], rules[1].Authority)
		var validators []string
		for _, m := range config.validators() {
			validators = append(validators, accounts[m.name])
		}
		require.ElementsMatch(t, validators, rules[1].Accounts)
	})
	t.Run("all validators have the same genesis, a key of their own, and join with it", func(t *testing.T) {
		keys := map[string]bool{}
		first, err := os.ReadFile(filepath.Join(config.folder("node-1"), "config", "genesis.json"))
		require.NoError(t, err)
		for _, m := range config.validators() {
			text, err := os.ReadFile(filepath.Join(config.folder(m.folder), "config", "genesis.json"))
			require.NoError(t, err)
			require.Equal(t, first, text)
			var key struct {
				PubKey struct{ Value string } `json:"pub_key"`
			}
			text, err = os.ReadFile(filepath.Join(config.folder(m.folder), "config", "priv_validator_key.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &key))
			require.Contains(t, string(first), key.PubKey.Value)
			keys[key.PubKey.Value] = true
		}
		require.Len(t, keys, 4)
	})
}

func TestValidators(t *testing.T) {
	t.Run("one is plainly named, several are numbered", func(t *testing.T) {
		require.Equal(t, "validator", Config{Validators: 1}.validators()[0].name)
		require.Equal(t, "node", Config{Validators: 1}.validators()[0].folder)
		several := Config{Validators: 3}.validators()
		require.Len(t, several, 3)
		require.Equal(t, "validator-3", several[2].name)
		require.Equal(t, "node-3", several[2].folder)
	})
	t.Run("a network keeps as many as its genesis has", func(t *testing.T) {
		has := &state{Others: make([]NodePorts, 3)}
		config := Config{}
		require.NoError(t, config.matchValidators(has))
		require.Equal(t, 4, config.Validators)
		require.NoError(t, config.matchValidators(has))
		config.Validators = 2
		require.EqualError(t, config.matchValidators(has), "this network has validators: 4, not 2: begin anew with --reset to change that")
	})
	t.Run("more than a machine can bear are refused", func(t *testing.T) {
		require.EqualError(t, Config{Home: "x", Validators: 8, Workers: 1, Evaluators: 1}.Validate(), "validators 8: use 1 to 7")
	})
	t.Run("each knows its ports and all the others, and keeps what else its configuration says", func(t *testing.T) {
		config, err := Config{Home: t.TempDir(), Validators: 3}.WithDefaults()
		require.NoError(t, err)
		_, err = createChain(config, gatewayOf(usualPorts), time.Unix(1_700_000_000, 0).UTC())
		require.NoError(t, err)
		home, err := nodehome.Open(config.folder("node-2"))
		require.NoError(t, err)
		home.Comet.TxIndex.Indexer = "kv"
		require.NoError(t, home.Configure())

		n := &Network{config: config, state: &state{
			Ports:  Ports{NodePorts: NodePorts{RPC: 11, P2P: 12, GRPC: 13, API: 14}},
			Others: []NodePorts{{RPC: 21, P2P: 22, GRPC: 23, API: 24}, {RPC: 31, P2P: 32, GRPC: 33, API: 34}},
		}}
		require.NoError(t, n.configureChain())
		second, err := nodehome.Open(config.folder("node-2"))
		require.NoError(t, err)
		require.Equal(t, "kv", second.Comet.TxIndex.Indexer)
		require.Equal(t, "tcp://127.0.0.1:21", second.Comet.RPC.ListenAddress)
		require.Equal(t, "tcp://127.0.0.1:22", second.Comet.P2P.ListenAddress)
		require.Equal(t, "127.0.0.1:23", second.Server.GRPC.Address)
		require.Equal(t, "tcp://127.0.0.1:24", second.Server.API.Address)
		require.Equal(t, home.NodeID, second.NodeID)
		require.Regexp(t, `^[0-9a-f]{40}@127\.0\.0\.1:12,[0-9a-f]{40}@127\.0\.0\.1:32$`, second.Comet.P2P.PersistentPeers)
		require.NotContains(t, second.Comet.P2P.PersistentPeers, second.NodeID)
		require.Equal(t, []string{"http://127.0.0.1:11", "http://127.0.0.1:21", "http://127.0.0.1:31"}, n.endpoints())
	})
}

func TestStateSurvives(t *testing.T) {
	home := t.TempDir()
	none, err := readState(home)
	require.NoError(t, err)
	require.Nil(t, none)
	written := &state{Ports: usualPorts, Others: []NodePorts{{RPC: 1, P2P: 2, GRPC: 3, API: 4}}, Spaces: map[string]uint64{"client": 5}, Accounts: map[string]string{"client": "ain1"}, Job: "0x1"}
	require.NoError(t, written.write(home))
	read, err := readState(home)
	require.NoError(t, err)
	require.Equal(t, written, read)
	require.NoError(t, os.WriteFile(statePath(home), []byte("{"), 0o600))
	_, err = readState(home)
	require.ErrorContains(t, err, "--reset")
}

func TestANetworkWithoutSpacesIsBegunAnew(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.WriteFile(statePath(home), []byte(`{"ports": {"rpc": 1}, "store_secret": "x", "store_owner_secret": "y", "accounts": {}, "job": "0x1"}`), 0o600))
	_, err := readState(home)
	require.EqualError(t, err, statePath(home)+": this network is of a version whose accounts shared one store, and has no spaces: begin anew with --reset")
}

// Everybody who stores has a space of its own, which is paid for; programs are for everybody, the rest for those who take part.
func TestSpacesOfANewNetwork(t *testing.T) {
	config, err := Config{Home: t.TempDir(), Validators: 1, Workers: 2}.WithDefaults()
	require.NoError(t, err)
	accounts := map[string]string{}
	for i, m := range config.members() {
		accounts[m.name] = sdk.AccAddress(bytes.Repeat([]byte{byte(i + 1)}, 20)).String()
	}
	state, holds, err := parcelOut(config, "http://127.0.0.1:9001", accounts, 1_700_000_000_000)
	require.NoError(t, err)
	require.NoError(t, state.Validate())
	require.Equal(t, accounts[accountStore], state.Providers[0].Owner)
	require.Equal(t, "http://127.0.0.1:9001", state.Providers[0].Endpoint)
	owned := map[string][]string{}
	for i, space := range state.Spaces {
		require.Equal(t, space.HoldId, holds[i].Id)
		require.Equal(t, "50457600", holds[i].Balance.String(), "16 GiB for a year of hours at 360 uain")
		require.Equal(t, storagetypes.ACCESS_KIND_OWNER, space.Write.Kind)
		owned[space.Owner] = append(owned[space.Owner], space.Read.Kind.String())
	}
	const public, private = "ACCESS_KIND_EVERYBODY", "ACCESS_KIND_PARTICIPANTS"
	require.Equal(t, map[string][]string{
		accounts[accountAdmin]: {public, private, private, private}, accounts[accountClient]: {public, private},
		accounts["evaluator"]: {private}, accounts["worker-1"]: {private}, accounts["worker-2"]: {private},
	}, owned)
}

// The secret of the store is in its own file alone, and stays from run to run.
func TestOnlyTheStoreKnowsItsSecret(t *testing.T) {
	config, err := Config{Home: t.TempDir(), Validators: 1}.WithDefaults()
	require.NoError(t, err)
	n := &Network{config: config, state: &state{Accounts: map[string]string{accountStore: "ain1store"}, Spaces: map[string]uint64{accountClient: 5, "worker-1": 8}}}
	home := config.folder(accountStore)
	require.NoError(t, n.writeStoreSettings(home))
	var first, second storeSettings
	require.NoError(t, daemon.ReadConfig(filepath.Join(home, "store.yaml"), &first))
	require.Len(t, first.SecretKey, 26)
	require.Equal(t, "ain1store", first.Gateway.Provider)
	n.state.Ports.Gateway = 9001
	require.NoError(t, n.writeStoreSettings(home))
	require.NoError(t, daemon.ReadConfig(filepath.Join(home, "store.yaml"), &second))
	require.Equal(t, first.SecretKey, second.SecretKey)
	require.Equal(t, "127.0.0.1:9001", second.Gateway.Listen)

	require.NoError(t, n.state.write(config.Home))
	require.NoError(t, n.writeClientConfig())
	require.NoError(t, n.writeDaemonSettings(member{name: "worker-1", folder: "worker-1", daemon: "worker"}))
	settings, err := client.ReadSettings(config.Client())
	require.NoError(t, err)
	require.Equal(t, "ain://5", settings.Store)
	text, err := os.ReadFile(filepath.Join(config.folder("worker-1"), "worker.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(text), "store: ain://8\n")
	holding := 0
	require.NoError(t, filepath.WalkDir(config.Home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(first.SecretKey)) {
			holding++
		}
		return err
	}))
	require.Equal(t, 1, holding)
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

func TestSizesInTheUnitThatFits(t *testing.T) {
	for size, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1<<20 - 1: "1023 KiB", 1 << 20: "1.0 MiB", 26_214_399: "24.9 MiB", 26_214_400: "25.0 MiB",
	} {
		require.Equal(t, want, sizeText(size))
	}
}
