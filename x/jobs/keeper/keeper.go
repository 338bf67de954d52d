// Package keeper keeps jobs, releases and requests, and drives escrow and
// reputation through narrow interfaces.
//
// Invariants: every coin that is at stake in a request lies in the request's one
// hold, and the hold is empty and gone when the request is finished; a request's
// end is one row of the protocol's payout table; nobody has two places in one
// request; what an admin or a vote changes later touches no request that exists.
//
// Trusted: the two keepers below, and the module's own state. Nothing that a
// message says is.
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// Keys of the collections.
type (
	termsKey      = collections.Pair[uint64, uint64]                 // job, version
	releaseKey    = collections.Triple[uint64, int32, uint64]        // job, role, release
	assignmentKey = collections.Pair[uint64, sdk.AccAddress]         // request, worker or who was granted a key
	deadlineKey   = collections.Pair[int64, uint64]                  // ms, request
	openingKey    = collections.Triple[uint64, int32, uint64]        // job, role, request
	placeKey      = collections.Triple[sdk.AccAddress, bool, uint64] // node, finished, request
	byJobKey      = collections.Pair[uint64, uint64]                 // job, request
	namedKey      = collections.Triple[uint64, string, uint64]       // space, digest, request
	byAccountKey  = collections.Pair[sdk.AccAddress, uint64]         // root or client, job or request
)

// Keeper is the only writer of the module's state.
//
// The look-ups are key sets of our own and not an IndexedMap, which would rewrite
// every index at every change of a request; ours are written only where they change.
type Keeper struct {
	escrow     types.EscrowKeeper
	reputation types.ReputationKeeper
	bank       types.BankKeeper
	rights     types.PermissionsKeeper
	storage    types.StorageKeeper
	authority  string
	schemas    *schemaCache

	params        collections.Map[uint64, types.Params]
	paramsVersion collections.Item[uint64]
	clock         collections.Item[types.Clock]
	nextJob       collections.Sequence
	nextRelease   collections.Sequence
	nextRequest   collections.Sequence

	jobs          collections.Map[uint64, types.Job]
	jobsByRoot    collections.KeySet[byAccountKey]
	schemaFiles   collections.Map[string, []byte]
	terms         collections.Map[termsKey, types.TermsSpec]
	releases      collections.Map[uint64, types.Release]
	releasesByJob collections.KeySet[releaseKey]
	revocations   collections.Map[uint64, uint64] // release to the next request to look at
	builders      collections.Map[sdk.AccAddress, types.Builder]

	requests         collections.Map[uint64, types.Request]
	grants           collections.Map[assignmentKey, types.Grant]
	assignments      collections.Map[assignmentKey, types.Assignment]
	checkpoints      collections.Map[assignmentKey, types.Checkpoints]
	drawings         collections.KeySet[uint64] // requests whose segments the next block draws
	deadlines        collections.KeySet[deadlineKey]
	openings         collections.KeySet[openingKey]
	requestsByJob    collections.KeySet[byJobKey]
	requestsByClient collections.KeySet[byAccountKey]
	places           collections.KeySet[placeKey]
	removals         collections.KeySet[deadlineKey]
	named            collections.KeySet[namedKey]
}

