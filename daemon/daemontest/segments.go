package daemontest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ByCheckpoint has a job verify by checkpoint.
func (c *Chain) ByCheckpoint(jobID uint64, most, segments uint32) {
	c.Terms(jobID, func(t *jobstypes.TermsSpec) {
		t.Verification, t.Deterministic = jobstypes.VERIFICATION_CHECKPOINT, true
		t.MaxCheckpoints, t.Segments = most, segments
	})
}

// InSegments is an honest worker program that leaves so many states before it replies as another does.
func InSegments(states int, last Behaviour) Behaviour {
	return func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		var before []byte
		if path := run.Inputs[jobstypes.StateName]; path != "" {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			before = content
		}
		place := 0
		if _, err := fmt.Sscan(run.Env[sandbox.EnvSegment], &place); err != nil {
			return nil, fmt.Errorf("%w: %s %q", sandbox.ErrCrashed, sandbox.EnvSegment, run.Env[sandbox.EnvSegment])
		}
		if (place > 0) != (len(before) > 0) {
			return nil, fmt.Errorf("%w: segment %d with a state of %d bytes", sandbox.ErrCrashed, place, len(before))
		}
		if place == states {
			return last(ctx, run)
		}
		return nil, os.WriteFile(filepath.Join(run.OutDir, jobstypes.StateName), State(before, run.Env[sandbox.EnvSeed]), 0o600)
	}
}

// State is what InSegments leaves after what it found, by its seed.
func State(before []byte, seed string) []byte {
	sum := sha256.Sum256(append(append([]byte{}, before...), seed...))
	return sum[:]
}

// States are all that InSegments leaves for a worker.
func States(requestID uint64, worker string, count int) [][]byte {
	terms := jobstypes.TermsSpec{Verification: jobstypes.VERIFICATION_CHECKPOINT}
	seed, err := terms.SeedOf(ChainID, requestID, worker)
	if err != nil {
		panic(err) // the address is a test's own
	}
	states := make([][]byte, count)
	for i := range states {
		var before []byte
		if i > 0 {
			before = states[i-1]
		}
		states[i] = State(before, fmt.Sprintf("%x", seed))
	}
	return states
}

// Published are the digests that a worker has published.
func (c *Chain) Published(requestID uint64, worker string) (digests [][]byte) {
	c.read(func(s *state) {
		if r := s.requests[requestID]; r != nil {
			digests = append(digests, r.checkpoints[worker].Digests...)
		}
	})
	return digests
}

// PublishedIn is the space that a worker says its states lie in.
func (c *Chain) PublishedIn(requestID uint64, worker string) (space uint64) {
	c.read(func(s *state) {
		if r := s.requests[requestID]; r != nil {
			space = r.checkpoints[worker].Space
		}
	})
	return space
}

// Claim is what a worker that is no daemon says of its work: whatever it likes.
type Claim struct {
	Name   string
	States [][]byte // whose digests it publishes
	Lost   bool     // nobody finds them
	Reply  []byte
}

// ClaimAs has workers that are no daemons do all of their part in a running request that they fill.
func (c *Chain) ClaimAs(t testing.TB, store storage.Store, requestID uint64, claims ...Claim) {
	t.Helper()
	salt := make([]byte, jobstypes.SaltSize)
	for _, claim := range claims {
		c.DoAs(t, Address(claim.Name), &jobstypes.MsgAcceptJob{RequestId: requestID, Role: program.ROLE_WORKER})
	}
	for _, claim := range claims {
		var digests [][]byte
		for _, state := range claim.States {
			digest := sha256.Sum256(state)
			digests = append(digests, digest[:])
			if !claim.Lost {
				_, err := storage.PutBytes(t.Context(), store, state)
				require.NoError(t, err)
			}
		}
		if len(digests) > 0 {
			c.DoAs(t, Address(claim.Name), &jobstypes.MsgPublishCheckpoints{RequestId: requestID, Digests: digests})
		}
	}
	for _, claim := range claims {
		commitment := jobstypes.Commitment(ChainID, requestID, Key(claim.Name).Address(), sha256.Sum256(claim.Reply), salt)
		c.DoAs(t, Address(claim.Name), &jobstypes.MsgSubmitResult{RequestId: requestID, Commitment: commitment[:]})
	}
	for _, claim := range claims {
		c.DoAs(t, Address(claim.Name), &jobstypes.MsgRevealResult{RequestId: requestID, Result: jobstypes.Result{Inline: claim.Reply}, Salt: salt})
	}
}

// Honest is the claim of a worker that has done its work by InSegments.
func Honest(requestID uint64, name string, states int, reply []byte) Claim {
	return Claim{Name: name, States: States(requestID, Address(name), states), Reply: reply}
}

// Jump is a claim whose state at a place is invented; what follows from it is worked out.
func Jump(requestID uint64, name string, states, place int, reply []byte) Claim {
	claim := Honest(requestID, name, states, reply)
	terms := jobstypes.TermsSpec{Verification: jobstypes.VERIFICATION_CHECKPOINT}
	seed, err := terms.SeedOf(ChainID, requestID, Address(name))
	if err != nil {
		panic(err) // the address is a test's own
	}
	claim.States[place] = []byte("invented")
	for i := place + 1; i < states; i++ {
		claim.States[i] = State(claim.States[i-1], fmt.Sprintf("%x", seed))
	}
	return claim
}

// DrawnOf are the segments of a worker that ClaimAs will find drawn.
func DrawnOf(requestID uint64, name string, states, segments int) []uint32 {
	return jobstypes.Drawn(jobstypes.Draw(ChainID, requestID, appHash), Key(name).Address(), uint32(states), uint32(segments))
}

// appHash stands for what a block left.
var appHash = []byte("what the block left")
