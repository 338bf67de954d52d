// Package chaos kills, cuts and stops what the network is made of while a request is live, and asserts that everybody gets
// what is theirs.
package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/tests/harness"
)

// patient are the flags of a job whose windows are long enough for any number of crashes. They cost nothing: a phase ends
// when all have done their part. Only a ranking waits for its window, since the client concedes nothing.
var patient = []string{
	"--qualification-input", "{size: 8}", "--bond", "1",
	"--open", "100s", "--hiring", "40s", "--reveal", "100s", "--evaluation", "100s", "--challenge", "3s",
	"--resolve", "100s", "--challenge-fee", "1",
}

// deaths are the failpoints at which somebody died.
var deaths sync.Map

// TestFailpoints kills every daemon at every numbered failpoint, as by kill -9 and with work under way, and starts it
// again. Nothing is lost, done twice or left behind.
func TestFailpoints(t *testing.T) {
	n := harness.StartNetwork(t, harness.Options{})
	folder := harness.OddJob(t)
	t.Run("of", func(t *testing.T) {
		t.Run("worker", func(t *testing.T) { t.Parallel(); newVictims(t, n, folder).killWorker() })
		t.Run("evaluator", func(t *testing.T) { t.Parallel(); newVictims(t, n, folder).killEvaluator() })
		t.Run("segments", func(t *testing.T) { t.Parallel(); newSegmentVictims(t, n).killInSegments() })
		t.Run("admin", func(t *testing.T) { t.Parallel(); newVictims(t, n, folder).killAdmin() })
	})
	require.Empty(t, n.HeldForRequests(t), "no request holds anything any more")
	for _, point := range daemon.Failpoints() {
		_, died := deaths.Load(point.Number)
		require.True(t, died, "nobody died at %d, %s", point.Number, point.Name)
	}
	require.NoError(t, harness.AwaitNoOrphans(n.Home))
}

// victims are the nodes of one job, one of which is killed over and over.
type victims struct {
	*harness.Network
	t      *testing.T
	folder string
	job    string
	number uint64

	root, evaluator, worker *harness.Node
	rival                   *harness.Node // a second worker, who wins
	requests                []uint64
}

func newVictims(t *testing.T, n *harness.Network, folder string, flags ...string) *victims {
	v := &victims{Network: n, t: t, folder: folder, root: n.NewNode(t, "admin", "10", "")}
	v.job = n.Register(t, v.root, folder, append(slices.Clone(patient), flags...)...)
	_, err := fmt.Sscanf(v.job, "0x%x", &v.number)
	require.NoError(t, err)
	return v
}

// newSegmentVictims have a job that verifies by checkpoint.
func newSegmentVictims(t *testing.T, n *harness.Network) *victims {
	folder := t.TempDir()
	for _, file := range []string{"job_schema.proto", "worker.py", "evaluator.py"} {
		harness.CopyFile(t, filepath.Join(harness.Root(), "examples", "heat", file), folder)
	}
	return newVictims(t, n, folder, "--qualification-input", "{cells: 5, steps: 5, left: 1000}",
		"--verification", "checkpoint", "--deterministic", "--max-checkpoints", "8", "--segments", "8", "--invalid-loses-bond")
}

func (v *victims) node(role string) *harness.Node {
	node := v.NewNode(v.t, role, "100", "60")
	node.Settings.Job = v.job
	return node
}

// points of a daemon's steps, by number.
func points(name string, from, to int) []daemon.Failpoint {
	var some []daemon.Failpoint
	for _, point := range daemon.Failpoints() {
		if point.Daemon == name && point.Number >= from && point.Number <= to {
			some = append(some, point)
		}
	}
	return some
}

