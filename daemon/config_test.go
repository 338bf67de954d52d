package daemon

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
)

func readConfig(t *testing.T, content string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	cfg := Config{Home: t.TempDir()}
	err := ReadConfig(path, &cfg)
	return cfg, err
}

const goodConfig = `
nodes: [http://127.0.0.1:26657]
store: s3+http://key:secretsecretsecret@127.0.0.1:9000/ain
key: {name: worker}
jobs: [0x1, "0x0001a"]
policy:
  min_reward: 0.5
  min_reward_by_job: {0x1: 2, 0x1a: 10uain}
limits: {memory: 64MiB, time: 1500ms}
`

func TestConfigAsAnOwnerWritesIt(t *testing.T) {
	cfg, err := readConfig(t, goodConfig)
	require.NoError(t, err)
	cfg = cfg.WithDefaults()
	require.NoError(t, cfg.Validate())
	require.Equal(t, []JobID{1, 0x1a}, cfg.Jobs)
	require.Equal(t, Bytes(64<<20), cfg.Limits.Memory)
	require.Equal(t, 1500*time.Millisecond, cfg.Limits.Time.Std())
	require.Equal(t, math.NewInt(2_000_000), cfg.Policy.MinRewardFor(1))
	require.Equal(t, math.NewInt(10), cfg.Policy.MinRewardFor(0x1a))
	require.Equal(t, math.NewInt(500_000), cfg.Policy.MinRewardFor(7))
	require.Equal(t, uint64(64<<20), cfg.Capability().MemoryBytes)
	require.Equal(t, []string{"wasm"}, cfg.Capability().Tags, "scripts are not offered without a runtime")
}

func TestWarmContainersAreSetInTheConfig(t *testing.T) {
	cfg, err := readConfig(t, goodConfig+"sandbox: {docker: {warm: {max: 3, uses: 20, age: 30m, idle: 90s, growth: 32MiB}}}\n")
	require.NoError(t, err)
	require.Equal(t, WarmConfig{Max: 3, Uses: 20, Age: Duration(30 * time.Minute), Idle: Duration(90 * time.Second), Growth: 32 << 20}, cfg.Sandbox.Docker.Warm)
	require.NoError(t, cfg.WithDefaults().Validate())
	for field, content := range map[string]string{"max": "max: -1", "uses": "uses: -1", "age": "age: -1s", "idle": "idle: -1s"} {
		cfg, err := readConfig(t, goodConfig+"sandbox: {docker: {warm: {"+content+"}}}\n")
		require.NoError(t, err)
		require.ErrorContains(t, cfg.WithDefaults().Validate(), "sandbox.docker.warm."+field+" ")
	}
}

func TestConfigThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ content, names string }{
		"a field that does not exist": {"min_rewards: 3", "min_rewards"},
		"a job id without 0x":         {"jobs: [12]", "0x1a"},
		"money with too many places":  {"policy: {min_reward: 0.0000001}", "decimals"},
		"a duration without a unit":   {"poll: 5", "500ms"},
		"a size in a strange unit":    {"limits: {memory: 5 megs}", "64MiB"},
		"not YAML":                    {"nodes: [", "worker.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readConfig(t, c.content)
			require.ErrorContains(t, err, c.names)
		})
	}
}

func TestConfigThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		names  string
	}{
		"no node":                     {func(c *Config) { c.Nodes = nil }, "--node"},
		"no store":                    {func(c *Config) { c.Store = "" }, "--store"},
		"a store that is no S3":       {func(c *Config) { c.Store = "ftp://host/x" }, "s3+http"},
		"a space of no number":        {func(c *Config) { c.Store = "ain://x" }, "ain://7"},
		"two stores":                  {func(c *Config) { c.SharedStore = c.Store }, "shared_store"},
		"a shared store that is none": {func(c *Config) { c.Store, c.SharedStore = "ain://7", "ain://8" }, "shared_store"},
		"no key":                      {func(c *Config) { c.Key.Name = "" }, "--from"},
		"applying to nothing":         {func(c *Config) { c.Apply, c.Jobs = true, nil }, "--job"},
		"no run at all":               {func(c *Config) { c.MaxRuns = -1 }, "max_runs"},
		"asking without a pause":      {func(c *Config) { c.Poll = 1 }, "poll"},
		"a margin below zero":         {func(c *Config) { c.Margin = -1 }, "margin"},
		"an admin that is no address": {func(c *Config) { c.Admin = "bob" }, "admin"},
		"a root that is no address":   {func(c *Config) { c.Policy.Admins = []string{"bob"} }, "policy.admins"},
		"releases of no kind":         {func(c *Config) { c.Policy.Releases = "good" }, "policy.releases"},
		"builders that do not count":  {func(c *Config) { c.Policy.Builders = []string{"x"} }, "policy.builders"},
		"a builder of no address": {func(c *Config) {
			c.Policy.Releases, c.Policy.Builders = ReleasesAttested, []string{"bob"}
		}, "policy.builders"},
		"a list of nothing":        {func(c *Config) { c.Policy.Releases = ReleasesListed }, "policy.programs names 0"},
		"a list that nobody reads": {func(c *Config) { c.Policy.Programs = []string{"sha256:"} }, "policy.programs"},
		"a program of no digest": {func(c *Config) {
			c.Policy.Releases, c.Policy.Programs = ReleasesListed, []string{"sha256:1"}
		}, "want sha256:"},
		"a kind of program that is none": {func(c *Config) { c.Sandbox.Kinds = []sandbox.Kind{"exe"} }, `sandbox.kinds "exe"`},
		"images without an engine":       {func(c *Config) { c.Sandbox.Kinds = []sandbox.Kind{sandbox.KindImage} }, "sandbox.docker.use"},
		"memory that holds no program":   {func(c *Config) { c.Limits.Memory = 1 }, "limits.memory"},
		"time that no program has":       {func(c *Config) { c.Limits.Time = 1 }, "limits.time"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := readConfig(t, goodConfig)
			require.NoError(t, err)
			c.change(&cfg)
			require.ErrorContains(t, cfg.WithDefaults().Validate(), c.names)
		})
	}
}

func TestANodeOffersTheKindsThatItRuns(t *testing.T) {
	full := Config{Sandbox: SandboxConfig{Python: "python.wasm", Docker: DockerConfig{Use: DockerRequire}}}.WithDefaults()
	for name, c := range map[string]struct {
		programs []sandbox.Kind
		tags     []string
	}{
		"all, where nothing is said": {nil, []string{"wasm", release.PythonRuntime, "docker"}},
		"modules alone":              {[]sandbox.Kind{sandbox.KindWASM}, []string{"wasm"}},
		"images and scripts":         {[]sandbox.Kind{sandbox.KindImage, sandbox.KindScript}, []string{release.PythonRuntime, "docker"}},
	} {
		t.Run(name, func(t *testing.T) {
			full.Sandbox.Kinds = c.programs
			require.Equal(t, c.tags, full.Capability().Tags)
		})
	}
}

func TestWhichJobsAreServed(t *testing.T) {
	root := sdk.AccAddress(make([]byte, 20)).String()
	require.Empty(t, Config{}.Refuses(1, root), "all, where nothing is said")
	require.Empty(t, Config{Jobs: []JobID{1}}.Refuses(1, root))
	require.NotEmpty(t, Config{Jobs: []JobID{2}}.Refuses(1, root))
	require.Empty(t, Config{Policy: Policy{Admins: []string{root}}}.Refuses(1, root))
	require.NotEmpty(t, Config{Policy: Policy{Admins: []string{"other"}}}.Refuses(1, root))
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Bytes{"0": 0, "65536": 65536, "512KiB": 512 << 10, "64 MiB": 64 << 20, "4GiB": 4 << 30, "7B": 7} {
		got, err := ParseBytes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "-1", "1.5MiB", "9999999999GiB", "MiB"} {
		_, err := ParseBytes(text)
		require.Error(t, err, text)
	}
}
