package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// ran is what `aind run` says as JSON.
type ran struct {
	Request    uint64 `json:",string"`
	Worker     string
	ExitStatus int `json:"exit_status"`
	Failure    string
	Stdout     string
	Stderr     string
	Folder     string
	Cost       string `json:"cost_uain"`
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

const countScript = `import os, sys
words = open("/ain/in/text").read().split()
print(len(words), sys.argv[1:])
print("counted", file=sys.stderr)
os.mkdir("/ain/out/counts")
with open("/ain/out/counts/words", "w") as out:
    out.write(str(len(words)))
sys.exit(int(sys.argv[1]))
`

func TestRunAScriptOfMyOwn(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	script := write(t, filepath.Join(folder, "count.py"), countScript)
	text := write(t, filepath.Join(folder, "text.txt"), "one two three")
	out := filepath.Join(folder, "out")
	var said ran
	n.ClientJSON(t, &said, "run", script, "--input", "text="+text, "-o", out, "--", "0", "--not-a-flag")
	assert.Equal(t, "3 ['0', '--not-a-flag']\n", said.Stdout)
	assert.Equal(t, "counted\n", said.Stderr)
	assert.Equal(t, out, said.Folder)
	assert.Equal(t, "1010000", said.Cost, "the reward of 1 AIN and the chain's share")
	words, err := os.ReadFile(filepath.Join(out, "counts", "words"))
	require.NoError(t, err)
	assert.Equal(t, "3", string(words))

	result := n.Client(t, "run", script, "--input", "text="+text, "-o", filepath.Join(folder, "other"), "--", "7")
	assert.Equal(t, 7, result.Code, "the program's status is the command's: %s", result)
	assert.Equal(t, "3 ['7']\n", result.Out)
	assert.Contains(t, result.Err, "counted\n")
	assert.FileExists(t, filepath.Join(folder, "other", "counts", "words"), "what a program leaves is kept whatever its status is")

	result = n.Client(t, "run", write(t, filepath.Join(folder, "broken.py"), "import nothing_like_this\n"))
	assert.Equal(t, 1, result.Code, "%s", result)
	assert.Contains(t, result.Err, "ModuleNotFoundError: No module named 'nothing_like_this'")
}

func TestRunAModuleOfMyOwn(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module own\n\ngo 1.24\n")
	write(t, filepath.Join(folder, "main.go"), `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() { fmt.Println(strings.Join(os.Args[1:], "+")); os.Exit(len(os.Args)) }
`)
	compile(t, folder, filepath.Join(folder, "own.wasm"), "wasip1", "wasm")
	result := n.Client(t, "run", filepath.Join(folder, "own.wasm"), "--", "a", "b")
	assert.Equal(t, "a+b\n", result.Out)
	assert.Equal(t, 3, result.Code, "%s", result)
	assert.NotContains(t, result.Err, "what it left", "it left nothing")
}

func TestRunAnImageOfMyOwn(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module own\n\ngo 1.24\n")
	write(t, filepath.Join(folder, "main.go"), `package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println("in an image", os.Args[1:]); _ = os.WriteFile("/ain/out/made", []byte("here"), 0o644) }
`)
	compile(t, folder, filepath.Join(folder, "own"), "linux", runtime.GOARCH)
	image := filepath.Join(folder, "own.tar")
	require.Zero(t, n.Client(t, "image", filepath.Join(folder, "own"), "-o", image).Code)
	var said ran
	n.ClientJSON(t, &said, "run", image, "-o", filepath.Join(folder, "out"), "--", "x")
	assert.Equal(t, "in an image [x]\n", said.Stdout)
	made, err := os.ReadFile(filepath.Join(folder, "out", "made"))
	require.NoError(t, err)
	assert.Equal(t, "here", string(made))

	n.ClientJSON(t, &said, "run", "--image", digestOf(t, image), "-o", filepath.Join(folder, "again"), "--", "y")
	assert.Equal(t, "in an image [y]\n", said.Stdout, "by its digest in the store")
}

// The check is a program of the client's, which the evaluator runs on what the workers left.
func TestRunIsCheckedByAProgramOfMyOwn(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	script := write(t, filepath.Join(folder, "square.py"), `import os, sys
with open("/ain/out/square", "w") as out:
    out.write(str(int(sys.argv[1]) ** 2))
`)
	check := write(t, filepath.Join(folder, "check.py"), `import json, sys, tarfile
question = json.load(sys.stdin)
ranking = []
for entry in question["workers"]:
    with tarfile.open("/ain/in/%s.tar" % entry["node"]) as left:
        square = int(left.extractfile("square").read())
    number = int(question["request"]["program"]["args"][0])
    ranking.append({"node": entry["node"], "score": 1, "valid": square == number * number})
json.dump({"ranking": ranking}, sys.stdout)
`)
	var said ran
	n.ClientJSON(t, &said, "run", script, "--check", check, "-o", filepath.Join(folder, "out"), "--", "12")
	square, err := os.ReadFile(filepath.Join(folder, "out", "square"))
	require.NoError(t, err)
	assert.Equal(t, "144", string(square))
	r := n.AwaitFinished(t, said.Request)
	assert.Equal(t, "OUTCOME_RANKED", r.Outcome)

	result := n.Client(t, "run", script, "--check", write(t, filepath.Join(folder, "never.py"), `import json, sys
json.dump({"ranking": []}, sys.stdout)
`), "-o", filepath.Join(folder, "none"), "--", "12")
	assert.Equal(t, 1, result.Code)
	assert.Contains(t, result.Err, "no result was valid")

	result = n.Client(t, "run", script, "--check", write(t, filepath.Join(folder, "fails.py"), "raise ValueError\n"), "-o", filepath.Join(folder, "fails"), "--", "12")
	assert.Equal(t, 1, result.Code)
	assert.Contains(t, result.Err, "the evaluator says that the input is unusable", "a check that fails is its client's fault")
}

func TestRunRefusesBeforeAnythingIsOrdered(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	script := write(t, filepath.Join(folder, "a.py"), "print()\n")
	full := filepath.Join(folder, "full")
	require.NoError(t, os.Mkdir(full, 0o755))
	write(t, filepath.Join(full, "file"), "x")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no program":              {nil, "program: missing (name a .py, .wasm or .tar file, or an image with --image)"},
		"two programs":            {[]string{script, script}, "name one, and its arguments after --"},
		"a program and an image":  {[]string{script, "--image", "x"}, "leave one out"},
		"no such file":            {[]string{filepath.Join(folder, "gone.py")}, "gone.py: there is no such file"},
		"a tag":                   {[]string{"--image", "ghcr.io/me/tool:latest"}, "host/repository@sha256:…, the digest that a push prints, without a tag"},
		"an image nobody stored":  {[]string{"--image", "sha256:" + strings.Repeat("ab", 32)}, "is not in the store: run the .tar file of the image once"},
		"no such input":           {[]string{script, "--input", "a=" + filepath.Join(folder, "gone")}, "input a: "},
		"an input without a name": {[]string{script, "--input", "gone"}, `input: "gone": want NAME=FILE`},
		"an input elsewhere":      {[]string{script, "--input", "../a=" + script}, "want a plain file name"},
		"a folder with files":     {[]string{script, "-o", full}, "holds files already: name another folder with -o"},
		"no time":                 {[]string{script, "--time", "0s"}, "time: 0s: want whole milliseconds, more than none"},
		"a size that is none":     {[]string{script, "--memory", "much"}, `memory: "much": want a size such as 512MiB or 2GiB`},
		"processors":              {[]string{script, "--cpus", "two"}, `cpus: "two": want a number such as 2 or 0.5`},
		"too much memory":         {[]string{script, "--memory", "1000GiB"}, "can take this: memory: "},
		"GPUs that nobody has":    {[]string{script, "--gpus", "8"}, "can take this: gpu"},
		"a job with its own":      {[]string{script, "--job", n.Job()}, "runs its own program: order with requestJob"},
		"a base for no script":    {[]string{"--image", "x", "--base", "y"}, "base: x is no script: leave it out"},
		"no way to accept":        {[]string{script, "--accept", "maybe"}, `accept: "maybe" is neither auto, ask nor wait`},
		"no reward":               {[]string{script, "--reward", "much"}, "reward: "},
	} {
		t.Run(name, func(t *testing.T) {
			result := n.Client(t, append([]string{"run"}, c.args...)...)
			assert.Equal(t, 2, result.Code, "%s", result)
			assert.Contains(t, result.Err, c.says)
			assert.NotContains(t, result.Err, "held")
		})
	}
}

func digestOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}

// interrupted orders a run, presses Ctrl-C once its request is as it should be, and returns the request with all that was said.
func interrupted(t *testing.T, n *harness.Network, when func(harness.Request) bool, args ...string) (uint64, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "said")
	process, err := harness.Start("run", log, nil, append([]string{"run", "--home", n.Folder("client")}, args...)...)
	require.NoError(t, err)
	t.Cleanup(process.Kill)
	ordered := process.AwaitSaid(t, `request (\d+): .* held`)
	id, err := strconv.ParseUint(ordered[1], 10, 64)
	require.NoError(t, err)
	n.AwaitRequest(t, id, "it is under way", harness.Patience, when)
	process.Signal(syscall.SIGINT)
	assert.Equal(t, 130, process.Code())
	said, err := os.ReadFile(log)
	require.NoError(t, err)
	return id, string(said)
}

// Ctrl-C takes an order back that nobody has accepted. Another goes on, and the command says where to find it.
func TestRunThatIsInterrupted(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	busy := write(t, filepath.Join(folder, "busy.py"), "n = 0\nfor i in range(30_000_000):\n    n += i\nprint(n)\n")
	id, said := interrupted(t, n, func(r harness.Request) bool { return len(r.Assignments) > 0 }, busy, "--time", "60s")
	assert.Contains(t, said, fmt.Sprintf("request %d goes on without you, somebody has accepted it; `aind requests %d` shows it", id, id))
	r := n.AwaitFinished(t, id)
	assert.Equal(t, "REQUEST_STATE_SETTLED", r.State)
	assert.Contains(t, n.Client(t, "requests", strconv.FormatUint(id, 10)).Out, "settled")

	dear := n.NewNode(t, "worker", "100", "50")
	dear.Settings.Job, dear.Settings.Policy = customJob(t, n), "{custom_code: true, min_reward: 1000}"
	dear.Start(t)
	dear.AwaitMember(t, jobNumber(t, dear.Settings.Job))
	before := n.Books(t)
	id, said = interrupted(t, n, func(harness.Request) bool { return true }, busy, "--worker", dear.Address)
	assert.Contains(t, said, fmt.Sprintf("request %d: cancelled", id))
	r = n.AwaitFinished(t, id)
	assert.Equal(t, "REQUEST_STATE_CANCELLED", r.State)
	assert.Empty(t, n.Books(t).Since(before), "everything went back")
}

// customJob is the network's job whose requests name their program.
func customJob(t *testing.T, n *harness.Network) string {
	t.Helper()
	var answer struct {
		Jobs []struct{ ID, Name string }
	}
	require.NoError(t, n.Get("/ain/jobs/v1/jobs", &answer))
	for _, job := range answer.Jobs {
		if job.Name == "custom-code" {
			number, err := strconv.ParseUint(job.ID, 10, 64)
			require.NoError(t, err)
			return fmt.Sprintf("%#x", number)
		}
	}
	t.Fatal("no job is called custom-code")
	return ""
}
