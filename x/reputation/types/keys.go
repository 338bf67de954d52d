package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module. It has no account: it never holds coins.
	ModuleName = "reputation"
	// StoreKey names the module's store.
	StoreKey = ModuleName
)

// Prefixes of the store. A number is given once and never again.
var (
	// ParamsPrefix: Params.
	ParamsPrefix = collections.NewPrefix(0)
	// TreesPrefix: job -> Tree.
	TreesPrefix = collections.NewPrefix(1)
	// NodesPrefix: job, owner -> Node.
	NodesPrefix = collections.NewPrefix(2)
	// NodesByOwnerPrefix: owner, job.
	NodesByOwnerPrefix = collections.NewPrefix(3)
	// ProfilesPrefix: owner -> Profile.
	ProfilesPrefix = collections.NewPrefix(4)
	// OwnersByOperatorPrefix: operator -> owner.
	OwnersByOperatorPrefix = collections.NewPrefix(5)
	// ApplicationsPrefix: application id -> Application.
	ApplicationsPrefix = collections.NewPrefix(6)
	// ApplicationsByAdminPrefix: admin, application id.
	ApplicationsByAdminPrefix = collections.NewPrefix(7)
	// ApplicationsByApplicantPrefix: job, applicant -> application id.
	ApplicationsByApplicantPrefix = collections.NewPrefix(8)
	// ApplicationsByExpiryPrefix: block time in ms, application id.
	ApplicationsByExpiryPrefix = collections.NewPrefix(9)
	// NextApplicationIDPrefix: id of the next application.
	NextApplicationIDPrefix = collections.NewPrefix(10)
	// ScoresPrefix: job, owner -> Score; job 0 is the account's total.
	ScoresPrefix = collections.NewPrefix(11)
	// LastSeenPrefix: owner -> block time in ms.
	LastSeenPrefix = collections.NewPrefix(12)
	// ApprovalsPrefix: admin -> Approvals.
	ApprovalsPrefix = collections.NewPrefix(13)
	// PendingPrefix: admin -> number of undecided applications. Derived, not exported.
	PendingPrefix = collections.NewPrefix(14)
)

const (
	// FirstApplicationID is the id of a chain's first application.
	FirstApplicationID uint64 = 1
	// TotalJobID is the job of an account's score over all jobs.
	TotalJobID uint64 = 0
	// MaxDepth bounds how far below its root a node can be, and so every walk
	// from a node to its root.
	MaxDepth = 64
)
