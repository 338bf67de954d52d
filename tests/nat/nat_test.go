// Package nat_test joins the network as a stranger does: from a machine behind somebody's router, with one file, an invite
// and an account that never held a coin.
package nat_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ain-network/aind/tests/harness"
)

// cutFor is how long the newcomer has no network.
const cutFor = 60 * time.Second

// hiring is how long a request waits for the newcomer, whose connections may take seconds to notice that the network is back.
const hiring = 20 * time.Second

// ownJob is registered after those that the network begins with.
const ownJob = 3

// TestNewcomerBehindARouter is one story, since each part needs the one before.
func TestNewcomerBehindARouter(t *testing.T) {
	line := buildTopology(t)
	network := harness.StartNetwork(t, harness.Options{})
	// A gateway for other machines needs HTTPS: here those who work together share an S3 store.
	shared := network.NewStore(t)
	root := network.NewNode(t, "admin", "100", "")
	root.Settings.Store = shared.URL()
	job := network.Register(t, root, harness.CalculateRoot(t), "--bond", "0", "--hiring", hiring.String(),
		"--qualification-input", "{y: 2}")
	root.Start(t)
	evaluator := network.NewNode(t, "evaluator", "1000", "500")
	evaluator.Settings.Job, evaluator.Settings.Store = job, shared.URL()
	evaluator.Start(t)
	network.AwaitRunning(t, ownJob, 1, 0)

	newcomer := join(t, line, invite(t, network, root, shared, job))
	network.AwaitRunning(t, ownJob, 1, 1)
	address := onlyWorker(t, network)
	if coins := network.Books(t)[address]; coins != 0 {
		t.Fatalf("the newcomer %s was approved and has %d uain already", address, coins)
	}

	t.Run("it works and earns its first coins", func(t *testing.T) {
		earn(t, network, job, address)
	})
	t.Run("it goes on after a minute without a network, under another address", func(t *testing.T) {
		line.cut()
		time.Sleep(cutFor) // the minute is what is tested
		line.restore()
		restored := time.Now()
		harness.Eventually(t, "the newcomer is seen again", harness.Patience, func() error {
			seen, err := lastSeen(network, address)
			if err == nil && seen.Before(restored) {
				err = fmt.Errorf("it was last seen %s before the line came back", restored.Sub(seen))
			}
			return err
		})
		earn(t, network, job, address)
	})
	t.Run("stats drops it after kill -9", func(t *testing.T) {
		if err := newcomer.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		network.AwaitRunning(t, ownJob, 1, 0)
	})
}

// invite is what the root of the job prints for somebody who sees the network from outside.
func invite(t *testing.T, network *harness.Network, root *harness.Node, shared *harness.Store, job string) string {
	t.Helper()
	rpc := expose(t, strings.TrimPrefix(network.RPC(), "http://"))
	store := expose(t, shared.Address)
	var answer struct{ Invite string }
	root.JSON(t, &answer, "invite", job, "--endpoint", "http://"+rpc, "--store-url", harness.StoreAt(store))
	if answer.Invite == "" {
		t.Fatal("invite printed no invite")
	}
	return answer.Invite
}

// join runs a worker in the home, from a folder with nothing but the program in it.
func join(t *testing.T, line *topology, word string) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "aind")
	if err := os.Link(binary, program); err != nil {
		harness.CopyFile(t, binary, folder)
		if err := os.Chmod(program, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	passphrase := filepath.Join(folder, "passphrase")
	if err := os.WriteFile(passphrase, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(folder, "worker.log"))
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command("ip", "netns", "exec", line.home, program, "worker",
		"--home", filepath.Join(folder, "home"), "--passphrase-file", passphrase, "--invite", word)
	worker.Stdout, worker.Stderr, worker.Dir = log, log, folder
	worker.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + folder}
	worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-worker.Process.Pid, syscall.SIGKILL)
		_ = worker.Wait() // it was killed
		_ = log.Close()
		if t.Failed() {
			said, err := os.ReadFile(log.Name())
			t.Logf("the newcomer said (%v):\n%s", err, said)
		}
		if err := harness.AwaitNoneLeft(folder); err != nil {
			t.Error(err)
		}
	})
	return worker
}

// earn has a request done by the newcomer alone, who gets all of its reward.
func earn(t *testing.T, network *harness.Network, job, address string) {
	t.Helper()
	before := network.Books(t)
	done := network.AwaitFinished(t, network.Order(t, job, "{y: 4}", "time_limit: 60000", "max_workers: 1"))
	if done.Outcome != "OUTCOME_RANKED" || done.Paid(address, "reward") != 10_000_000 {
		t.Fatalf("request %s ended as %s, payouts %+v", done.ID, done.Outcome, done.Payouts)
	}
	if earned := network.Books(t).Since(before)[address]; earned != 10_000_000 {
		t.Fatalf("the newcomer has %d uain more, not 10 AIN", earned)
	}
}

// onlyWorker is the address of the one worker of our job. REST takes enums by number.
func onlyWorker(t *testing.T, network *harness.Network) string {
	t.Helper()
	var answer struct {
		Nodes []struct{ Node struct{ Owner string } }
	}
	if err := network.Get(fmt.Sprintf("/ain/reputation/v1/nodes?job_id=%d&role=3", ownJob), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Nodes) != 1 {
		t.Fatalf("job %d has %d workers", ownJob, len(answer.Nodes))
	}
	return answer.Nodes[0].Node.Owner
}

// lastSeen is when the chain last heard of a worker of our job.
func lastSeen(network *harness.Network, address string) (time.Time, error) {
	var answer struct {
		Node struct {
			Seen json.Number `json:"seen_ms"`
		}
	}
	if err := network.Get(fmt.Sprintf("/ain/reputation/v1/trees/%d/nodes/%s", ownJob, address), &answer); err != nil {
		return time.Time{}, err
	}
	ms, err := answer.Node.Seen.Int64()
	return time.UnixMilli(ms), err
}
