package console_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/console"
	"github.com/ain-network/aind/program"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// requireBadInput wants an error about the input, before anything was sent.
func requireBadInput(t *testing.T, w *world, err error, says ...string) {
	t.Helper()
	require.Error(t, err)
	var bad interface{ BadInput() }
	require.ErrorAs(t, err, &bad, err.Error())
	for _, text := range says {
		require.ErrorContains(t, err, text)
	}
	require.Empty(t, w.chain.sent, "nothing was sent")
}

const order = "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}"

func TestMoney(t *testing.T) {
	w := newWorld(t)
	alice := w.keys["alice"].Address()
	require.Contains(t, w.mustRun("send", address("bob"), "2.5"), "Sent 2.5 AIN to "+address("bob"))
	require.Equal(t, "2500000uain", w.chain.sent[0].(*banktypes.MsgSend).Amount.String())

	require.Contains(t, w.mustRun("stake", "50"), "stake 50 AIN")
	require.Equal(t, math.NewInt(50_000_000), w.chain.sent[1].(*escrowtypes.MsgSetStake).Amount)
	require.Contains(t, w.mustRun("stake", "--output", "json"), `"stake_uain": "50000000"`)

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"an address of nobody":                    {[]string{"send", "bob", "1"}, "neither an address"},
		"an amount of nothing":                    {[]string{"send", alice.String(), "0"}, "nothing to send"},
		"an amount above the wallet":              {[]string{"send", alice.String(), "1001"}, "holds 1000"},
		"an amount that is no money":              {[]string{"send", alice.String(), "many"}, "amount"},
		"a stake above wallet and stake together": {[]string{"stake", "2000"}, "holds 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			w.chain.sent = nil
			_, err := w.run(c.args...)
			requireBadInput(t, w, err, c.says)
		})
	}
}

func TestStatsSaysWhatThisMachineIsPulling(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.NoError(t, os.MkdirAll(filepath.Join(w.home, "docker"), 0o700))
	content := fmt.Sprintf(`{"sha256:a": {"program": "sha256:a", "from": "example.org/a@sha256:b", "bytes": 512, "total": 2048, "At": %q}}`,
		time.Now().Format(time.RFC3339Nano))
	require.NoError(t, os.WriteFile(filepath.Join(w.home, "docker", "pulls.json"), []byte(content), 0o600))
	require.Equal(t, "3 evaluators, 100 workers running.\nThis machine is pulling example.org/a@sha256:b: 512 bytes of 2048, 25%.\n", w.mustRun("stats", "0x1"))
	require.Contains(t, w.mustRun("stats", "0x1", "--output", "json"), `"total": "2048"`)
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order)
	require.Equal(t, "3 evaluators, 100 workers running.\n", w.mustRun("stats", "0x1"))
	require.Contains(t, w.mustRun("stats", "0x1", "--output", "json"), `"running_workers": 100`)
	require.Contains(t, w.mustRun("jobs"), "calculate-root")
	require.Contains(t, w.mustRun("jobs", "0x1"), "Request is {y: float}")
	require.Contains(t, w.mustRun("nodes", "0x1"), "worker")
	require.Contains(t, w.mustRun("requests"), "settled")
	shown := w.mustRun("requests", "1")
	require.Contains(t, shown, "place 1, X: 2")
	require.Contains(t, shown, "0.2 AIN to validators and delegators")

	_, err := w.run("acceptResult", "7")
	require.ErrorContains(t, err, "no request 7")
	require.Contains(t, w.mustRun("cancelRequest", "1"), "Cancelled request 1.")
	_, err = w.run("requests", "7")
	require.ErrorContains(t, err, "no request 7")
	_, err = w.run("requests", "--state", "asleep")
	require.ErrorContains(t, err, "state")
}

func TestNodes(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Contains(t, w.mustRun("approveNode"), "5")
	require.Equal(t, "Approved 5.\n", w.mustRun("approveNode", "5"))
	w.mustRun("approveNode", "6", "--reject", "too slow")
	require.Equal(t, "too slow", w.chain.sent[2].(*reputationtypes.MsgRejectApplication).Reason)

	w.qualify = func(_ context.Context, q console.Question) (console.Answer, error) {
		return console.Answer{
			Capability:     program.Capability{MemoryBytes: 1 << 20},
			Qualifications: []reputationtypes.Qualification{{Role: q.Roles[0], Digest: jobstypes.Digest(q.Nonce)}},
		}, nil
	}
	require.Contains(t, w.mustRun("applyJob", "0x1"), "Applied to job 0x1 as worker: application 5")
	applied := w.chain.sent[3].(*reputationtypes.MsgApplyJob)
	require.Len(t, applied.Nonce, 32)

	w.qualify = func(context.Context, console.Question) (console.Answer, error) { return console.Answer{}, nil }
	_, err := w.run("applyJob", "0x1")
	require.ErrorContains(t, err, "memory: 0 bytes of 1048576")
	w.mustRun("applyJob", "0x1", "--role", "admin")
	require.Empty(t, w.chain.sent[4].(*reputationtypes.MsgApplyJob).Qualifications, "an admin is not tested")
	_, err = w.run("applyJob", "0x1", "--role", "king")
	require.ErrorContains(t, err, "role")
}

