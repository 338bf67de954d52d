package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"cosmossdk.io/math"
	"go.yaml.in/yaml/v3"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/python"
	"github.com/ain-network/aind/storage/s3"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Config is what the owner of a daemon decides, and what all daemons have in common. It is read from a YAML file; flags
// override single fields.
type Config struct {
	// Home is the folder of keys, journal and caches.
	Home string `yaml:"-"`
	// ChainID of the network; empty: that of the node that answers.
	ChainID string `yaml:"chain_id"`
	// Nodes are CometBFT RPC endpoints, http://host:26657, tried in order.
	Nodes []string `yaml:"nodes"`
	// Store is where results go, and where what names no space is: a space of the chain, ain://7, or a store that a whole network
	// shares, s3+http://ACCESS:SECRET@host:port/bucket.
	Store string `yaml:"store"`
	// SharedStore is where content lies that names no space, for a node whose own store is one. Empty: it cannot be read.
	SharedStore string `yaml:"shared_store"`
	// Key is what the daemon signs with: the owner's key or its operator's.
	Key KeyConfig `yaml:"key"`
	// Jobs to serve; empty: all in which the owner is a node. Applying needs them named.
	Jobs []JobID `yaml:"jobs"`
	// Apply: ask for a place in the trees of Jobs.
	Apply bool `yaml:"apply"`
	// Admin who is asked; empty: the root of the job.
	Admin  string `yaml:"admin"`
	Policy Policy `yaml:"policy"`
	Limits Limits `yaml:"limits"`
	// MaxRuns bounds the programs that run at the same time, and so the requests that are accepted. 0: one for every CPU.
	MaxRuns int `yaml:"max_runs"`
	// Poll is how often the chain is asked without a wake-up. 0: 2 s.
	Poll Duration `yaml:"poll"`
	// Margin is how long before a deadline a transaction has to leave. 0: 400 ms.
	Margin  Duration      `yaml:"margin"`
	Sandbox SandboxConfig `yaml:"sandbox"`
	// EncryptionKey is the file of the key that this machine opens encrypted data with; it is made where it is missing. Daemons of
	// one account share it. Empty: encryption.key in the home.
	EncryptionKey string `yaml:"encryption_key"`
	// ProgramCache bounds the programs kept on disk, and as much again is kept of what requests name. 0: 4 GiB.
	ProgramCache Bytes `yaml:"program_cache"`
}

// KeyConfig names the key in the home's keyring.
type KeyConfig struct {
	Name string `yaml:"name"`
	// Backend of the keyring: file, or test in local networks.
	Backend string `yaml:"backend"`
	// PassphraseFile opens a file keyring without asking.
	PassphraseFile string `yaml:"passphrase_file"`
}

// Policy is what the owner takes part in.
type Policy struct {
	// Admins whose jobs are served, by the address of the job's root; empty: any. Programs of others are never run.
	Admins []string `yaml:"admins"`
	// MinReward that one request must be expected to pay.
	MinReward Amount `yaml:"min_reward"`
	// MinRewardByJob overrides MinReward for single jobs.
	MinRewardByJob map[JobID]Amount `yaml:"min_reward_by_job"`
	// Releases that are run: any that its job's admin has signed, those that are attested by a builder, or those that are
	// listed. Empty: any.
	Releases string `yaml:"releases"`
	// Builders whose attestation counts, where releases are attested; empty: those that the chain trusts now.
	Builders []string `yaml:"builders"`
	// Programs by digest, where releases are listed.
	Programs []string `yaml:"programs"`
	// CustomCode: programs that requests name are run, too: a stranger's, which no admin has signed.
	CustomCode bool `yaml:"custom_code"`
}

