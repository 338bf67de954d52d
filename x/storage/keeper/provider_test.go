package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/storage/types"
)

func TestProviderOffersStorage(t *testing.T) {
	f := newFixture(t)
	f.owners[of("hot")] = address("provider")
	m := offer(price)
	m.Signer = of("hot")
	f.must(m)
	want := types.Provider{Owner: of("provider"), Endpoint: "https://store.example.org", Price: price, CapacityBytes: 100 * gib}
	got, err := f.query.Provider(f.ctx, &types.QueryProviderRequest{Provider: of("provider")})
	require.NoError(t, err)
	require.Equal(t, want, got.Provider)
	f.must(&types.MsgRegisterProvider{Signer: of("another"), Endpoint: "http://localhost:9000"})
	list, err := f.query.Providers(f.ctx, &types.QueryProvidersRequest{Pagination: &query.PageRequest{Limit: 1, Offset: 1}})
	require.NoError(t, err)
	require.Equal(t, []types.Provider{want}, list.Providers)
	_, err = f.query.Provider(f.ctx, &types.QueryProviderRequest{Provider: of("nobody")})
	require.EqualError(t, err, "rpc error: code = NotFound desc = provider: "+of("nobody")+"; list the providers there are: unknown provider")
}

func TestCapacityIsNotLessThanWhatIsReserved(t *testing.T) {
	f := opened(t)
	m := offer(price)
	m.CapacityBytes = 10*gib - 1
	f.refused(m, "capacity_bytes: 10737418239; 10737418240 are reserved already, so give at least that: capacity")
	m.CapacityBytes++
	f.must(m)
	f.refused(reservation("alice"), "size_bytes: 10737418240; provider "+of("provider")+" has 0 left: capacity")
	m.CapacityBytes = 1<<60 + 1
	f.refused(m, "capacity_bytes: 1152921504606846977 of at most 1152921504606846976: limit")
}

func TestClosedProviderKeepsWhatItHas(t *testing.T) {
	f := opened(t)
	m := offer(price)
	m.Closed = true
	f.must(m)
	f.refused(reservation("alice"), "provider "+of("provider")+" takes no reservations and no extensions; choose another: provider is closed")
	f.wait(day)
	require.EqualValues(t, 24_000, f.wallet("provider"))
}

func TestParamsAreTheAuthoritys(t *testing.T) {
	f := newFixture(t)
	params := types.DefaultParams()
	f.refused(&types.MsgUpdateParams{Authority: of("alice"), Params: params}, "authority: "+of("alice")+"; only "+authority()+" changes params: wrong signer")
	params.MaxKeepMs = 5
	f.must(&types.MsgUpdateParams{Authority: authority(), Params: params})
	got, err := f.query.Params(f.ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, params, got.Params)
	params.SweepSpaces = 0
	f.refused(&types.MsgUpdateParams{Authority: authority(), Params: params}, "sweep_spaces: 0 is not between 1 and 10000: invalid params")
}

func TestSpacesAreListedByOwnerAndByProvider(t *testing.T) {
	f := opened(t)
	f.fund("bob", ain, 0)
	f.must(reservation("bob"))
	f.must(reservation("alice"))
	ids := func(q *types.QuerySpacesRequest) (found []uint64) {
		answer, err := f.query.Spaces(f.ctx, q)
		require.NoError(t, err)
		for _, s := range answer.Spaces {
			found = append(found, s.Id)
		}
		return found
	}
	require.Equal(t, []uint64{1, 2, 3}, ids(&types.QuerySpacesRequest{}))
	require.Equal(t, []uint64{1, 3}, ids(&types.QuerySpacesRequest{Owner: of("alice")}))
	require.Equal(t, []uint64{2, 3}, ids(&types.QuerySpacesRequest{Provider: of("provider"), Pagination: &query.PageRequest{Offset: 1, Limit: 2}}))
	require.Empty(t, ids(&types.QuerySpacesRequest{Provider: of("alice")}))
	_, err := f.query.Spaces(f.ctx, &types.QuerySpacesRequest{Owner: of("alice"), Provider: of("provider")})
	require.EqualError(t, err, "rpc error: code = InvalidArgument desc = owner and provider are both given; leave one out: invalid")
}
