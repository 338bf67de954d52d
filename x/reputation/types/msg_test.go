package types_test

import (
	"bytes"
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

func TestParamsAreBoundedOnBothSides(t *testing.T) {
	tests := []struct {
		field     string
		low, high func(p *types.Params)
	}{
		{"running_window_ms", func(p *types.Params) { p.RunningWindowMs = 999 }, func(p *types.Params) { p.RunningWindowMs = 86_400_001 }},
		{"application_ttl_ms", func(p *types.Params) { p.ApplicationTtlMs = 999 }, func(p *types.Params) { p.ApplicationTtlMs = 1 << 63 }},
		{"max_applications_per_admin", func(p *types.Params) { p.MaxApplicationsPerAdmin = 0 }, func(p *types.Params) { p.MaxApplicationsPerAdmin = 100_001 }},
		{"max_tags", func(p *types.Params) { p.MaxTags = 0 }, func(p *types.Params) { p.MaxTags = 257 }},
		{"max_gpus", func(p *types.Params) { p.MaxGpus = 0 }, func(p *types.Params) { p.MaxGpus = 65 }},
		{"max_string_bytes", func(p *types.Params) { p.MaxStringBytes = 15 }, func(p *types.Params) { p.MaxStringBytes = 4097 }},
		{"expired_per_block", func(p *types.Params) { p.ExpiredPerBlock = 0 }, func(p *types.Params) { p.ExpiredPerBlock = 10_001 }},
		{"approval_window_ms", func(p *types.Params) { p.ApprovalWindowMs = 0 }, func(p *types.Params) { p.ApprovalWindowMs = 1 << 62 }},
		{"drops_per_window", func(p *types.Params) { p.DropsPerWindow = 0 }, func(p *types.Params) { p.DropsPerWindow = 100_001 }},
		{"approvals_per_window", func(p *types.Params) { p.ApprovalsPerWindow = 0 }, func(p *types.Params) { p.ApprovalsPerWindow = 100_001 }},
	}
	require.NoError(t, types.DefaultParams().Validate())
	long := types.DefaultParams()
	long.CoolDownMs = 1 << 62
	require.ErrorContains(t, long.Validate(), "cool_down_ms: ")
	for _, tt := range tests {
		for _, change := range []func(*types.Params){tt.low, tt.high} {
			params := types.DefaultParams()
			change(&params)
			err := params.Validate()
			require.ErrorIs(t, err, types.ErrInvalidParams)
			require.ErrorContains(t, err, tt.field+": ")
		}
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
