package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// Exit codes, as `aind --help` lists them.
const (
	codeFailed    = 1
	codeUsage     = 2
	codeChainDown = 3
	codeStoreDown = 4
)

// nobody is an address at which nothing listens.
const nobody = "127.0.0.1:1"

// scene is what bad input is given to: a network with a job that this machine may serve and one that it may not, and a
// folder with the files of a job.
type scene struct {
	*harness.Network
	t      *testing.T
	folder string
	hard   string // a job that needs what no machine has
	fresh  *harness.Node
}

// badInput is one command that must be refused.
type badInput struct {
	name  string
	run   func(*scene) harness.Result
	code  int
	field string // named in the error
	fix   string // likewise
}

var badInputs = []badInput{
	{
		"a schema that does not compile", func(s *scene) harness.Result {
			return s.register(s.edit("job_schema.proto", "returns (WorkerReply)", "returns WorkerReply"))
		}, codeUsage, "job_schema.proto:7:38", "expecting '('",
	},
	{
		"a schema without a Worker service", func(s *scene) harness.Result {
			return s.register(s.edit("job_schema.proto", "service Worker {\n  // One worker's best guess.\n  rpc CalculateRoot(Request) returns (WorkerReply);\n}", ""))
		}, codeUsage, "no service Worker", "declare one with one unary rpc",
	},
	{
		"an input that does not decode", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {z: 4}, reward: [10, 10], time_limit: 3000}")
		}, codeUsage, "job_input.z", "Request is {y: float}",
	},
	{
		"an input of another type", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {y: four}, reward: [10, 10], time_limit: 3000}")
		}, codeUsage, "job_input: invalid value for float field y", "Request is {y: float}",
	},
	{
		"an input file that does not decode", func(s *scene) harness.Result {
			file := filepath.Join(s.t.TempDir(), "input")
			require.NoError(s.t, os.WriteFile(file, []byte("no message"), 0o600))
			return s.Client(s.t, "requestJob", "--job-id", "0x1", "--input-file", file, "--reward", "[10, 10]", "--time-limit", "3s")
		}, codeUsage, "input-file", "Request is {y: float}",
	},
	{
		"a reward above the balance", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {y: 4}, reward: [10, 1000000], time_limit: 3000}")
		}, codeUsage, "reward", "lower it, or send coins to the wallet",
	},
	{
		"a reward that is no amount", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {y: 4}, reward: [10, much], time_limit: 3000}")
		}, codeUsage, "reward[1]", "uain",
	},
	{
		"a rule that would stop finishing", func(s *scene) harness.Result {
			return s.Client(s.t, "setRule", "SubmitResult", "nobody")
		}, codeUsage, "/ain.jobs.v1.MsgSubmitResult finishes what was begun", "only messages that start something",
	},
	{
		"an unknown job", func(s *scene) harness.Result {
			return s.order("{job_id: 0xabcde, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}")
		}, codeUsage, "job_id", "`aind jobs` lists them",
	},
	{
		"a key that nobody knows", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000, hurry: true}")
		}, codeUsage, "hurry", "job_input",
	},
	{
		"a program whose signature is wrong", func(s *scene) harness.Result {
			return s.publish(func(release map[string]any) { release["version"] = "1.0.1" })
		}, codeFailed, "release 1.0.1: the signature is not over this program", "sign it anew",
	},
	{
		"a program whose digest is not the one that was signed", func(s *scene) harness.Result {
			return s.publish(func(release map[string]any) {
				release["program"].(map[string]any)["digest"] = "sha256:" + strings.Repeat("0", 64)
			})
		}, codeFailed, "the signature is not over this program", "sign it anew",
	},
	{
		"a program that the store holds changed", func(s *scene) harness.Result {
			defer s.spoilProgram()()
			return s.fresh.Run(s.t, "applyJob", "0x1")
		}, codeFailed, "digest mismatch", "ask the job's admin to publish the program again",
	},
	{
		"a node without the capability", func(s *scene) harness.Result {
			return s.Client(s.t, "applyJob", s.hard)
		}, codeUsage, `capability: this machine does not meet the requirement of job`, "apply from one that does",
	},
	{
		"a store that is down", func(s *scene) harness.Result {
			return s.register(s.folder, "--store", harness.StoreAt(nobody))
		}, codeStoreDown, nobody, "is `aind store` running there",
	},
	{
		"a chain that is down", func(s *scene) harness.Result {
			return s.order("{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}", "--node", "http://"+nobody)
		}, codeChainDown, nobody, "another one is chosen with --node",
	},
	{
		"a chain that is down, asked module by module", func(s *scene) harness.Result {
			return s.Client(s.t, "query", "jobs", "job", "1", "--node", "http://"+nobody)
		}, codeChainDown, nobody, "refused",
	},
}

