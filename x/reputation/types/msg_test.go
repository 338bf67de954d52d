package types_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	_ "github.com/ain-network/aind/chain" // address prefix
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

const (
	worker    = program.ROLE_WORKER
	evaluator = program.ROLE_EVALUATOR
	ageKey    = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
)

var (
	alice = sdk.AccAddress("alice_______________")
	bob   = sdk.AccAddress("bob_________________")
	nonce = bytes.Repeat([]byte{7}, 16)
)

func qualify(roles ...program.Role) []types.Qualification {
	var list []types.Qualification
	for _, role := range roles {
		list = append(list, types.Qualification{Role: role, Digest: types.QualificationDigest("ain", 1, alice, role, nonce, nil)})
	}
	return list
}

func TestApplyJobIsChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(m *types.MsgApplyJob)
		err    error
		says   string
	}{
		{"a worker may apply", func(*types.MsgApplyJob) {}, nil, ""},
		{"worker and evaluator may be asked for together", func(m *types.MsgApplyJob) {
			m.Roles, m.Qualifications = []program.Role{worker, evaluator}, qualify(evaluator, worker)
		}, nil, ""},
		{"an encryption key may be stated", func(m *types.MsgApplyJob) { m.EncryptionKey = ageKey }, nil, ""},
		{"a signer is needed", func(m *types.MsgApplyJob) { m.Signer = "" }, types.ErrInvalidAddress, "signer"},
		{"a job is needed", func(m *types.MsgApplyJob) { m.JobId = 0 }, types.ErrUnknownJob, "job_id: 0"},
		{"the admin is an address", func(m *types.MsgApplyJob) { m.Admin = "bob" }, types.ErrInvalidAddress, "admin"},
		{"a role is needed", func(m *types.MsgApplyJob) { m.Roles = nil }, types.ErrInvalidRoles, "roles: empty"},
		{"a role is asked for once", func(m *types.MsgApplyJob) { m.Roles = []program.Role{worker, worker} }, types.ErrInvalidRoles, "ROLE_WORKER appears twice"},
		{"a role is a known one", func(m *types.MsgApplyJob) { m.Roles = []program.Role{17} }, types.ErrInvalidRoles, "17 is no role"},
		{"no role is no role", func(m *types.MsgApplyJob) { m.Roles = []program.Role{0} }, types.ErrInvalidRoles, "0 is no role"},
		{"an admin is not qualified for", func(m *types.MsgApplyJob) { m.Roles = []program.Role{program.ROLE_ADMIN} }, types.ErrInvalidQualification, "give one for each but admin"},
		{"an admin among other roles is not qualified for", func(m *types.MsgApplyJob) {
			m.Roles, m.Qualifications = []program.Role{program.ROLE_ADMIN, worker}, qualify(program.ROLE_ADMIN)
		}, types.ErrInvalidQualification, "an admin is not tested"},
		{"a nonce has at least 16 bytes", func(m *types.MsgApplyJob) { m.Nonce = nonce[:15] }, types.ErrInvalidQualification, "nonce: 15 bytes"},
		{"a nonce has at most 32 bytes", func(m *types.MsgApplyJob) { m.Nonce = make([]byte, 33) }, types.ErrInvalidQualification, "nonce: 33 bytes"},
		{"each role is qualified for", func(m *types.MsgApplyJob) { m.Qualifications = nil }, types.ErrInvalidQualification, "0 for 1 roles"},
		{"only roles asked for are qualified for", func(m *types.MsgApplyJob) { m.Qualifications = qualify(evaluator) }, types.ErrInvalidQualification, "qualifications[0].role: ROLE_EVALUATOR is not asked for"},
		{"a role is qualified for once", func(m *types.MsgApplyJob) {
			m.Roles, m.Qualifications = []program.Role{worker, evaluator}, qualify(worker, worker)
		}, types.ErrInvalidQualification, "qualifications[1].role: ROLE_WORKER appears twice"},
		{"a digest names its function", func(m *types.MsgApplyJob) { m.Qualifications[0].Digest = strings.Repeat("0", 64) }, types.ErrInvalidQualification, "qualifications[0].digest"},
		{"a digest is lower case", func(m *types.MsgApplyJob) { m.Qualifications[0].Digest = "sha256:" + strings.Repeat("A", 64) }, types.ErrInvalidQualification, "digest"},
		{"a digest is hex", func(m *types.MsgApplyJob) { m.Qualifications[0].Digest = "sha256:" + strings.Repeat("z", 64) }, types.ErrInvalidQualification, "digest"},
		{"an encryption key is an age recipient", func(m *types.MsgApplyJob) { m.EncryptionKey = "age1" }, types.ErrInvalidEncryptionKey, "encryption_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msg := &types.MsgApplyJob{
				Signer: alice.String(), JobId: 1, Roles: []program.Role{worker}, Nonce: nonce, Qualifications: qualify(worker),
			}
			tt.change(msg)

			err := msg.ValidateBasic()

			require.ErrorIs(t, err, tt.err)
			if tt.err != nil {
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

func TestOtherMessagesAreChecked(t *testing.T) {
	who := alice.String()
	tests := []struct {
		name string
		msg  sdk.HasValidateBasic
		err  error
		says string
	}{
		{"an application may be withdrawn", &types.MsgWithdrawApplication{Signer: who, ApplicationId: 1}, nil, ""},
		{"what is withdrawn has an id", &types.MsgWithdrawApplication{Signer: who}, types.ErrUnknownApplication, "application_id: 0"},
		{"who withdraws signs", &types.MsgWithdrawApplication{ApplicationId: 1}, types.ErrInvalidAddress, "signer"},
		{"a node may be approved", &types.MsgApproveNode{Signer: who, ApplicationId: 1}, nil, ""},
		{"what is approved has an id", &types.MsgApproveNode{Signer: who}, types.ErrUnknownApplication, "application_id: 0"},
		{"who approves signs", &types.MsgApproveNode{ApplicationId: 1}, types.ErrInvalidAddress, "signer"},
		{"an application may be rejected", &types.MsgRejectApplication{Signer: who, ApplicationId: 1}, nil, ""},
		{"what is rejected has an id", &types.MsgRejectApplication{Signer: who}, types.ErrUnknownApplication, "application_id: 0"},
		{"who rejects signs", &types.MsgRejectApplication{ApplicationId: 1}, types.ErrInvalidAddress, "signer"},
		{"a node may be dropped", &types.MsgDropNode{Signer: who, JobId: 1, Node: bob.String()}, nil, ""},
		{"who is dropped has an address", &types.MsgDropNode{Signer: who, JobId: 1}, types.ErrInvalidAddress, "node"},
		{"who is dropped is a node of a job", &types.MsgDropNode{Signer: who, Node: bob.String()}, types.ErrUnknownJob, "job_id: 0"},
		{"who drops signs", &types.MsgDropNode{JobId: 1, Node: bob.String()}, types.ErrInvalidAddress, "signer"},
		{"a job may be left", &types.MsgLeaveJob{Signer: who, JobId: 1}, nil, ""},
		{"job 0 is not left", &types.MsgLeaveJob{Signer: who}, types.ErrUnknownJob, "job_id: 0"},
		{"who leaves signs", &types.MsgLeaveJob{JobId: 1}, types.ErrInvalidAddress, "signer"},
		{"a key without an operator is a mistake", &types.MsgSetOperator{Owner: who, OperatorPublicKey: []byte{1}}, types.ErrInvalidOperator, "operator: empty"},
		{"a capability may be updated", &types.MsgUpdateCapability{Signer: who, JobId: 1}, nil, ""},
		{"a capability is stated for a job", &types.MsgUpdateCapability{Signer: who}, types.ErrUnknownJob, "job_id: 0"},
		{"who states a capability signs", &types.MsgUpdateCapability{JobId: 1}, types.ErrInvalidAddress, "signer"},
		{"an operator may be named", &types.MsgSetOperator{Owner: who, Operator: bob.String()}, nil, ""},
		{"an operator may be removed", &types.MsgSetOperator{Owner: who}, nil, ""},
		{"an operator has an owner", &types.MsgSetOperator{Operator: bob.String()}, types.ErrInvalidAddress, "owner"},
		{"an operator is an address", &types.MsgSetOperator{Owner: who, Operator: "bob"}, types.ErrInvalidAddress, "operator"},
		{"an operator is not the owner", &types.MsgSetOperator{Owner: who, Operator: who}, types.ErrInvalidOperator, "is the owner"},
		{"a consent without an operator is a mistake", &types.MsgSetOperator{Owner: who, OperatorSignature: []byte{1}}, types.ErrInvalidOperator, "operator: empty"},
		{"an encryption key may be stated", &types.MsgSetEncryptionKey{Signer: who, EncryptionKey: ageKey}, nil, ""},
		{"an encryption key may be removed", &types.MsgSetEncryptionKey{Signer: who}, nil, ""},
		{"who states a key signs", &types.MsgSetEncryptionKey{EncryptionKey: ageKey}, types.ErrInvalidAddress, "signer"},
		{"a post-quantum recipient is refused", &types.MsgSetEncryptionKey{Signer: who, EncryptionKey: "age1pq1qqqq"}, types.ErrInvalidEncryptionKey, "encryption_key"},
		{"an encryption key in capitals is refused", &types.MsgSetEncryptionKey{Signer: who, EncryptionKey: strings.ToUpper(ageKey)}, types.ErrInvalidEncryptionKey, "encryption_key"},
		{"an encryption key with a typing error is refused", &types.MsgSetEncryptionKey{Signer: who, EncryptionKey: ageKey[:len(ageKey)-1] + "q"}, types.ErrInvalidEncryptionKey, "encryption_key"},
		{"a heartbeat is signed", &types.MsgHeartbeat{}, types.ErrInvalidAddress, "signer"},
		{"a heartbeat needs nothing else", &types.MsgHeartbeat{Signer: who}, nil, ""},
		{"params may be replaced", &types.MsgUpdateParams{Authority: who, Params: types.DefaultParams()}, nil, ""},
		{"params have an authority", &types.MsgUpdateParams{Params: types.DefaultParams()}, types.ErrInvalidAddress, "authority"},
		{"params are checked", &types.MsgUpdateParams{Authority: who}, types.ErrInvalidParams, "running_window_ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.msg.ValidateBasic()
			require.ErrorIs(t, err, tt.err)
			if tt.err != nil {
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

func TestDefaultParamsAreThoseOfTheReadme(t *testing.T) {
	require.Equal(t, types.Params{
		RunningWindowMs: 60_000, ApplicationTtlMs: 3_600_000, MaxApplicationsPerAdmin: 1000, MaxTags: 32, MaxGpus: 16, MaxStringBytes: 256,
		ExpiredPerBlock: 100, ApprovalWindowMs: 60_000, ApprovalsPerWindow: 1000, DropsPerWindow: 100, CoolDownMs: 86_400_000,
		EloStart: 1500, EloK: 32, OverturnedPoints: 40, ParentShareBps: 2500,
	}, types.DefaultParams())
}

func TestParamsAreBoundedOnBothSides(t *testing.T) {
	const day = 86_400_000
	for _, c := range []struct {
		field    string
		set      func(p *types.Params, value uint64)
		min, max uint64
	}{
		{"running_window_ms", func(p *types.Params, v uint64) { p.RunningWindowMs = v }, 1000, day},
		{"application_ttl_ms", func(p *types.Params, v uint64) { p.ApplicationTtlMs = v }, 1000, 30 * day},
		{"max_applications_per_admin", func(p *types.Params, v uint64) { p.MaxApplicationsPerAdmin = uint32(v) }, 1, 100_000},
		{"max_tags", func(p *types.Params, v uint64) { p.MaxTags = uint32(v) }, 1, 256},
		{"max_gpus", func(p *types.Params, v uint64) { p.MaxGpus = uint32(v) }, 1, 64},
		{"max_string_bytes", func(p *types.Params, v uint64) { p.MaxStringBytes = uint32(v) }, 16, 4096},
		{"expired_per_block", func(p *types.Params, v uint64) { p.ExpiredPerBlock = uint32(v) }, 1, 10_000},
		{"approval_window_ms", func(p *types.Params, v uint64) { p.ApprovalWindowMs = v }, 1000, 30 * day},
		{"approvals_per_window", func(p *types.Params, v uint64) { p.ApprovalsPerWindow = uint32(v) }, 1, 100_000},
		{"drops_per_window", func(p *types.Params, v uint64) { p.DropsPerWindow = uint32(v) }, 1, 100_000},
		{"cool_down_ms", func(p *types.Params, v uint64) { p.CoolDownMs = v }, 0, 365 * day},
		{"elo_start", func(p *types.Params, v uint64) { p.EloStart = uint32(v) }, 1, 100_000},
		{"elo_k", func(p *types.Params, v uint64) { p.EloK = uint32(v) }, 0, 1000},
		{"overturned_points", func(p *types.Params, v uint64) { p.OverturnedPoints = uint32(v) }, 0, 10_000},
		{"parent_share_bps", func(p *types.Params, v uint64) { p.ParentShareBps = uint32(v) }, 0, 10_000},
	} {
		t.Run(c.field, func(t *testing.T) {
			params := types.DefaultParams()
			for _, good := range []uint64{c.min, c.max} {
				c.set(&params, good)
				require.NoError(t, params.Validate())
			}
			for _, bad := range []uint64{c.max + 1, c.min - min(c.min, 1)} {
				if bad == c.min {
					continue // nothing is below 0
				}
				c.set(&params, bad)
				require.ErrorIs(t, params.Validate(), types.ErrInvalidParams)
				require.ErrorContains(t, params.Validate(), c.field+": ")
			}
		})
	}
}

func TestCapabilitiesAreChecked(t *testing.T) {
	tests := []struct {
		name       string
		capability program.Capability
		says       string // empty: accepted
	}{
		{"nothing may be offered", program.Capability{}, ""},
		{"much may be offered", program.Capability{
			CPUMillis: 1 << 63, Arch: "arm64", OS: "linux", Tags: []string{"wasm", "python-wasi-3.12.0"},
			GPUs: []program.GPU{{Vendor: "nvidia", Model: "H100 80GB", Count: 8}},
		}, ""},
		{"as much as params allow may be offered", program.Capability{
			Arch: strings.Repeat("x", 256), Tags: strings.Split("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6", " "),
			GPUs: slices.Repeat([]program.GPU{{Count: 1}}, 16),
		}, ""},
		{"a text may have what a terminal shows", program.Capability{OS: " ~\u00a0é"}, ""},
		{"a text has no unit separator", program.Capability{OS: "\x1f"}, "os: control character 0x1f"},
		{"a text has no delete", program.Capability{OS: "\x7f"}, "os: control character 0x7f"},
		{"a text has no control of the second kind", program.Capability{OS: "\u0080"}, "os: control character 0x80"},
		{"a text has not the last of them", program.Capability{OS: "\u009f"}, "os: control character 0x9f"},
		{"a vendor is a text, too", program.Capability{GPUs: []program.GPU{{Vendor: "\xff", Count: 1}}}, "gpus[0].vendor: not valid UTF-8"},
		{"a tag is a text, too", program.Capability{Tags: []string{"a", "\xff"}}, "tags[1]: not valid UTF-8"},
		{"a tag is not empty", program.Capability{Tags: []string{""}}, "tags[0]: empty"},
		{"a tag appears once", program.Capability{Tags: []string{"a", "b", "a"}}, `tags[2]: "a" appears twice`},
		{"a text has a limit", program.Capability{Arch: strings.Repeat("x", 257)}, "arch: 257 bytes of at most 256"},
		{"a text has no line breaks", program.Capability{OS: "linux\n"}, "os: control character 0xa"},
		{"a text is UTF-8", program.Capability{GPUs: []program.GPU{{Model: "\xff", Count: 1}}}, "gpus[0].model: not valid UTF-8"},
		{"a GPU is counted", program.Capability{GPUs: []program.GPU{{Vendor: "amd"}}}, "gpus[0].count: 0"},
		{"tags have a limit", program.Capability{Tags: make([]string, 33)}, "tags: 33 of at most 32"},
		{"kinds of GPU have a limit", program.Capability{GPUs: make([]program.GPU, 17)}, "gpus: 17 kinds of at most 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := types.ValidateCapability(tt.capability, types.DefaultParams())
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, types.ErrInvalidCapability)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestReasonsAreChecked(t *testing.T) {
	params := types.DefaultParams()
	require.NoError(t, types.ValidateReason("", params))
	require.NoError(t, types.ValidateReason(strings.Repeat("x", 256), params))
	require.ErrorIs(t, types.ValidateReason(strings.Repeat("x", 257), params), types.ErrInvalidReason)
	require.ErrorContains(t, types.ValidateReason("\n", params), "reason: control character 0xa")
}

func TestPoliciesHoldTogether(t *testing.T) {
	for _, c := range []struct {
		policy program.TreePolicy
		says   string // empty: accepted
	}{
		{program.TreePolicy{}, ""},
		{program.TreePolicy{MaxDepth: 1}, ""},
		{program.TreePolicy{MaxDepth: 2}, "only the root approves"},
		{program.TreePolicy{MaxDepth: 2, AdminsApprove: true}, ""},
		{program.TreePolicy{MaxDepth: 64, AdminsApprove: true}, ""},
		{program.TreePolicy{MaxDepth: 65, AdminsApprove: true}, "max_depth: 65 of at most 64"},
	} {
		err := types.ValidatePolicy(c.policy)
		if c.says == "" {
			require.NoError(t, err, "%+v", c.policy)
			continue
		}
		require.ErrorIs(t, err, types.ErrPolicy)
		require.ErrorContains(t, err, c.says)
	}
}

func TestTreesHaveRoomUpToTheirLimits(t *testing.T) {
	tree := types.Tree{JobId: 1, Policy: program.TreePolicy{MaxDepth: 3, MaxChildren: 2}}
	require.NoError(t, tree.CheckDepth("a", 2))
	require.ErrorIs(t, tree.CheckDepth("a", 3), types.ErrPolicy)
	require.NoError(t, types.Tree{}.CheckDepth("a", 63))
	require.ErrorIs(t, types.Tree{}.CheckDepth("a", 64), types.ErrPolicy)
	require.NoError(t, tree.CheckChildren(types.Node{Children: 1}))
	require.ErrorIs(t, tree.CheckChildren(types.Node{Children: 2}), types.ErrPolicy)
	require.NoError(t, types.Tree{}.CheckChildren(types.Node{Children: 1 << 30}), "no limit")
}
