package simulation

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	sdkmath "cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// source is the schema of jobs: find x with x * x = y.
const source = `syntax = "proto3";
package roots;
service Worker { rpc CalculateRoot(Task) returns (Root) {} }
message Task { double y = 1; }
message Root { double x = 1; }
`

// evaluated is what more the schema has where somebody evaluates.
const evaluated = `
service Evaluator { rpc EvaluateRoot(Roots) returns (Ranking) {} }
message Roots { Task request = 1; repeated Candidate workers = 2; }
message Candidate { string node = 1; Root response = 2; }
message Ranking { repeated Place ranking = 1; }
message Place { string node = 1; uint64 score = 2; bool valid = 3; sint64 steps = 4; }
`

// schemas are the sources as the command line compiles them: with an evaluator, and without.
var schemas = sync.OnceValues(func() (s struct{ evaluated, plain []byte }, err error) {
	if s.evaluated, err = compile(source + evaluated); err != nil {
		return s, err
	}
	s.plain, err = compile(source)
	return s, err
})

func compile(source string) ([]byte, error) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"job.proto": source}),
	}}
	files, err := compiler.Compile(context.Background(), "job.proto")
	if err != nil {
		return nil, fmt.Errorf("compile the schema: %w", err)
	}
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])}}
	return proto.MarshalOptions{Deterministic: true}.Marshal(set)
}

// schema is that of jobs with an evaluator, or without.
func (v *view) schema(evaluated bool) []byte {
	all, err := schemas()
	v.note(err)
	if evaluated {
		return all.evaluated
	}
	return all.plain
}

// isEvaluated tells whether a job has an evaluator.
func (v *view) isEvaluated(job types.Job) bool {
	return job.SchemaDigest == types.Digest(v.schema(true))
}

// number is a Task or a Root: a message whose one field is a double.
func number(n int) []byte {
	return binary.LittleEndian.AppendUint64([]byte{0x09}, math.Float64bits(float64(n)))
}

// mostJobs is how many are registered in a run: few enough that each has nodes.
const mostJobs = 4

func registerJob(v *view) *types.MsgRegisterJob {
	owner := simulation.Pick(v.Draw, v.owners())
	if owner == nil || len(v.state.Jobs) >= mostJobs {
		return nil
	}
	v.Sign(*owner)
	// The first job is one that everything can happen in.
	isEvaluated := len(v.state.Jobs) == 0 || v.Often(70)
	schema := v.schema(isEvaluated)
	msg := &types.MsgRegisterJob{
		Signer:             *owner,
		Name:               fmt.Sprintf("roots %d", len(v.state.Jobs)),
		Description:        "find x with x * x = y",
		Schema:             schema,
		SourceURL:          "https://example.org/roots",
		SourceCommit:       "0123456789abcdef",
		Terms:              v.terms(isEvaluated),
		TreePolicy:         v.policy(),
		QualificationInput: types.Input{Inline: number(4)},
	}
	roles := []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR}
	if !isEvaluated {
		roles = roles[:1]
	}
	for _, role := range roles {
		msg.Releases = append(msg.Releases, v.release(*owner, schema, role, "1.0.0", false))
	}
	switch {
	case v.Often(10):
		msg.Releases[0].Version = "1.0.1"
		v.Expect(types.ErrSignature)
	case v.Often(10):
		msg.QualificationInput.Inline = []byte("no task")
		v.Expect(types.ErrDecode)
	}
	return msg
}

// policy lets admins approve in most jobs, so that there are levels to challenge at.
func (v *view) policy() program.TreePolicy {
	policy := program.TreePolicy{AdminsApprove: v.Often(75)}
	if policy.AdminsApprove && v.Bool() {
		policy.MaxDepth = v.Uint32InRange(2, 6)
	}
	if v.Often(30) {
		policy.MaxChildren = v.Uint32InRange(10, 30)
	}
	return policy
}

// terms have windows of several blocks, or the chain's defaults.
func (v *view) terms(isEvaluated bool) types.TermsSpec {
	t := types.TermsSpec{
		Requirement:      program.Capability{CPUMillis: 1_000, Tags: []string{"wasm"}},
		MinDeposit:       sdkmath.NewInt(int64(v.Intn(10_000))),
		ChallengeFee:     sdkmath.NewInt(int64(v.Intn(2_000))),
		InvalidLosesBond: v.Often(30),
		OpenResults:      v.Often(25),
	}
	if v.Bool() {
		t.Windows = randomWindows(v.XRand)
	}
	if v.Bool() {
		t.Bond = &types.Bond{Amount: sdkmath.NewInt(int64(v.Intn(5_000)))}
	}
	switch {
	case !t.OpenResults && isEvaluated && v.Often(40):
		t.Verification, t.Deterministic = types.VERIFICATION_CHECKPOINT, true
		t.MaxCheckpoints = v.Uint32InRange(1, v.params().MaxCheckpoints+1)
		t.Segments = v.Uint32InRange(1, t.MaxCheckpoints+1)
	case !t.OpenResults && v.Often(30):
		t.Verification, t.Deterministic = types.VERIFICATION_EXECUTION, true
	case isEvaluated && v.Bool():
		t.Metrics = []types.Metric{{Field: "steps", Fold: program.MetricFold(v.IntInRange(1, 5))}}
	}
	return t
}

// updateJob changes the terms and the policy's limits that are met from now on. Who approves stays, so that the applications
// on their way reach somebody.
func updateJob(v *view) *types.MsgUpdateJob {
	job := simulation.Pick(v.Draw, v.state.Jobs)
	if job == nil || !v.Sign(job.Root) {
		return nil
	}
	msg := &types.MsgUpdateJob{Signer: job.Root, JobId: job.Id, Description: v.StringN(20)}
	if v.Bool() {
		terms := v.terms(v.isEvaluated(*job))
		msg.Terms = &terms
	}
	mixed := func(r types.Release) bool {
		return r.JobId == job.Id && !r.Revoked && msg.Terms != nil && msg.Terms.CheckRelease(r.Spec) != nil
	}
	switch {
	case v.Often(10):
		msg.QualificationInput = &types.Input{Inline: []byte("no task")}
		v.Expect(types.ErrDecode)
	case v.Often(10):
		msg.JobId = uint64(len(v.state.Jobs)) + 1_000
		v.Expect(types.ErrUnknownJob)
	case slices.ContainsFunc(v.state.Releases, mixed):
		v.Expect(types.ErrInvalid)
	}
	return msg
}