// dieAt runs a node's daemon until it dies at a failpoint, and gives it work to do: supply is called again and again, and
// sees to it that there is some. The node may be another one at each call.
func (v *victims) dieAt(point daemon.Failpoint, node func() *harness.Node, supply func()) {
	v.t.Helper()
	log := filepath.Join(v.t.TempDir(), "failpoints")
	env := []string{daemon.EnvFailpoint + "=" + strconv.Itoa(point.Number), daemon.EnvFailpointLog + "=" + log}
	victim := node()
	process := victim.Start(v.t, env...)
	harness.Eventually(v.t, fmt.Sprintf("%s dies at failpoint %d, %s (%s)", point.Daemon, point.Number, point.Name, point.When),
		harness.Patience, func() error {
			if process.Dead() {
				return nil
			}
			supply()
			if next := node(); next != victim {
				victim.Kill()
				victim = next
				process = victim.Start(v.t, env...)
			}
			return fmt.Errorf("it lives")
		})
	require.True(v.t, process.Killed(), "%s ended otherwise than by its failpoint", point.Daemon)
	reached, err := os.ReadFile(log)
	require.NoError(v.t, err)
	deaths.Store(point.Number, true)
	// Others may be reached in the moment that the signal takes.
	require.Contains(v.t, strings.Fields(string(reached)), strconv.Itoa(point.Number), "it died of something else")
	require.NoError(v.t, harness.AwaitNoOrphans(v.Home))
}

// each dies at every point in turn.
func (v *victims) each(some []daemon.Failpoint, node func() *harness.Node, supply func()) {
	v.t.Helper()
	require.NotEmpty(v.t, some)
	for _, point := range some {
		begun := time.Now()
		v.dieAt(point, node, supply)
		v.t.Logf("%d %s after %.1f s", point.Number, point.Name, time.Since(begun).Seconds())
	}
}

// orders returns a supply that orders anew when the last request has ended.
func (v *victims) orders(order func() uint64) func() {
	var last uint64
	return func() {
		if last != 0 {
			r, err := v.Request(last)
			if err != nil || !r.IsFinished() {
				return
			}
		}
		last = order()
		v.requests = append(v.requests, last)
	}
}

func nothing() {}

// joining kills a node at the failpoints on its way into the tree. A node that is in already has no more of that way
// before it: another one takes its place.
func (v *victims) joining(role string, from, to int) *harness.Node {
	v.t.Helper()
	node := v.node(role)
	v.each(points(role, from, to), func() *harness.Node {
		if node.IsMember(v.number) {
			node = v.node(role)
		}
		return node
	}, nothing)
	node.Start(v.t)
	node.AwaitMember(v.t, v.number)
	node.Kill()
	return node
}

func (v *victims) killWorker() {
	t := v.t
	v.root.Start(t)
	v.evaluator, v.rival = v.node("evaluator"), v.node("worker")
	v.rival.Settings.Policy = "{min_reward: 2}" // it leaves the requests that go wrong to the other
	v.evaluator.Settings.MaxRuns, v.rival.Settings.MaxRuns = 2, 2
	v.evaluator.Start(t)
	v.rival.Start(t)
	v.worker = v.joining("worker", 110, 129)
	v.evaluator.AwaitMember(t, v.number)
	v.rival.AwaitMember(t, v.number)
	before := v.Books(t)
	same := func() *harness.Node { return v.worker }

	v.each(points("worker", 130, 149), same, nothing)
	v.each(append(points("worker", 150, 169), points("worker", 180, 229)...), same, v.orders(func() uint64 {
		return v.Order(t, v.job, fmt.Sprintf("{size: 6000, winner: %s}", v.rival.Address), "time_limit: 80000", "min_workers: 2", "max_workers: 2")
	}))
	good := len(v.requests)
	release := 1
	v.each(points("worker", 170, 179), same, v.orders(func() uint64 {
		release++
		var published struct{}
		v.root.JSON(t, &published, "publishRelease", v.job, filepath.Join(v.folder, "worker.wasm"), "--json", "--version", fmt.Sprintf("1.0.%d", release))
		return v.Order(t, v.job, "{misbehave: crash}", "reward: [1, 1]", "time_limit: 80000", "max_workers: 1")
	}))
	v.worker.Start(t)
	for _, id := range v.requests[:good] {
		r := v.ranked(id)
		require.Len(t, r.Assignments, 2)
		require.Equal(t, v.rival.Address, r.Ranking[0].Node)
	}
	for _, id := range v.requests[good:] {
		r := v.AwaitFinished(t, id)
		require.Equal(t, "OUTCOME_NOTHING_REVEALED", r.Outcome)
		require.Len(t, r.Assignments, 1)
		require.Equal(t, harness.AIN, r.Paid(r.Client, "lost_bond"))
	}
	bad := int64(len(v.requests) - good)
	changes := v.Books(t).Since(before)
	require.Equal(t, 10*int64(good)*harness.AIN, changes[v.rival.Address])
	require.Equal(t, 10*int64(good)*harness.AIN, changes[v.evaluator.Address])
	require.Equal(t, -bad*harness.AIN, changes[v.worker.Address], "one bond for each request in which its program crashed")
}

