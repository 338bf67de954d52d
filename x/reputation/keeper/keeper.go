// Package keeper keeps trees of nodes, the applications to them, and scores.
//
// Invariants: every node but a root has a parent in the same tree, and its chain
// of parents ends at the root; an account is owner, operator or neither, never
// both; an applicant has at most one undecided application for a job; an
// account's total is the sum of its scores.
//
// Trusted: the module that reports outcomes and plants trees through the Go
// methods. What a node says of its own capability is its word and nothing more.
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/indexes"
	"cosmossdk.io/core/store"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// Keeper is the only writer of reputation's state.
type Keeper struct {
	authority string

	params            collections.Item[types.Params]
	trees             collections.Map[uint64, types.Tree]
	nodes             *collections.IndexedMap[nodeKey, types.Node, nodeIndexes]
	profiles          *collections.IndexedMap[sdk.AccAddress, types.Profile, profileIndexes]
	applications      *collections.IndexedMap[uint64, types.Application, applicationIndexes]
	nextApplicationID collections.Sequence
	scores            collections.Map[nodeKey, types.Score]
	lastSeen          collections.Map[sdk.AccAddress, int64]
	approvals         collections.Map[sdk.AccAddress, types.Approvals]
	pending           collections.Map[sdk.AccAddress, uint32]
}

// nodeKey is a job and an owner.
type nodeKey = collections.Pair[uint64, sdk.AccAddress]

type nodeIndexes struct {
	// Owner: the jobs in which an account is a node.
	Owner *indexes.ReversePair[uint64, sdk.AccAddress, types.Node]
}

func (i nodeIndexes) IndexesList() []collections.Index[nodeKey, types.Node] {
	return []collections.Index[nodeKey, types.Node]{i.Owner}
}

type profileIndexes struct {
	// Operator: the owner that an operator serves.
	Operator operatorIndex
}

func (i profileIndexes) IndexesList() []collections.Index[sdk.AccAddress, types.Profile] {
	return []collections.Index[sdk.AccAddress, types.Profile]{i.Operator}
}

type applicationIndexes struct {
	Admin     *indexes.Multi[sdk.AccAddress, uint64, types.Application]
	Applicant *indexes.Unique[nodeKey, uint64, types.Application]
	Expiry    *indexes.Multi[int64, uint64, types.Application]
}

func (i applicationIndexes) IndexesList() []collections.Index[uint64, types.Application] {
	return []collections.Index[uint64, types.Application]{i.Admin, i.Applicant, i.Expiry}
}

// NewKeeper returns the keeper of trees and scores. The authority, a bech32
// address, is the only one that may change params.
func NewKeeper(cdc codec.BinaryCodec, storeService store.KVStoreService, authority string) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	nodeCodec := collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey)
	k := &Keeper{
		authority: authority,
		params:    collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		trees:     collections.NewMap(sb, types.TreesPrefix, "trees", collections.Uint64Key, codec.CollValue[types.Tree](cdc)),
		nodes: collections.NewIndexedMap(sb, types.NodesPrefix, "nodes", nodeCodec, codec.CollValue[types.Node](cdc), nodeIndexes{
			Owner: indexes.NewReversePair[types.Node](sb, types.NodesByOwnerPrefix, "nodes_by_owner", nodeCodec),
		}),
		profiles: collections.NewIndexedMap(sb, types.ProfilesPrefix, "profiles", sdk.AccAddressKey, codec.CollValue[types.Profile](cdc), profileIndexes{
			Operator: newOperatorIndex(sb),
		}),
		applications: collections.NewIndexedMap(sb, types.ApplicationsPrefix, "applications", collections.Uint64Key,
			codec.CollValue[types.Application](cdc), newApplicationIndexes(sb)),
		nextApplicationID: collections.NewSequence(sb, types.NextApplicationIDPrefix, "next_application_id"),
		scores:            collections.NewMap(sb, types.ScoresPrefix, "scores", nodeCodec, codec.CollValue[types.Score](cdc)),
		lastSeen:          collections.NewMap(sb, types.LastSeenPrefix, "last_seen", sdk.AccAddressKey, collections.Int64Value),
		approvals:         collections.NewMap(sb, types.ApprovalsPrefix, "approvals", sdk.AccAddressKey, codec.CollValue[types.Approvals](cdc)),
		pending:           collections.NewMap(sb, types.PendingPrefix, "pending", sdk.AccAddressKey, collections.Uint32Value),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

func newApplicationIndexes(sb *collections.SchemaBuilder) applicationIndexes {
	return applicationIndexes{
		Admin: indexes.NewMulti(sb, types.ApplicationsByAdminPrefix, "applications_by_admin", sdk.AccAddressKey, collections.Uint64Key,
			func(_ uint64, a types.Application) (sdk.AccAddress, error) {
				return types.ParseAddress("admin", a.Admin)
			}),
		Applicant: indexes.NewUnique(sb, types.ApplicationsByApplicantPrefix, "applications_by_applicant",
			collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey), collections.Uint64Key,
			func(_ uint64, a types.Application) (nodeKey, error) {
				applicant, err := types.ParseAddress("applicant", a.Applicant)
				return collections.Join(a.JobId, applicant), err
			}),
		Expiry: indexes.NewMulti(sb, types.ApplicationsByExpiryPrefix, "applications_by_expiry", collections.Int64Key, collections.Uint64Key,
			func(_ uint64, a types.Application) (int64, error) { return a.ExpiresMs, nil }),
	}
}

// Params returns the module's settings.
func (k *Keeper) Params(ctx context.Context) (types.Params, error) {
	return k.params.Get(ctx)
}

func nowMs(ctx context.Context) int64 {
	return sdk.UnwrapSDKContext(ctx).BlockTime().UnixMilli()
}

func chainID(ctx context.Context) string {
	return sdk.UnwrapSDKContext(ctx).ChainID()
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