// Limits bound every single run of a program, and are what the node offers as its capability.
type Limits struct {
	// Memory of a run. 0: 512 MiB.
	Memory Bytes `yaml:"memory"`
	// Time of a run, however much longer its request allows. 0: 1 h.
	Time Duration `yaml:"time"`
	// Output is the largest reply. 0: 4 MiB.
	Output Bytes `yaml:"output"`
	// Input is the largest input that is fetched. 0: 64 MiB.
	Input Bytes `yaml:"input"`
	// Disk is what a run may write. 0: 64 MiB.
	Disk Bytes `yaml:"disk"`
	// States is what the segments of one request may leave on this machine's disk, all together. 0: 1 GiB.
	States Bytes `yaml:"states"`
	// Log is what is kept of what a program says. 0: 64 KiB.
	Log Bytes `yaml:"log"`
	// Logs is what is kept of all runs. 0: 64 MiB.
	Logs Bytes `yaml:"logs"`
}

// SandboxConfig says where the sandbox's parts are; empty: where the binary was installed.
type SandboxConfig struct {
	Child  string `yaml:"child"`
	Python string `yaml:"python"`
	// Cache of compiled programs; daemons of one machine and one user may share it. Empty: sandbox in the home.
	Cache  string       `yaml:"cache"`
	Docker DockerConfig `yaml:"docker"`
	// Network: what images may reach whose release asks for it: chain, storage. Empty: nothing.
	Network       []Place       `yaml:"network"`
	NetworkLimits NetworkLimits `yaml:"network_limits"`
	// Kinds of programs that are run: wasm, script, image. Empty: all that can be.
	Kinds []sandbox.Kind `yaml:"kinds"`
}

// ReadConfig reads a YAML file over the values that cfg has. Unknown fields are errors, so that a misspelled limit is not
// taken for none. It errs with fs.ErrNotExist where there is no file.
func ReadConfig(path string, cfg any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("config %s: %w", path, err)
	}
	return nil
}

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	setDefault(&c.MaxRuns, runtime.NumCPU())
	setDefault(&c.Poll, Duration(2*time.Second))
	setDefault(&c.Margin, Duration(400*time.Millisecond))
	setDefault(&c.ProgramCache, 4<<30)
	setDefault(&c.Key.Backend, "file")
	setDefault(&c.Limits.Memory, 512<<20)
	setDefault(&c.Limits.Time, Duration(time.Hour))
	setDefault(&c.Limits.Output, 4<<20)
	setDefault(&c.Limits.Input, 64<<20)
	setDefault(&c.Limits.States, 1<<30)
	setDefault(&c.Limits.Disk, 64<<20)
	setDefault(&c.Limits.Log, 64<<10)
	setDefault(&c.Limits.Logs, 64<<20)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate names the first field that is wrong, and the fix. It is for a config with its defaults.