// killInSegments kills a worker while its program runs in segments. Its work is right for all that: each is run again.
func (v *victims) killInSegments() {
	t := v.t
	v.root.Start(t)
	v.evaluator, v.worker = v.node("evaluator"), v.node("worker")
	v.evaluator.Start(t)
	v.worker.Start(t)
	v.worker.AwaitMember(t, v.number)
	v.evaluator.AwaitMember(t, v.number)
	v.worker.Kill()
	v.each(points("worker", 230, 249), func() *harness.Node { return v.worker }, v.orders(func() uint64 {
		return v.Order(t, v.job, "{cells: 9, steps: 3000, left: 900}", "time_limit: 80000", "max_workers: 1")
	}))
	v.worker.Start(t)
	for _, id := range v.requests {
		require.Equal(t, v.worker.Address, v.ranked(id).Ranking[0].Node)
	}
}

func (v *victims) killEvaluator() {
	t := v.t
	v.root.Start(t)
	v.worker = v.node("worker")
	v.worker.Settings.MaxRuns = 2
	v.worker.Start(t)
	v.evaluator = v.joining("evaluator", 310, 329)
	v.worker.AwaitMember(t, v.number)
	before := v.Books(t)
	same := func() *harness.Node { return v.evaluator }

	v.each(points("evaluator", 330, 349), same, nothing)
	v.each(points("evaluator", 350, 399), same, v.orders(func() uint64 {
		return v.Order(t, v.job, "{size: 6000}", "time_limit: 80000", "max_workers: 1")
	}))
	v.evaluator.Start(t)
	for _, id := range v.requests {
		r := v.ranked(id)
		require.Equal(t, v.worker.Address, r.Ranking[0].Node)
	}
	earned := 10 * int64(len(v.requests)) * harness.AIN
	changes := v.Books(t).Since(before)
	require.Equal(t, earned, changes[v.worker.Address])
	require.Equal(t, earned, changes[v.evaluator.Address])
}

// ranked waits until a request has ended and asserts that nobody's crash was seen in it: every worker committed once and
// revealed, the evaluator ranked, and all was paid out.
func (v *victims) ranked(id uint64) harness.Request {
	v.t.Helper()
	r := v.AwaitFinished(v.t, id)
	require.Equal(v.t, "REQUEST_STATE_SETTLED", r.State)
	require.Equal(v.t, "OUTCOME_RANKED", r.Outcome)
	require.Equal(v.t, len(r.Assignments), r.Committed)
	require.Equal(v.t, len(r.Assignments), r.Revealed)
	require.Len(v.t, r.Ranking, len(r.Assignments))
	require.Equal(v.t, v.evaluator.Address, r.Evaluator)
	require.Equal(v.t, 10*harness.AIN, r.Paid(r.Evaluator, "evaluation"))
	require.Equal(v.t, 10*harness.AIN, r.Paid(r.Evaluator, "deposit"))
	require.Equal(v.t, 10*harness.AIN, r.Paid(r.Ranking[0].Node, "reward"))
	for _, assignment := range r.Assignments {
		require.NotEmpty(v.t, assignment.Commitment)
		require.NotNil(v.t, assignment.Result)
		require.Equal(v.t, harness.AIN, r.Paid(assignment.Worker, "bond"))
	}
	return r
}

