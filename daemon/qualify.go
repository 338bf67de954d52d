package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Examiner computes what an applicant has to answer. Applicants answer with it and admins check with it, each on its own
// machine: programs run on a seed, so equal questions have equal answers.
//
// A worker's answer is what the job's worker program makes of the qualification input. An evaluator's is what its program
// makes of a reference set: honest replies to that input, and wrong ones planted among them.
type Examiner struct {
	ChainID  string
	Catalog  *Catalog
	Programs *Programs
	Source   Source
	Limits   Limits
}

// Exam is one question.
type Exam struct {
	JobID     uint64
	Applicant sdk.AccAddress
	Role      program.Role
	Nonce     []byte // of the application
}

const (
	// honestReplies in an evaluator's reference set.
	honestReplies = 3
	// examDomain keeps seeds of the reference set apart from all others.
	examDomain = "ain/reference-set/v1"
)

// Answer returns the digest that answers an exam. It takes the newest releases of the job.
func (e *Examiner) Answer(ctx context.Context, exam Exam) (string, error) {
	job, err := e.Catalog.Job(ctx, exam.JobID)
	if err != nil {
		return "", err
	}
	input, err := ReadInput(ctx, e.Source, job.QualificationInput, int64(e.Limits.Input))
	if err != nil {
		return "", fmt.Errorf("qualification input of job %s: %w", JobID(exam.JobID), err)
	}
	seed := reputationtypes.QualificationSeed(e.ChainID, exam.JobID, exam.Applicant, exam.Role, exam.Nonce)
	var result []byte
	switch exam.Role {
	case program.ROLE_WORKER:
		result, err = e.work(ctx, job, input, seed)
	case program.ROLE_EVALUATOR:
		result, err = e.judge(ctx, job, input, seed)
	default:
		return "", fmt.Errorf("role %s has no qualification", exam.Role)
	}
	if err != nil {
		return "", fmt.Errorf("qualify as %s for job %s: %w", exam.Role, JobID(exam.JobID), err)
	}
	return reputationtypes.QualificationDigest(e.ChainID, exam.JobID, exam.Applicant, exam.Role, exam.Nonce, result), nil
}

func (e *Examiner) work(ctx context.Context, job Job, input []byte, seed [32]byte) ([]byte, error) {
	if requested, err := e.Programs.Requested(ctx, job.WorkerRelease); err != nil || requested {
		return nil, err // there is no program that an applicant could show to run
	}
	terms, err := e.Catalog.Terms(ctx, job.Id, job.TermsVersion)
	if err != nil {
		return nil, err
	}
	grant, err := NewGrant(terms.Requirement, program.Capability{})
	if err != nil {
		return nil, err
	}
	reply, err := e.Programs.Run(ctx, Call{
		JobID: job.Id, ReleaseID: job.WorkerRelease, Role: program.ROLE_WORKER, Seed: seed, Input: input, Grant: grant,
	})
	return reply.Output, err
}

func (e *Examiner) judge(ctx context.Context, job Job, input []byte, seed [32]byte) ([]byte, error) {
	if requested, err := e.Programs.Requested(ctx, job.EvaluatorRelease); err != nil || requested {
		return nil, err
	}
	var honest [][]byte
	for i := range uint64(honestReplies) {
		reply, err := e.work(ctx, job, input, derive(seed, "reply", i))
		if err != nil {
			return nil, fmt.Errorf("make the reference set: %w", err)
		}
		honest = append(honest, reply)
	}
	set, err := referenceSet(job.Schema.Schema, honest, seed)
	if err != nil {
		return nil, fmt.Errorf("make the reference set: %w", err)
	}
	question, err := job.Schema.BuildEvaluatorInput(input, set)
	if err != nil {
		return nil, fmt.Errorf("make the reference set: %w", err)
	}
	reply, err := e.Programs.Run(ctx, Call{
		JobID: job.Id, ReleaseID: job.EvaluatorRelease, Role: program.ROLE_EVALUATOR, Seed: seed, Input: question,
	})
	return reply.Output, err
}

// derive makes a seed of a seed.
func derive(seed [32]byte, purpose string, i uint64) [32]byte {
	hash := sha256.New()
	hash.Write([]byte(examDomain))
	hash.Write(seed[:])
	hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(purpose))))
	hash.Write([]byte(purpose))
	hash.Write(binary.BigEndian.AppendUint64(nil, i))
	return [32]byte(hash.Sum(nil))
}

// referenceSet puts honest replies, the empty reply and a spoiled copy of each honest one in an order that the seed
// chooses, under addresses that the seed chooses, so that place and name give nothing away.
func referenceSet(schema *jobstypes.Schema, honest [][]byte, seed [32]byte) ([]jobstypes.WorkerReply, error) {
	replies := append([][]byte{nil}, honest...)
	for i, reply := range honest {
		spoiled, err := spoil(schema.WorkerOutput(), reply, derive(seed, "spoil", uint64(i)))
		if err != nil {
			return nil, err
		}
		replies = append(replies, spoiled)
	}
	set := make([]jobstypes.WorkerReply, len(replies))
	for i, reply := range replies {
		name := derive(seed, "node", uint64(i))
		set[i] = jobstypes.WorkerReply{Node: sdk.AccAddress(name[:20]).String(), Reply: reply}
	}
	for i := len(set) - 1; i > 0; i-- { // Fisher and Yates, with the seed for dice
		dice := derive(seed, "order", uint64(i))
		j := binary.BigEndian.Uint64(dice[:8]) % uint64(i+1)
		set[i], set[j] = set[j], set[i]
	}
	return set, nil
}
