package e2e

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// Exit codes that no bad input gives.
const (
	codeProgram     = 5
	codeInterrupted = 130
)

// TestHelp asks every command that is meant for people for its help: it has a sentence, a usage and an example.
func TestHelp(t *testing.T) {
	help := harness.Command{Args: []string{"--help"}}.Run(t)
	require.Zero(t, help.Code)
	ours := regexp.MustCompile(`(?s)Use the network:\n(.*)Take part:\n(.*?)\n\n`).FindStringSubmatch(help.Out)
	require.NotNil(t, ours, help.Out)
	names := regexp.MustCompile(`(?m)^  (\w+) `).FindAllStringSubmatch(ours[1]+ours[2], -1)
	require.Greater(t, len(names), 20)
	for _, name := range names {
		t.Run(name[1], func(t *testing.T) {
			help := harness.Command{Args: []string{name[1], "--help"}}.Run(t)
			require.Zero(t, help.Code, help.String())
			require.Empty(t, help.Err)
			require.Regexp(t, `^[A-Z]\w+`, help.Out)
			require.Contains(t, help.Out, "\nUsage:\n  aind "+name[1])
			require.Contains(t, help.Out, "\nExamples:\n  aind "+name[1])
		})
	}
}

// TestExitCodes holds what `aind --help` says of exit codes against the commands. TestBadInput has 2, 3 and 4.
func TestExitCodes(t *testing.T) {
	n := network(t)
	help := harness.Command{Args: []string{"--help"}}.Run(t)
	for _, code := range []int{0, codeFailed, codeUsage, codeChainDown, codeStoreDown, codeProgram, codeInterrupted} {
		require.Regexp(t, fmt.Sprintf(`Exit codes: [^.]*\b%d\s`, code), help.Out)
	}
	t.Run("1 for what the chain refuses", func(t *testing.T) {
		id := n.Order(t, n.Job(), "{y: 4}", "time_limit: 3000")
		n.AwaitFinished(t, id)
		result := n.Client(t, "cancelRequest", strconv.FormatUint(id, 10))
		require.Equal(t, codeFailed, result.Code, result.String())
		require.Contains(t, result.Err, fmt.Sprintf("request %d", id))
	})
	t.Run("2 for an unknown command, flag and argument", func(t *testing.T) {
		for _, args := range [][]string{{"nothing"}, {"stats", "--nothing"}, {"stats"}, {"stats", "0x1", "0x2"}, {"stats", "0x1", "--output", "xml"}} {
			result := n.Client(t, args...)
			require.Equal(t, codeUsage, result.Code, "%q: %s", args, result)
		}
	})
	t.Run("5 for a program that fails", func(t *testing.T) {
		job := n.Register(t, nil, harness.OddJob(t), "--qualification-input", "{misbehave: crash}")
		result := n.Client(t, "applyJob", job)
		require.Equal(t, codeProgram, result.Code, result.String())
		require.Contains(t, result.Err, "program crashed")
	})
	t.Run("130 for Ctrl-C, and the request goes on", func(t *testing.T) {
		log := filepath.Join(t.TempDir(), "log")
		process, err := harness.Start("requestJob", log, nil, "requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 60000}",
			"--home", n.Folder("client"))
		require.NoError(t, err)
		id, err := strconv.ParseUint(process.AwaitSaid(t, `request (\d+): \S+ AIN held`)[1], 10, 64)
		require.NoError(t, err)
		process.Signal(syscall.SIGINT)
		harness.Eventually(t, "it ends", harness.Patience, func() error {
			if !process.Dead() {
				return errors.New("it runs")
			}
			return nil
		})
		require.Equal(t, codeInterrupted, process.Code())
		require.NotNil(t, process.Said(fmt.Sprintf("request %d goes on without you", id)))
		require.Equal(t, "OUTCOME_RANKED", n.AwaitFinished(t, id).Outcome)
	})
}