func (v *victims) killAdmin() {
	t := v.t
	same := func() *harness.Node { return v.root }
	var applicants []*harness.Node
	v.each(points("admin", 540, 559), same, nothing)
	v.each(points("admin", 510, 529), same, func() {
		if last := len(applicants) - 1; last >= 0 && !applicants[last].IsMember(v.number) {
			return
		}
		applicant := v.NewNode(t, "worker", "1", "")
		var applied struct{}
		applicant.JSON(t, &applied, "applyJob", v.job)
		applicants = append(applicants, applicant)
	})
	v.root.Start(t)
	for _, applicant := range applicants {
		harness.Eventually(t, "every applicant is approved", harness.Patience, func() error {
			if !applicant.IsMember(v.number) {
				return fmt.Errorf("%s is not", applicant.Address)
			}
			return nil
		})
	}
	v.root.Kill()

	cheat := v.NewNode(t, "worker", "1", "")
	v.each(points("admin", 530, 539), same, func() {
		if v.undecided(cheat.Address) == 0 {
			v.applyWrongly(cheat)
		}
	})
	v.root.Start(t)
	harness.Eventually(t, "the cheat is rejected", harness.Patience, func() error {
		if left := v.undecided(cheat.Address); left > 0 {
			return fmt.Errorf("%d applications are undecided", left)
		}
		return nil
	})
	require.False(t, cheat.IsMember(v.number))
	v.killJudge()
}

// killJudge kills the admin while it judges: every challenge gets one verdict.
func (v *victims) killJudge() {
	t := v.t
	v.evaluator, v.worker = v.node("evaluator"), v.node("worker")
	for _, node := range []*harness.Node{v.evaluator, v.worker} {
		node.Start(t)
		node.AwaitMember(t, v.number)
	}
	v.root.Kill()
	order := v.orders(func() uint64 {
		return v.Order(t, v.job, "{size: 8}", "time_limit: 90000", "max_workers: 1")
	})
	challenged := map[uint64]bool{}
	v.each(points("admin", 560, 579), func() *harness.Node { return v.root }, func() {
		order()
		last := v.requests[len(v.requests)-1]
		if r, err := v.Request(last); err != nil || r.State != "REQUEST_STATE_RANKED" || challenged[last] {
			return
		}
		var answer struct{}
		v.ClientJSON(t, &answer, "challenge", strconv.FormatUint(last, 10))
		challenged[last] = true
	})
	v.root.Start(t)
	require.NotEmpty(t, challenged)
	for _, id := range v.requests {
		r := v.ranked(id)
		if challenged[id] {
			require.Equal(t, harness.AIN*9/10, r.Paid(v.root.Address, "verdict"))
			require.Zero(t, r.Paid(r.Client, "challenge_fee"))
		}
	}
}

// applyWrongly files an application whose answer is not the one that the job's programs give.
func (v *victims) applyWrongly(cheat *harness.Node) {
	v.t.Helper()
	nonce := strings.Repeat("A", 43) + "=" // 32 zeros
	cheat.Tx(v.t, "reputation", "apply-job", strconv.FormatUint(v.number, 10), "--roles", "worker", "--nonce", nonce,
		"--qualifications", fmt.Sprintf(`{"role": "ROLE_WORKER", "digest": "sha256:%s"}`, strings.Repeat("0", 64)),
		"--capability", `{"cpu_millis": 1000, "memory_bytes": 1000000000, "disk_bytes": 1000000000, "tags": ["wasm"]}`)
	// The admin may have rejected it, and died of that, before anybody can see it.
	harness.Eventually(v.t, "the application is filed", harness.Patience, func() error {
		if v.undecided(cheat.Address) == 0 && !v.root.Process().Dead() {
			return errors.New("it is not")
		}
		return nil
	})
}

// undecided counts the applications of an account.
func (v *victims) undecided(applicant string) int {
	var answer struct{ Applications []struct{ ID string } }
	require.NoError(v.t, v.Get("/ain/reputation/v1/applications?applicant="+applicant, &answer))
	return len(answer.Applications)
}
