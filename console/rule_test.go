package console_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

const createValidator = "/cosmos.staking.v1beta1.MsgCreateValidator"

func TestSetRule(t *testing.T) {
	w := newWorld(t)
	key, err := w.keys.Key("alice")
	require.NoError(t, err)
	alice := key.Address().String()
	require.Equal(t, "Everybody may send "+createValidator+".\nGovernance may change that.\n", w.mustRun("setRule", "CreateValidator"))
	require.Empty(t, w.chain.sent, "showing sends nothing")

	sent := func() permissionstypes.Rule {
		require.Len(t, w.chain.sent, 1)
		msg := w.chain.sent[0].(*permissionstypes.MsgSetRule)
		require.Equal(t, alice, msg.Authority)
		w.chain.sent = nil
		return msg.Rule
	}
	require.Contains(t, w.mustRun("setRule", createValidator, "nobody"), "is set: nobody")
	require.Equal(t, permissionstypes.Rule{TypeUrl: createValidator, Access: permissionstypes.ACCESS_NOBODY}, sent())
	require.Contains(t, w.mustRun("setRule", "CreateValidator"), "Nobody may send")

	first, second, third := address("first"), address("second"), address("third")
	w.mustRun("setRule", "CreateValidator", "listed", "--accounts", first+","+second)
	require.Equal(t, []string{first, second}, sent().Accounts)
	w.mustRun("setRule", "CreateValidator", "listed", "--add", third, "--add", first, "--remove", second)
	require.Equal(t, []string{first, third}, sent().Accounts, "the list as it is, and one that is on it stays once")
	shown := w.mustRun("setRule", "CreateValidator")
	require.Contains(t, shown, "Of all accounts 2 may send")
	require.Contains(t, shown, "\n  "+third+"\n")

	w.chain.rule.Authority = alice
	require.Contains(t, w.mustRun("setRule", "CreateValidator"), alice+" and governance may change that.")
	w.mustRun("setRule", "CreateValidator", "everybody")
	rule := sent()
	require.Equal(t, permissionstypes.ACCESS_EVERYBODY, rule.Access)
	require.Empty(t, rule.Accounts, "everybody needs no list")
	require.Equal(t, alice, rule.Authority, "it stays who it was")

	var shownJSON struct {
		Message   string   `json:"type_url"`
		Access    string   `json:"access"`
		Accounts  []string `json:"accounts"`
		Authority string   `json:"authority"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("setRule", "CreateValidator", "--output", "json")), &shownJSON))
	require.Equal(t, "everybody", shownJSON.Access)
	require.Equal(t, createValidator, shownJSON.Message)
	require.NotNil(t, shownJSON.Accounts)
}

func TestARuleIsProposed(t *testing.T) {
	w := newWorld(t)
	key, err := w.keys.Key("alice")
	require.NoError(t, err)
	alice := key.Address().String()
	w.chain.wallets[alice] = math.NewInt(2_000_000_000)
	out := w.mustRun("setRule", "RegisterJob", "listed", "--accounts", alice, "--authority", alice, "--propose", "--deposit", "1500")
	require.Contains(t, out, "Proposal 3: Who may send /ain.jobs.v1.MsgRegisterJob: listed.\nVote with: aind tx gov vote 3 yes")

	submit := w.chain.sent[0].(*govv1.MsgSubmitProposal)
	require.Equal(t, alice, submit.Proposer)
	require.Equal(t, int64(1_500_000_000), submit.InitialDeposit[0].Amount.Int64())
	msgs, err := submit.GetMsgs()
	require.NoError(t, err)
	set := msgs[0].(*permissionstypes.MsgSetRule)
	require.Equal(t, authtypes.NewModuleAddress("gov").String(), set.Authority, "governance sets it, if the vote passes")
	require.Equal(t, permissionstypes.Rule{
		TypeUrl: "/ain.jobs.v1.MsgRegisterJob", Access: permissionstypes.ACCESS_LISTED, Accounts: []string{alice}, Authority: alice,
	}, set.Rule)

	w.chain.rule = set.Rule
	w.mustRun("setRule", "RegisterJob", "nobody", "--authority", "none", "--propose")
	msgs, err = w.chain.sent[1].(*govv1.MsgSubmitProposal).GetMsgs()
	require.NoError(t, err)
	require.Empty(t, msgs[0].(*permissionstypes.MsgSetRule).Rule.Authority)
}

func TestSetRuleRefused(t *testing.T) {
	alice := address("alice")
	for _, tt := range []struct{ args, says string }{
		{"SubmitResult nobody", "/ain.jobs.v1.MsgSubmitResult finishes what was begun"},
		{"SubmitResult", "/ain.jobs.v1.MsgSubmitResult finishes what was begun"},
		{"Vote nobody", "governs the chain"},
		{"Dance nobody", `message: "Dance"`},
		{"CreateValidator all", `access: "all" is neither`},
		{"CreateValidator listed", "rule.accounts: empty"},
		{"CreateValidator nobody --add " + alice, "access: nobody has no list"},
		{"CreateValidator --add " + alice, "say everybody, listed or nobody"},
		{"CreateValidator listed --remove " + alice, "remove: " + alice + " is not on the list"},
		{"CreateValidator listed --add bob", `rule.accounts "bob"`},
		{"CreateValidator nobody --authority bob --propose", `rule.authority "bob"`},
		{"CreateValidator nobody --propose --deposit much", "deposit"},
		{"CreateValidator nobody --propose --deposit 99999999", "deposit"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.run(append([]string{"setRule"}, strings.Fields(tt.args)...)...)
			requireBadInput(t, w, err, tt.says)
		})
	}
}