func TestBadInput(t *testing.T) {
	s := &scene{Network: network(t), t: t, folder: harness.CalculateRoot(t)}
	s.fresh = s.NewNode(t, "worker", "1uain", "")
	s.hard = s.Register(t, nil, s.folder, "--require", "quantum")
	for _, bad := range badInputs {
		t.Run(bad.name, func(t *testing.T) {
			s := &scene{Network: s.Network, t: t, folder: s.folder, hard: s.hard, fresh: s.fresh}
			before := s.Books(t)
			result := bad.run(s)
			require.Equal(t, bad.code, result.Code, result.String())
			require.Contains(t, result.Err, bad.field)
			require.Contains(t, result.Err, bad.fix)
			require.NotContains(t, result.Err, ".go:", "people are shown no place in a source")
			require.Empty(t, s.Books(t).Since(before), "no coin moves")
		})
	}
}

func (s *scene) order(object string, flags ...string) harness.Result {
	s.t.Helper()
	return s.Client(s.t, append([]string{"requestJob", object}, flags...)...)
}

func (s *scene) register(folder string, flags ...string) harness.Result {
	s.t.Helper()
	return s.Client(s.t, append([]string{
		"registerJob", filepath.Join(folder, "job_schema.proto"), filepath.Join(folder, "worker.py"), filepath.Join(folder, "evaluator.py"),
		"--source", "https://example.org/job", "--commit", strings.Repeat("a", 40),
	}, flags...)...)
}

// edit is a copy of the job's folder in which a file differs.
func (s *scene) edit(file, from, to string) string {
	s.t.Helper()
	folder := harness.CalculateRoot(s.t)
	path := filepath.Join(folder, file)
	content, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.Contains(s.t, string(content), from)
	require.NoError(s.t, os.WriteFile(path, []byte(strings.ReplaceAll(string(content), from, to)), 0o600))
	return folder
}

// publish sends the first job's worker program once more, by the job's admin and with the signature that it has, after a
// change that the signature does not cover.
func (s *scene) publish(change func(release map[string]any)) harness.Result {
	s.t.Helper()
	var stored struct{ Release struct{ Spec map[string]any } }
	require.NoError(s.t, s.Get("/ain/jobs/v1/releases/1", &stored))
	change(stored.Release.Spec)
	text, err := json.Marshal(stored.Release.Spec)
	require.NoError(s.t, err)
	return harness.Command{Args: []string{
		"tx", "jobs", "publish-release", "1", "--release", string(text), "--from", "admin", "--home", s.Folder("admin"),
		"--keyring-backend", "test", "--gas", "auto", "--yes",
	}}.Run(s.t)
}

// spoilProgram changes the store's copy of the first job's worker program on disk. The function that it returns undoes it.
func (s *scene) spoilProgram() func() {
	s.t.Helper()
	var stored struct {
		Release struct {
			Spec struct {
				Program struct{ Digest, Space string }
			}
		}
	}
	require.NoError(s.t, s.Get("/ain/jobs/v1/releases/1", &stored))
	path := s.Stored(stored.Release.Spec.Program.Space, stored.Release.Spec.Program.Digest)
	content, err := os.ReadFile(path)
	require.NoError(s.t, err)
	changed := append([]byte(nil), content...)
	changed[len(changed)/2] ^= 1
	require.NoError(s.t, os.WriteFile(path, changed, 0o600))
	return func() { require.NoError(s.t, os.WriteFile(path, content, 0o600)) }
}