// TestJSON has every verb print JSON and nothing else on standard output.
func TestJSON(t *testing.T) {
	n := network(t)
	root := n.NewNode(t, "admin", "50", "")
	worker, evaluator := n.NewNode(t, "worker", "50", ""), n.NewNode(t, "evaluator", "50", "30")
	folder := harness.OddJob(t)
	seen := map[string]bool{}
	ask := func(who *harness.Node, answer any, args ...string) {
		t.Helper()
		seen[args[0]] = true
		who.JSON(t, answer, args...)
	}
	files := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(folder, names[i])
		}
		return names
	}

	var key struct{ Address string }
	ask(root, &key, "assignAddress", "another", "--from", "another")
	require.Regexp(t, `^ain1\w{38}$`, key.Address)
	var sent struct{ Hash string }
	ask(root, &sent, "send", key.Address, "5uain")
	require.Regexp(t, `^[0-9A-F]{64}$`, sent.Hash)
	var stake struct {
		Stake  string `json:"stake_uain"`
		Wallet string `json:"wallet_uain"`
	}
	ask(worker, &stake, "stake", "30")
	ask(worker, &stake, "stake")
	require.Equal(t, "30000000", stake.Stake)
	require.Equal(t, "20000000", stake.Wallet)

	operator := n.NewNode(t, "operator", "", "")
	var consent struct{ Consent string }
	ask(operator, &consent, "setOperator", "--consent-for", root.Address)
	var named struct{ Operator string }
	ask(root, &named, "setOperator", consent.Consent)
	require.Equal(t, operator.Address, named.Operator)
	ask(operator, &stake, "stake", "0") // the operator can send transactions at once: it has an account
	stolen := worker.Run(t, "setOperator", consent.Consent)
	require.Equal(t, codeUsage, stolen.Code, stolen.String())
	require.Contains(t, stolen.Err, "consent: it is not for owner "+worker.Address)
	ask(root, &named, "setOperator", "none")
	require.Empty(t, named.Operator)

	var rule struct {
		Message string `json:"type_url"`
		Access  string
	}
	ask(root, &rule, "setRule", "CreateValidator")
	require.Equal(t, createValidator, rule.Message)
	require.Equal(t, "listed", rule.Access, "the validator of the genesis file")
	ask(root, &rule, "setRule", "RegisterJob")
	require.Equal(t, "everybody", rule.Access)
	usurped := root.Run(t, "setRule", "CreateValidator", "everybody")
	require.Equal(t, codeFailed, usurped.Code, usurped.String())
	require.Contains(t, usurped.Err, " change the rule of "+createValidator)

	var room struct {
		Owner string
		Gas   int64 `json:"gas,string"`
	}
	ask(root, &room, "room")
	require.Equal(t, root.Address, room.Owner)
	require.Positive(t, room.Gas)

	var registered struct{ Job string }
	ask(root, &registered, append(append([]string{"registerJob"}, files("job_schema.proto", "worker.wasm", "evaluator.wasm")...),
		"--json", "--bond", "1", "--open", "60s", "--hiring", "30s", "--grant", "60s", "--source", "https://example.org/odd", "--commit", strings.Repeat("b", 40))...)
	job := registered.Job
	ask(root, &stake, "stake", "1")
	var allocated struct {
		Allocated string `json:"allocated_uain"`
	}
	ask(root, &allocated, "allocate", job, "0.5")
	require.Equal(t, "500000", allocated.Allocated)
	ask(root, &allocated, "room", "--job", job)
	require.Equal(t, "500000", allocated.Allocated)
	var published struct{ Version, Release string }
	ask(root, &published, "publishRelease", job, files("worker.wasm")[0], "--json", "--version", "1.0.1")
	var built struct{ Program, Attestation string }
	url, commit := harness.Repository(t)
	ask(root, &built, "build", url, "--commit", commit, "--out", filepath.Join(t.TempDir(), "worker.py"))
	require.Equal(t, built.Program+".dsse.json", built.Attestation)
	var verified struct{ Digest string }
	ask(root, &verified, "verify", files("worker.wasm")[0], "--release", published.Release)
	require.Regexp(t, "^sha256:", verified.Digest)
	var second struct{ Release string }
	ask(root, &second, "publishRelease", job, files("worker.wasm")[0], "--json", "--version", "1.0.2")
	var revoked struct{ Release string }
	ask(root, &revoked, "revokeRelease", second.Release, "--reason", "a test")
	require.Equal(t, second.Release, revoked.Release)
	var updated struct {
		Terms string `json:"terms_version"`
	}
	ask(root, &updated, "updateJob", job, "--description", "odd jobs", "--challenge-fee", "1")
	require.Equal(t, "2", updated.Terms)
	var forked struct {
		ForkedFrom string `json:"forked_from"`
	}
	ask(root, &forked, "forkJob", job, "--name", "even odder")
	require.Equal(t, job, forked.ForkedFrom)
	var listed []struct{ Job string }
	ask(root, &listed, "jobs")
	require.Contains(t, listed, struct{ Job string }{job})

	for _, node := range []*harness.Node{worker, evaluator} {
		var applied struct{ Application string }
		ask(node, &applied, "applyJob", job, "--role", node.Role)
		var waiting []struct{ Application, Applicant string }
		ask(root, &waiting, "approveNode")
		require.Equal(t, []struct{ Application, Applicant string }{{applied.Application, node.Address}}, waiting)
		var decided struct{ Approved bool }
		ask(root, &decided, "approveNode", applied.Application)
		require.True(t, decided.Approved)
	}
	var nodes []struct{ Owner string }
	ask(root, &nodes, "nodes", job)
	require.Len(t, nodes, 3)
	var tree struct {
		Owner    string
		Children []struct{ Owner, Status string }
	}
	ask(root, &tree, "tree", job)
	require.Equal(t, root.Address, tree.Owner)
	require.Len(t, tree.Children, 2)
	var stats struct{ Workers, Evaluators int }
	ask(root, &stats, "stats", job)
	require.Equal(t, 1, stats.Workers)
	require.Equal(t, 1, stats.Evaluators)
	var reserved struct{ Space string }
	root.JSON(t, &reserved, "storage", "reserve", "1GiB", "--for", "1h", "--provider", n.Account(t, "store"), "--read", "participants", "--write", "job:"+job)
	var invite struct{ Invite string }
	ask(root, &invite, "invite", job)
	require.NotEmpty(t, invite.Invite)

	order := func() string {
		var ordered struct{ Request string }
		ask(root, &ordered, "requestJob", "{job_id: "+job+", job_input: {size: 1}, reward: [1, 1], time_limit: 60000}", "--detach")
		return ordered.Request
	}
	var done struct{ Request string }
	cancelled, resigned := order(), order()
	ask(root, &done, "cancelRequest", cancelled)
	require.Equal(t, cancelled, done.Request)
	awaitPlace(t, n, evaluator, resigned, "evaluator", func(r harness.Request) bool { return r.Evaluator == evaluator.Address })
	awaitPlace(t, n, worker, resigned, "worker", func(r harness.Request) bool { return r.Workers == 1 })
	ask(worker, &done, "resign", resigned)
	require.Equal(t, resigned, done.Request)
	refused := order()
	awaitPlace(t, n, evaluator, refused, "evaluator", func(r harness.Request) bool { return r.Evaluator == evaluator.Address })
	awaitPlace(t, n, worker, refused, "worker", func(r harness.Request) bool { return r.Workers == 1 })
	var rejected struct{ Worker string }
	ask(root, &rejected, "rejectWorker", refused, worker.Address)
	require.Equal(t, worker.Address, rejected.Worker)
	var requests []struct{ Request string }
	ask(root, &requests, "requests", "--job", job)
	require.Len(t, requests, 3)

	grantByHand(t, n, root, worker, evaluator, job, "{size: 1}")
	seen["run"] = true // TestRunAScriptOfMyOwn
	seen["grantKey"] = true
	seen["client"] = true  // TestEncryptedRequest
	seen["storage"] = true // TestStorageForPeople

	var ended struct{ Node string }
	ask(root, &ended, "drop", job, worker.Address, "--reason", "it resigned")
	require.Equal(t, worker.Address, ended.Node)
	again := worker.Run(t, "applyJob", job)
	require.Equal(t, codeFailed, again.Code, again.String())
	require.Contains(t, again.Err, "it may apply again at block time")
	ask(evaluator, &ended, "leaveJob", job)
	require.Equal(t, evaluator.Address, ended.Node)
	ask(root, &tree, "tree", job)
	require.Empty(t, tree.Children)
	ask(root, &tree, "tree", job, "--all")
	require.Len(t, tree.Children, 2)

	t.Run("requestJob waits for the result and the payments", func(t *testing.T) {
		var ended struct {
			Request, State string
			Result         struct{ X float64 }
		}
		n.ClientJSON(t, &ended, "requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}")
		require.Equal(t, "settled", ended.State)
		require.InDelta(t, 2, ended.Result.X, 0.25)
	})
	t.Run("acceptResult", func(t *testing.T) {
		id := n.Order(t, n.Job(), "{y: 4}", "time_limit: 3000")
		n.AwaitRequest(t, id, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })
		var accepted struct{ Request string }
		n.ClientJSON(t, &accepted, "acceptResult", strconv.FormatUint(id, 10))
		require.Equal(t, strconv.FormatUint(id, 10), accepted.Request)
		seen["acceptResult"] = true
	})
	t.Run("an error leaves standard output empty", func(t *testing.T) {
		result := n.Client(t, "stats", "0xabcde", "--output", "json")
		require.Equal(t, codeUsage, result.Code)
		require.Empty(t, result.Out)
	})
	t.Run("challenge and resolveChallenge", func(t *testing.T) {
		id := n.Order(t, n.Job(), "{y: 4}", "time_limit: 3000")
		n.AwaitRequest(t, id, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })
		var challenge brought
		n.ClientJSON(t, &challenge, "challenge", strconv.FormatUint(id, 10))
		require.NotEmpty(t, challenge.Resolver)
		late := n.Client(t, "resolveChallenge", strconv.FormatUint(id, 10), "confirm", "--output", "json")
		require.Equal(t, codeFailed, late.Code, "it is not the resolver")
		require.Empty(t, late.Out)
		require.Equal(t, "OUTCOME_RANKED", n.AwaitFinished(t, id).Outcome, "the network's admin judged")
		var explained struct {
			Outcome string
			Life    []struct{ Text string }
			Payouts []struct{ Rule string }
		}
		ask(root, &explained, "explain", strconv.FormatUint(id, 10))
		require.Equal(t, "ranked", explained.Outcome)
		require.Greater(t, len(explained.Life), 8)
		require.NotEmpty(t, explained.Payouts[0].Rule)
		seen["challenge"], seen["resolveChallenge"] = true, true // TestCheatingLosesMoney has the JSON of the other
	})
	help := harness.Command{Args: []string{"--help"}}.Run(t)
	verbs := regexp.MustCompile(`(?s)Use the network:\n(.*)Take part:`).FindStringSubmatch(help.Out)[1]
	for _, verb := range regexp.MustCompile(`(?m)^  (\w+) `).FindAllStringSubmatch(verbs, -1) {
		if verb[1] != "console" { // it is for people, and for scripts of verbs
			require.True(t, seen[verb[1]], "nobody looked at the JSON of %s", verb[1])
		}
	}
}

