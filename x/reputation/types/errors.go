package types

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved by the SDK.
var (
	// ErrInvalidAddress: a field does not hold an address of this chain.
	ErrInvalidAddress = errors.Register(ModuleName, 2, "invalid address")
	// ErrUnknownJob: no tree was planted for the job.
	ErrUnknownJob = errors.Register(ModuleName, 3, "unknown job")
	// ErrTreeExists: the job has a tree already.
	ErrTreeExists = errors.Register(ModuleName, 4, "tree exists")
	// ErrNotNode: the account holds no role in the job's tree.
	ErrNotNode = errors.Register(ModuleName, 5, "not a node")
	// ErrNodeNotActive: the node was dropped or has left.
	ErrNodeNotActive = errors.Register(ModuleName, 6, "node is not active")
	// ErrMissingRole: the node does not hold the role that is needed.
	ErrMissingRole = errors.Register(ModuleName, 7, "missing role")
	// ErrCapability: the node's capability does not cover the requirement.
	ErrCapability = errors.Register(ModuleName, 8, "capability does not cover the requirement")
	// ErrInvalidRoles: a set of roles is empty, repeats itself, or names no role.
	ErrInvalidRoles = errors.Register(ModuleName, 9, "invalid roles")
	// ErrInvalidCapability: a stated capability is malformed or over a limit.
	ErrInvalidCapability = errors.Register(ModuleName, 10, "invalid capability")
	// ErrInvalidEncryptionKey: not an age X25519 recipient.
	ErrInvalidEncryptionKey = errors.Register(ModuleName, 11, "invalid encryption key")
	// ErrInvalidQualification: nonce or qualifications do not fit the roles asked.
	ErrInvalidQualification = errors.Register(ModuleName, 12, "invalid qualification")
	// ErrNotAdmin: the account may not decide in that tree.
	ErrNotAdmin = errors.Register(ModuleName, 13, "not an admin of the job")
	// ErrUnknownApplication: no undecided application has that id.
	ErrUnknownApplication = errors.Register(ModuleName, 14, "unknown application")
	// ErrAlreadyApplied: the applicant has an undecided application for the job.
	ErrAlreadyApplied = errors.Register(ModuleName, 15, "already applied")
	// ErrRoleHeld: the applicant holds a role that it asks for.
	ErrRoleHeld = errors.Register(ModuleName, 16, "role is held already")
	// ErrTooManyApplications: too many undecided applications for one admin.
	ErrTooManyApplications = errors.Register(ModuleName, 17, "too many applications")
	// ErrApplicationExpired: nobody decided in time.
	ErrApplicationExpired = errors.Register(ModuleName, 18, "application has expired")
	// ErrWrongSigner: the signer acts for another account than the message needs.
	ErrWrongSigner = errors.Register(ModuleName, 19, "wrong signer")
	// ErrApprovalLimit: the admin approved as many nodes as one window allows.
	ErrApprovalLimit = errors.Register(ModuleName, 20, "approval limit reached")
	// ErrInvalidOperator: the account cannot be, or cannot have, that operator.
	ErrInvalidOperator = errors.Register(ModuleName, 21, "invalid operator")
	// ErrConsent: the operator's signature does not prove its consent.
	ErrConsent = errors.Register(ModuleName, 22, "operator has not consented")
	// ErrNotEnabled: the field belongs to a part of the protocol that this version does not offer.
	ErrNotEnabled = errors.Register(ModuleName, 23, "not enabled in this version")
	// ErrInvalidParams: a param is out of its bounds.
	ErrInvalidParams = errors.Register(ModuleName, 24, "invalid params")
	// ErrInvalidReason: a reason is too long or not plain text.
	ErrInvalidReason = errors.Register(ModuleName, 25, "invalid reason")
	// ErrInvalidReport: an outcome, role or amount that no score counts.
	ErrInvalidReport = errors.Register(ModuleName, 26, "invalid report")
	// ErrInvalidGenesis: the genesis state contradicts itself.
	ErrInvalidGenesis = errors.Register(ModuleName, 27, "invalid genesis state")
	// ErrBrokenTree: a node's chain of parents does not end at the root.
	ErrBrokenTree = errors.Register(ModuleName, 28, "broken tree")
	// ErrRoot: the root of a tree cannot be dropped and cannot leave.
	ErrRoot = errors.Register(ModuleName, 29, "node is the root")
	// ErrDropLimit: the admin dropped as many nodes as one window allows.
	ErrDropLimit = errors.Register(ModuleName, 30, "drop limit reached")
	// ErrCoolDown: the account was dropped too short a time ago.
	ErrCoolDown = errors.Register(ModuleName, 31, "dropped too short a time ago")
	// ErrPolicy: the tree's policy has no room for it.
	ErrPolicy = errors.Register(ModuleName, 32, "against the tree's policy")
	// ErrForged: a final verdict named the account's work in the job forged.
	ErrForged = errors.Register(ModuleName, 33, "barred for forged work")
	// ErrInvalidMetric: no job measures that.
	ErrInvalidMetric = errors.Register(ModuleName, 34, "invalid metric")
)