func TestAssignAddress(t *testing.T) {
	w := newWorld(t)
	require.Contains(t, w.mustRun("assignAddress", "bob"), "Address of bob is ain1")
	_, err := w.run("assignAddress", "bob")
	requireBadInput(t, w, err, "exists already")
	_, err = w.run("stake")
	requireBadInput(t, w, err, "--from")
}

func TestSetOperator(t *testing.T) {
	w := newWorld(t)
	alice, err := w.keys.Key("alice")
	require.NoError(t, err)
	hot, _, err := w.keys.Create("hot")
	require.NoError(t, err)
	owner, operator := alice.Address().String(), hot.Address().String()

	consent := strings.TrimSpace(w.mustRun("setOperator", "--consent-for", owner, "--from", "hot"))
	require.Empty(t, w.chain.sent, "a consent is a signature and no message")
	require.Equal(t, operator+" signs for "+owner+".\n", w.mustRun("setOperator", consent, "--from", "alice"))
	sent := w.chain.sent[0].(*reputationtypes.MsgSetOperator)
	require.NoError(t, reputationtypes.VerifyOperatorConsent(w.chain.ChainID(), alice.Address(), hot.Address(), sent.OperatorPublicKey, sent.OperatorSignature))
	require.Equal(t, []string{operator}, w.chain.opened, "without an account it could sign nothing")
	require.Equal(t, owner+" has no operator.\n", w.mustRun("setOperator", "none", "--from", "alice"))
	require.Empty(t, w.chain.sent[1].(*reputationtypes.MsgSetOperator).Operator)

	w.chain.sent = nil
	for _, args := range [][]string{
		{"setOperator", consent, "--from", "hot"}, // meant for another owner
		{"setOperator", "nonsense", "--from", "alice"},
		{"setOperator", "--from", "alice"},
		{"setOperator", consent, "--consent-for", owner, "--from", "alice"},
	} {
		_, err := w.run(args...)
		requireBadInput(t, w, err, "consent")
	}
}

func TestInvite(t *testing.T) {
	w := newWorld(t)
	w.register()
	word := strings.TrimSpace(w.mustRun("invite", "0x1", "--endpoint", "https://node.example.org", "--store-url", "s3+https://a:b@c/d"))
	invite, err := client.DecodeInvite(word)
	require.NoError(t, err)
	require.Equal(t, "0x1", invite.JobID)
	require.Equal(t, []string{"https://node.example.org"}, invite.Endpoints)

	w.mustRun("invite", "0x1")
	require.Contains(t, w.err.String(), "from this machine only")
	require.Contains(t, w.err.String(), "keep it secret: it holds the store's credentials")
	w.chain.sent = nil
	_, err = w.run("invite", "0x1", "--valid-for", "-1h")
	requireBadInput(t, w, err, "valid-for")
}

// Where the inviter's store is a space, the newcomer's is the one that the job's nodes write into: an invite holds no secret of a store.
func TestInviteIntoASpace(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.offers("provider", 1, 1<<40)
	w.mustRun("storage", "reserve", "1GiB", "--read", "participants")
	w.chain.sent = nil
	_, err := w.run("invite", "0x1", "--store", "ain://1")
	requireBadInput(t, w, err, "store: newcomers have no space, and may not write into ain://1: reserve one for them "+
		"(aind storage reserve 10GiB --read participants --write job:0x1), it is found by itself")
	w.mustRun("storage", "reserve", "1GiB", "--read", "participants", "--write", "job:0x2") // another job's
	w.mustRun("storage", "reserve", "1GiB", "--write", "job:0x1")                           // which nobody reads
	w.mustRun("storage", "reserve", "1GiB", "--for", "2h", "--read", "participants", "--write", "job:0x1")
	w.mustRun("storage", "reserve", "1GiB", "--for", "3h", "--read", "participants", "--write", "job:0x1")
	word := strings.TrimSpace(w.mustRun("invite", "0x1", "--store", "ain://1"))
	invite, err := client.DecodeInvite(word)
	require.NoError(t, err)
	require.Equal(t, "ain://5", invite.Store, "that which is there for the longest")
	require.Contains(t, w.err.String(), "keep it secret: it opens an account")

	w.chain.sent = nil
	_, err = w.run("invite", "0x1", "--store-url", "ain://2")
	requireBadInput(t, w, err, "store-url: nodes of job 0x1 may not write into space 2, or participants not read it "+
		"(aind storage grants 2 --read participants --write job:0x1)")
	_, err = w.run("invite", "0x1", "--store-url", "ain://9")
	requireBadInput(t, w, err, "space: there is no space 9, or no longer")
	invite, err = client.DecodeInvite(strings.TrimSpace(w.mustRun("invite", "0x1", "--store-url", "ain://4")))
	require.NoError(t, err)
	require.Equal(t, "ain://4", invite.Store)
}

func TestEveryVerbHasHelpWithAnExample(t *testing.T) {
	w := newWorld(t)
	for _, verb := range append(console.Verbs(w.environment()), console.NewConsole(w.environment())) {
		require.NotEmpty(t, verb.Short, verb.Name())
		require.Contains(t, verb.Example, "aind "+verb.Name(), verb.Name())
	}
}