// encryptionKey is one that data for a node may be encrypted to.
const encryptionKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// grantByHand has root order work on encrypted data, a worker and an evaluator take it by hand, and root grant the worker
// its key.
func grantByHand(t *testing.T, n *harness.Network, root, worker, evaluator *harness.Node, job, input string) uint64 {
	t.Helper()
	for _, node := range []*harness.Node{worker, evaluator} {
		node.Tx(t, "reputation", "set-encryption-key", encryptionKey)
		harness.Eventually(t, "the key is stated", harness.Patience, func() error {
			var answer struct {
				Profile struct {
					EncryptionKey string `json:"encryption_key"`
				}
			}
			if err := n.Get("/ain/reputation/v1/profiles/"+node.Address, &answer); err != nil {
				return err
			}
			if answer.Profile.EncryptionKey != encryptionKey {
				return errors.New("there is none")
			}
			return nil
		})
	}
	var ordered struct{ Request string }
	root.JSON(t, &ordered, "requestJob",
		"{job_id: "+job+", job_input: "+input+", reward: [1, 1], time_limit: 60000, max_workers: 1, grant_keys: true}", "--detach")
	awaitPlace(t, n, evaluator, ordered.Request, "evaluator", func(r harness.Request) bool { return r.Evaluator == evaluator.Address })
	awaitPlace(t, n, worker, ordered.Request, "worker", func(r harness.Request) bool { return r.Workers == 1 })

	type waits struct {
		Account, Role string
		EncryptionKey string `json:"encryption_key"`
	}
	var awaited struct{ Awaiting []waits }
	root.JSON(t, &awaited, "grantKey", ordered.Request)
	require.Equal(t, []waits{{worker.Address, "worker", encryptionKey}}, awaited.Awaiting)
	var granted struct{ Granted []string }
	root.JSON(t, &granted, "grantKey", ordered.Request, "--to", worker.Address, "--key", "c0ffee")
	require.Equal(t, []string{worker.Address}, granted.Granted)
	root.JSON(t, &awaited, "grantKey", ordered.Request)
	require.Empty(t, awaited.Awaiting)
	id, err := strconv.ParseUint(ordered.Request, 10, 64)
	require.NoError(t, err)
	return id
}

// awaitPlace accepts a request by hand, and waits until the chain has seen it.
func awaitPlace(t *testing.T, n *harness.Network, node *harness.Node, request, role string, taken func(harness.Request) bool) {
	t.Helper()
	id, err := strconv.ParseUint(request, 10, 64)
	require.NoError(t, err)
	node.Tx(t, "jobs", "accept-job", request, role)
	n.AwaitRequest(t, id, "has its "+role, harness.Patience, taken)
}