// NewKeeper returns the keeper of jobs. The authority, a bech32 address, is the
// only one that may change params.
func NewKeeper(
	cdc codec.BinaryCodec,
	storeService store.KVStoreService,
	escrow types.EscrowKeeper,
	reputation types.ReputationKeeper,
	bank types.BankKeeper,
	rights types.PermissionsKeeper,
	authority string,
) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	var (
		number  = collections.Uint64Key
		account = sdk.AccAddressKey
	)
	k := &Keeper{
		escrow: escrow, reputation: reputation, bank: bank, rights: rights, authority: authority, schemas: newSchemaCache(),

		params:        collections.NewMap(sb, types.ParamsPrefix, "params", number, codec.CollValue[types.Params](cdc)),
		paramsVersion: collections.NewItem(sb, types.ParamsVersionPrefix, "params_version", collections.Uint64Value),
		clock:         collections.NewItem(sb, types.ClockPrefix, "clock", codec.CollValue[types.Clock](cdc)),
		nextJob:       collections.NewSequence(sb, types.NextJobPrefix, "next_job"),
		nextRelease:   collections.NewSequence(sb, types.NextReleasePrefix, "next_release"),
		nextRequest:   collections.NewSequence(sb, types.NextRequestPrefix, "next_request"),

		jobs:        collections.NewMap(sb, types.JobsPrefix, "jobs", number, codec.CollValue[types.Job](cdc)),
		jobsByRoot:  collections.NewKeySet(sb, types.JobsByRootPrefix, "jobs_by_root", collections.PairKeyCodec(account, number)),
		schemaFiles: collections.NewMap(sb, types.SchemasPrefix, "schemas", collections.StringKey, collections.BytesValue),
		terms: collections.NewMap(sb, types.TermsPrefix, "terms",
			collections.PairKeyCodec(number, number), codec.CollValue[types.TermsSpec](cdc)),
		releases: collections.NewMap(sb, types.ReleasesPrefix, "releases", number, codec.CollValue[types.Release](cdc)),
		releasesByJob: collections.NewKeySet(sb, types.ReleasesByJobPrefix, "releases_by_job",
			collections.TripleKeyCodec(number, collections.Int32Key, number)),

		revocations: collections.NewMap(sb, types.RevocationsPrefix, "revocations", number, collections.Uint64Value),

		builders: collections.NewMap(sb, types.BuildersPrefix, "builders", account, codec.CollValue[types.Builder](cdc)),

		requests: collections.NewMap(sb, types.RequestsPrefix, "requests", number, codec.CollValue[types.Request](cdc)),
		assignments: collections.NewMap(sb, types.AssignmentsPrefix, "assignments",
			collections.PairKeyCodec(number, account), codec.CollValue[types.Assignment](cdc)),
		deadlines: collections.NewKeySet(sb, types.DeadlinesPrefix, "deadlines", collections.PairKeyCodec(collections.Int64Key, number)),
		openings: collections.NewKeySet(sb, types.OpeningsPrefix, "openings",
			collections.TripleKeyCodec(number, collections.Int32Key, number)),
		requestsByJob: collections.NewKeySet(sb, types.RequestsByJobPrefix, "requests_by_job", collections.PairKeyCodec(number, number)),
		requestsByClient: collections.NewKeySet(sb, types.RequestsByClientPrefix, "requests_by_client",
			collections.PairKeyCodec(account, number)),
		places: collections.NewKeySet(sb, types.PlacesPrefix, "places",
			collections.TripleKeyCodec(account, collections.BoolKey, number)),
		grants: collections.NewMap(sb, types.GrantsPrefix, "grants",
			collections.PairKeyCodec(number, account), codec.CollValue[types.Grant](cdc)),
		checkpoints: collections.NewMap(sb, types.CheckpointsPrefix, "checkpoints",
			collections.PairKeyCodec(number, account), codec.CollValue[types.Checkpoints](cdc)),
		drawings: collections.NewKeySet(sb, types.DrawingsPrefix, "drawings", number),
		removals: collections.NewKeySet(sb, types.RemovalsPrefix, "removals", collections.PairKeyCodec(collections.Int64Key, number)),
		named: collections.NewKeySet(sb, types.NamedPrefix, "named",
			collections.TripleKeyCodec(number, collections.StringKey, number)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// next takes an id from a sequence. Ids start at 1: 0 means none.
func next(ctx context.Context, sequence collections.Sequence) (uint64, error) {
	id, err := sequence.Next(ctx)
	if err != nil || id > 0 {
		return id, err
	}
	return sequence.Next(ctx)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