func (c Config) Validate() error {
	switch {
	case c.Home == "":
		return errors.New("home is empty: name the folder of keys and journal with --home")
	case len(c.Nodes) == 0:
		return errors.New("nodes is empty: name a node's RPC endpoint with --node, for example http://127.0.0.1:26657")
	case c.Store == "":
		return errors.New("store is empty: name it with --store, for example s3+http://ACCESS:SECRET@127.0.0.1:9000/ain")
	case c.Key.Name == "":
		return errors.New("key.name is empty: name a key of the keyring with --from")
	case c.Apply && len(c.Jobs) == 0:
		return errors.New("jobs is empty: name the job to apply to with --job, for example --job 0x1")
	case c.MaxRuns < 1 || c.MaxRuns > 1024:
		return fmt.Errorf("max_runs %d: use 1 to 1024", c.MaxRuns)
	case c.Poll.Std() < 10*time.Millisecond || c.Poll.Std() > time.Minute:
		return fmt.Errorf("poll %s: use 10ms to 1m", c.Poll.Std())
	case c.Margin < 0:
		return fmt.Errorf("margin %s is negative", c.Margin.Std())
	}
	if err := c.Sandbox.validate(); err != nil {
		return err
	}
	if err := c.validateStore(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := validateAddress("admin", c.Admin); err != nil {
		return err
	}
	return errors.Join(c.Policy.validate(), c.Limits.validate())
}

func (c Config) validateStore() error {
	_, isSpace, err := ParseSpaceURL(c.Store)
	switch {
	case err != nil:
		return err
	case !isSpace && c.SharedStore != "":
		return errors.New("shared_store is given, too: leave it out, the store is one")
	case isSpace && c.SharedStore == "":
		return nil
	case isSpace:
		if _, err := s3.ParseURL(c.SharedStore); err != nil {
			return fmt.Errorf("shared_store: %w", err)
		}
		return nil
	}
	_, err = s3.ParseURL(c.Store)
	return err
}

func (p Policy) validate() error {
	if err := p.validateReleases(); err != nil {
		return err
	}
	for _, admin := range p.Admins {
		if err := validateAddress("policy.admins", admin); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) validate() error {
	for field, size := range map[string]Bytes{
		"memory": l.Memory, "output": l.Output, "input": l.Input, "disk": l.Disk, "log": l.Log, "logs": l.Logs,
	} {
		if size < 1<<10 {
			return fmt.Errorf("limits.%s %d: use at least 1KiB", field, size)
		}
	}
	if l.Time.Std() < 10*time.Millisecond {
		return fmt.Errorf("limits.time %s: use at least 10ms", l.Time.Std())
	}
	return nil
}

func validateAddress(field, address string) error {
	if address == "" {
		return nil
	}
	if _, err := sdk.AccAddressFromBech32(address); err != nil {
		return fmt.Errorf("%s %q is not an address: %w", field, address, err)
	}
	return nil
}

// Refuses says why a job is not served; empty: it is.
func (c Config) Refuses(jobID uint64, root string) string {
	if !c.serves(jobID) {
		return "jobs does not name it"
	}
	if len(c.Policy.Admins) > 0 && !contains(c.Policy.Admins, root) {
		return "policy.admins does not name its root " + root
	}
	return ""
}

func (c Config) serves(jobID uint64) bool { return len(c.Jobs) == 0 || contains(c.Jobs, JobID(jobID)) }

// MinRewardFor is the least that a request of the job must pay, in uain.
func (p Policy) MinRewardFor(jobID uint64) math.Int {
	if amount, ok := p.MinRewardByJob[JobID(jobID)]; ok {
		return amount.Int()
	}
	return p.MinReward.Int()
}

// Capability is what one run on this node may use: what the owner's limits say, on this machine.
func (c Config) Capability() program.Capability {
	capability := program.Capability{
		CPUMillis: 1000, MemoryBytes: uint64(c.Limits.Memory), DiskBytes: uint64(c.Limits.Disk),
		Arch: runtime.GOARCH, OS: runtime.GOOS,
	}
	if c.Sandbox.runs(sandbox.KindWASM) {
		capability.Tags = append(capability.Tags, "wasm")
	}
	if c.Sandbox.Python != "" && c.Sandbox.runs(sandbox.KindScript) {
		capability.Tags = append(capability.Tags, release.PythonRuntime)
	}
	if c.Policy.CustomCode {
		capability.Tags = append(capability.Tags, program.CustomCodeTag)
	}
	if d := c.Sandbox.Docker; d.used() && c.Sandbox.runs(sandbox.KindImage) {
		capability.Tags = append(capability.Tags, dockerTag)
		for _, place := range c.Sandbox.Network {
			capability.Tags = append(capability.Tags, networkTag+string(place))
		}
		capability.GPUs = offeredGPUs(d.devices)
		if d.CPUMillis > 0 {
			capability.CPUMillis = uint64(d.CPUMillis)
		}
	}
	return capability
}

// FindPython looks for the Python runtime where `make` and an installation put it: beside the executable, in runtimes/ there
// or one folder above. It is empty where there is none, and scripts are then not run.
func FindPython() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	dir := filepath.Dir(self)
	for _, folder := range []string{dir, filepath.Join(dir, "runtimes"), filepath.Join(filepath.Dir(dir), "runtimes")} {
		path := filepath.Join(folder, python.RuntimeName)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}
