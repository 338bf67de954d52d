package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/permissions/types"
)

func TestQueryRule(t *testing.T) {
	f := newFixture(t)
	f.mustSet(f.gov, listed(registerJob, "alice"))
	for _, tt := range []struct {
		asked string
		want  types.QueryRuleResponse
	}{
		{registerJob, types.QueryRuleResponse{Rule: listed(registerJob, "alice"), Stoppable: true}},
		{registerJob[1:], types.QueryRuleResponse{Rule: listed(registerJob, "alice"), Stoppable: true}},
		{requestJob, types.QueryRuleResponse{Rule: types.Everybody(requestJob), Stoppable: true}},
		{submitResult, types.QueryRuleResponse{Rule: types.Everybody(submitResult)}},
	} {
		answer, err := f.query.Rule(f.ctx, &types.QueryRuleRequest{TypeUrl: tt.asked})
		require.NoError(t, err)
		require.Equal(t, tt.want, *answer)
	}
	for _, unknown := range []string{"", "/", "MsgRegisterJob", "//ain.jobs.v1.MsgRegisterJob"} {
		_, err := f.query.Rule(f.ctx, &types.QueryRuleRequest{TypeUrl: unknown})
		require.Equal(t, codes.NotFound, status.Code(err), unknown)
		require.ErrorContains(t, err, "unknown message")
	}
}

func TestQueryRules(t *testing.T) {
	f := newFixture(t)
	want := []types.Rule{listed(registerJob, "alice"), with(types.Everybody(requestJob), account("keeper")), nobody(createValidator)}
	for _, rule := range want {
		f.mustSet(f.gov, rule)
	}
	var got []types.Rule
	page := &query.PageRequest{Limit: 1}
	for range want {
		answer, err := f.query.Rules(f.ctx, &types.QueryRulesRequest{Pagination: page})
		require.NoError(t, err)
		require.Len(t, answer.Rules, 1)
		got = append(got, answer.Rules[0])
		page.Key = answer.Pagination.NextKey
	}
	require.Equal(t, want, got)
	require.Empty(t, page.Key, "there is no further page")

	all, err := f.query.Rules(f.ctx, &types.QueryRulesRequest{Pagination: &query.PageRequest{Limit: 1 << 60}})
	require.NoError(t, err)
	require.Equal(t, want, all.Rules)
	_, err = f.query.Rules(f.ctx, &types.QueryRulesRequest{Pagination: &query.PageRequest{Key: []byte("x"), Offset: 1}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestQueryAllowed(t *testing.T) {
	f := newFixture(t)
	f.operators[account("operator").String()] = account("alice")
	f.mustSet(f.gov, listed(registerJob, "alice"))
	for _, tt := range []struct {
		who, typeURL string
		allowed      bool
	}{
		{"alice", registerJob, true},
		{"alice", registerJob[1:], true},
		{"operator", registerJob, true},
		{"bob", registerJob, false},
		{"bob", requestJob, true},
		{"bob", submitResult, true},
	} {
		answer, err := f.query.Allowed(f.ctx, &types.QueryAllowedRequest{Account: account(tt.who).String(), TypeUrl: tt.typeURL})
		require.NoError(t, err)
		require.Equal(t, tt.allowed, answer.Allowed, "%s %s", tt.who, tt.typeURL)
		require.Equal(t, tt.allowed, answer.Reason == "")
		if !tt.allowed {
			require.Contains(t, answer.Reason, account(tt.who).String()+" is not listed")
		}
	}
	_, err := f.query.Allowed(f.ctx, &types.QueryAllowedRequest{Account: "bob", TypeUrl: registerJob})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = f.query.Allowed(f.ctx, &types.QueryAllowedRequest{Account: account("bob").String(), TypeUrl: "dance"})
	require.Equal(t, codes.NotFound, status.Code(err))
}
