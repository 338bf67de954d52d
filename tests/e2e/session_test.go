package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// paper is the session that the paper prints, with the job's number of this network in place of the paper's.
const paper = `connect AIN
registerJob job_schema.proto worker.py evaluator.py
.. wait for propagation ..
stats JOB
requestJob {job_id: JOB, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}
`

// TestThePapersSession plays the paper's session on a real network: one evaluator and three workers join the new job while
// the session waits for propagation.
func TestThePapersSession(t *testing.T) {
	n := network(t)
	user := n.NewNode(t, "admin", "100", "")
	folder := checkedOut(t)
	evaluator := n.NewNode(t, "evaluator", "100", "50")
	workers := []*harness.Node{n.NewNode(t, "worker", "10", "5"), n.NewNode(t, "worker", "10", "5"), n.NewNode(t, "worker", "10", "5")}

	session := openConsole(t, n, user, folder)
	session.typeLines("connect AIN", "registerJob job_schema.proto worker.py evaluator.py")
	job := session.await(`Job ID is (0x[0-9a-f]+)\.`)[1]

	// Somebody in the network hears of the job.
	user.Start(t)
	for _, node := range append(workers, evaluator) {
		node.Settings.Job = job
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 3)
	before := n.Books(t)

	rest := strings.ReplaceAll(paper, "JOB", job)
	session.typeLines(strings.Split(strings.TrimSpace(rest), "\n")[2:]...)
	got := session.end()

	golden(t, "session.txt", normalise(got, job, evaluator.Address, workers))
	x := regexp.MustCompile(`\nX: ([0-9.]+)\n`).FindStringSubmatch(got)
	require.NotNil(t, x, got)
	var root float64
	_, err := fmt.Sscan(x[1], &root)
	require.NoError(t, err)
	require.InDelta(t, 2, root, 0.25)

	const reward, share = 10_000_000, 200_000
	changes := n.Books(t).Since(before)
	winner := regexp.MustCompile(`worker \((ain1\w+)\) received 10`).FindStringSubmatch(got)[1]
	require.Equal(t, harness.Books{
		user.Address: -2*reward - share, evaluator.Address: reward, winner: reward, harness.Keepers: share,
	}, changes)
}

// TestThePapersSessionPiped pipes the whole session in at once, on a job that is served already.
func TestThePapersSessionPiped(t *testing.T) {
	n := network(t)
	script := "connect AIN\nstats 0x1\nrequestJob {job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}\n"
	result := harness.Command{Args: []string{"console", "--home", n.Folder("client")}, Stdin: script}.Run(t)
	require.Zero(t, result.Code, result.String())
	require.Regexp(t, `^\$ connect AIN
AIN> stats 0x1
1 evaluator, \d+ workers? running\.
AIN> requestJob \{job_id: 0x1, job_input: \{y: 4\}, reward: \[10, 10\], time_limit: 3000\}
X: (1\.9|2)\S*
Total \d+ workers? participated\. Evaluator \(ain1\w+\) received 10, worker \(ain1\w+\) received 10\.
$`, result.Out)

	t.Run("the first error ends it", func(t *testing.T) {
		result := harness.Command{Args: []string{"console", "--home", n.Folder("client")}, Stdin: "connect AIN\nstats 0xabcde\nstats 0x1\n"}.Run(t)
		require.Equal(t, codeUsage, result.Code, result.String())
		require.Contains(t, result.Err, "0xabcde")
		require.NotContains(t, result.Out, "running")
	})
}

// checkedOut is a folder with the example's files as a clone has them: committed, with a remote.
func checkedOut(t *testing.T) string {
	t.Helper()
	folder := harness.CalculateRoot(t)
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."},
		{"-c", "user.name=Alice", "-c", "user.email=alice@example.org", "commit", "-q", "-m", "feat: calculate root"},
		{"remote", "add", "origin", "https://example.org/alice/calculate-root"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = folder
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, string(said))
	}
	return folder
}

// console is a session that a test types into line by line.
type console struct {
	t     *testing.T
	in    io.WriteCloser
	lines chan string
	said  strings.Builder
	cmd   *exec.Cmd
	err   strings.Builder
}

func openConsole(t *testing.T, n *harness.Network, user *harness.Node, folder string) *console {
	t.Helper()
	binary, err := harness.Binary()
	require.NoError(t, err)
	c := &console{t: t, lines: make(chan string, 1000)}
	c.cmd = exec.Command(binary, "console", "--home", user.Home, "--keyring-backend", "test", "--node", n.RPC(), "--store", user.Settings.Store)
	c.cmd.Dir, c.cmd.Stderr = folder, &c.err
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it may have ended
	go func() {
		defer close(c.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			c.lines <- scanner.Text()
		}
	}()
	return c
}

func (c *console) typeLines(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		_, err := fmt.Fprintln(c.in, line)
		require.NoError(c.t, err)
	}
}

// await reads until a line matches.
func (c *console) await(pattern string) []string {
	c.t.Helper()
	wanted := regexp.MustCompile(pattern)
	patience := time.After(harness.Patience)
	for {
		select {
		case line, more := <-c.lines:
			require.True(c.t, more, "the console ended: %s%s", c.said.String(), c.err.String())
			c.said.WriteString(line + "\n")
			if found := wanted.FindStringSubmatch(line); found != nil {
				return found
			}
		case <-patience:
			c.t.Fatalf("no line matches %q: %s", pattern, c.said.String())
		}
	}
}

// end types no more and returns all that was printed.
func (c *console) end() string {
	c.t.Helper()
	require.NoError(c.t, c.in.Close())
	patience := time.After(harness.Patience)
	for {
		select {
		case line, more := <-c.lines:
			if more {
				c.said.WriteString(line + "\n")
				continue
			}
			require.NoError(c.t, c.cmd.Wait(), c.err.String())
			return c.said.String()
		case <-patience:
			c.t.Fatalf("the console does not end: %s", c.said.String())
		}
	}
}

// normalise puts words in place of what differs from run to run. How many of the three workers are fast enough depends on
// the machine.
func normalise(text, job, evaluator string, workers []*harness.Node) string {
	text = strings.ReplaceAll(text, job, "0xabcde")
	text = strings.ReplaceAll(text, evaluator, "EVALUATOR")
	for _, worker := range workers {
		text = strings.ReplaceAll(text, worker.Address, "WORKER")
	}
	text = regexp.MustCompile(`Total [1-3] workers?`).ReplaceAllString(text, "Total N workers")
	return regexp.MustCompile(`X: [0-9.]+`).ReplaceAllString(text, "X: ROOT")
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
