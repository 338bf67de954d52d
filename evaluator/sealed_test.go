package evaluator_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// sealed opens a request whose data is sealed to a key, and has the workers reveal what they sealed to it, or, without a seal, inline.
func (s *scene) sealed(key *seal.Key, change func(*jobstypes.Request), reveals ...reveal) uint64 {
	s.Helper()
	ref := daemontest.PutSealed(s, s.machine.Store, key, daemontest.Question(21))
	id := s.chain.AddRequest(s.job, func(r *jobstypes.Request) {
		r.Spec.MinWorkers, r.Spec.MaxWorkers = uint32(len(reveals)), uint32(len(reveals))
		r.Spec.GrantKeys, r.Spec.Input = true, jobstypes.Input{Reference: ref}
		if change != nil {
			change(r)
		}
	})
	s.reaches(id, jobstypes.REQUEST_STATE_RUNNING)
	for _, r := range reveals {
		s.chain.StateKey(daemontest.Address(r.name), daemontest.NewSealKey(s).Recipient())
	}
	return id
}

// workSealed is work for a request whose workers need keys.
func (s *scene) workSealed(id uint64, key *seal.Key, reveals ...reveal) {
	s.Helper()
	for i, r := range reveals {
		if r.stored {
			sealed, err := key.Seal(r.reply)
			require.NoError(s, err)
			reveals[i].reply = sealed
		}
	}
	s.acceptAs(id, reveals...)
	for _, r := range reveals {
		s.chain.Grant(s, id, daemontest.Address(r.name), seal.Keys{Data: key})
	}
	s.revealAs(id, reveals...)
}

func TestSealedResultsAreRanked(t *testing.T) {
	for name, execution := range map[string]bool{"by the program": false, "by the majority of what was sealed": true} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if execution {
				s.chain.Terms(s.job, func(t *jobstypes.TermsSpec) {
					t.Deterministic, t.Verification = true, jobstypes.VERIFICATION_EXECUTION
				})
			}
			s.start(s.config())
			key := daemontest.NewSealKey(t)
			reveals := []reveal{{name: "one", reply: right, stored: true}, {name: "two", reply: wrong, stored: true}, {name: "three", reply: right, stored: true}}
			id := s.sealed(key, nil, reveals...)
			s.workSealed(id, key, reveals...)
			require.Never(t, func() bool {
				r, _ := s.chain.Peek(id)
				return r.RankedMs != 0 || len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) > 0
			}, 100*time.Millisecond, 10*time.Millisecond, "it has no key")
			s.chain.Grant(t, id, me, seal.Keys{Data: key})
			valid, _ := s.ranked(id, reveals...)
			require.Equal(t, []string{"one", "three"}, valid)
		})
	}
}

// A result that its worker sealed to another key is worth nothing.
func TestAResultSealedToAnotherKeyIsInvalid(t *testing.T) {
	s := newScene(t)
	s.start(s.config())
	key := daemontest.NewSealKey(t)
	other, err := daemontest.NewSealKey(t).Seal(right)
	require.NoError(t, err)
	reveals := []reveal{{name: "one", reply: right, stored: true}}
	id := s.sealed(key, workersAre(2), append(reveals, reveal{name: "two"})...)
	s.acceptAs(id, reveal{name: "one"}, reveal{name: "two"})
	sealed, err := key.Seal(right)
	require.NoError(t, err)
	for _, name := range []string{"one", "two"} {
		s.chain.Grant(t, id, daemontest.Address(name), seal.Keys{Data: key})
	}
	reveals = []reveal{{name: "one", reply: sealed, stored: true}, {name: "two", reply: other, stored: true}}
	s.revealAs(id, reveals...)
	s.chain.Grant(t, id, me, seal.Keys{Data: key})
	valid, _ := s.ranked(id, reveals...)
	require.Equal(t, []string{"one"}, valid)
}

func workersAre(n uint32) func(*jobstypes.Request) {
	return func(r *jobstypes.Request) { r.Spec.MinWorkers, r.Spec.MaxWorkers = n, n }
}

// What the client's key does not open nobody could have worked on: the workers are paid.
func TestAnInputThatTheKeyDoesNotOpenIsUnusable(t *testing.T) {
	for name, keys := range map[string]func(key *seal.Key) seal.Keys{
		"the key is another":            func(*seal.Key) seal.Keys { return seal.Keys{Data: daemontest.NewSealKey(t)} },
		"the key is for something else": func(key *seal.Key) seal.Keys { return seal.Keys{Evaluator: key} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.start(s.config())
			key := daemontest.NewSealKey(t)
			reveals := []reveal{{name: "one", reply: nil}}
			id := s.sealed(key, nil, reveals...)
			s.workSealed(id, key, reveals...)
			s.chain.Grant(t, id, me, keys(key))
			_, r := s.ranked(id, reveals...)
			require.True(t, r.InputUnusable)
		})
	}
}

// The test set is for the evaluator alone, once reveals have closed; its program sees it as a file.
func TestTheEvaluatorsOwnInput(t *testing.T) {
	for name, c := range map[string]struct {
		keys     func(key *seal.Key) seal.Keys
		unusable bool
	}{
		"is a file of its program":         {keys: func(key *seal.Key) seal.Keys { return seal.Keys{Evaluator: key} }},
		"is unusable without its key":      {keys: func(key *seal.Key) seal.Keys { return seal.Keys{Data: key} }, unusable: true},
		"is unusable with the key of else": {keys: func(*seal.Key) seal.Keys { return seal.Keys{Evaluator: daemontest.NewSealKey(t)} }, unusable: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			seen := make(chan string, 1)
			s.machine.Sandbox.Use(daemontest.EvaluatorProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
				content, err := os.ReadFile(run.Inputs["evaluator_input"])
				if err != nil {
					return nil, err
				}
				seen <- string(content)
				return daemontest.Judge(ctx, run)
			})
			s.start(s.config())
			key := daemontest.NewSealKey(t)
			ref := daemontest.PutSealed(t, s.machine.Store, key, []byte("the test set"))
			reveals := []reveal{{name: "one", reply: right}}
			id := s.chain.AddRequest(s.job, func(r *jobstypes.Request) {
				r.Spec.MinWorkers, r.Spec.MaxWorkers = 1, 1
				r.Spec.EvaluatorInput = &jobstypes.Input{Reference: ref}
			})
			s.work(id, reveals...)
			s.chain.Grant(t, id, me, c.keys(key))
			valid, r := s.ranked(id, reveals...)
			require.Equal(t, c.unusable, r.InputUnusable)
			if !c.unusable {
				require.Equal(t, []string{"one"}, valid)
				require.Equal(t, "the test set", <-seen)
			}
			entries, err := os.ReadDir(s.machine.Home + "/tasks")
			if err == nil {
				require.Empty(t, entries, "nothing is left on this machine")
			}
		})
	}
}

// The program that judges sees the files of the request, too, and beside them the evaluator's own input.
func TestFilesOfTheRequestAreJudgedBy(t *testing.T) {
	for name, isSealed := range map[string]bool{"plain": false, "sealed": true} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			seen := make(chan map[string]string, 1)
			s.machine.Sandbox.Use(daemontest.EvaluatorProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
				files := map[string]string{}
				for name, path := range run.Inputs {
					content, err := os.ReadFile(path)
					if err != nil {
						return nil, err
					}
					files[name] = string(content)
				}
				seen <- files
				return daemontest.Judge(ctx, run)
			})
			s.start(s.config())
			key, own := daemontest.NewSealKey(t), daemontest.NewSealKey(t)
			file := *daemontest.PutSealed(t, s.machine.Store, key, []byte("first"))
			if !isSealed {
				info, err := storage.PutBytes(t.Context(), s.machine.Store, []byte("first"))
				require.NoError(t, err)
				file = jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size)}
			}
			reveals := []reveal{{name: "one", reply: right}}
			id := s.sealed(key, func(r *jobstypes.Request) {
				if r.Spec.GrantKeys = isSealed; !isSealed {
					r.Spec.Input = jobstypes.Input{Inline: daemontest.Question(21)}
				}
				r.Spec.Input.Files = []jobstypes.NamedReference{{Name: "one", Reference: file}}
				r.Spec.EvaluatorInput = &jobstypes.Input{Reference: daemontest.PutSealed(t, s.machine.Store, own, []byte("test set"))}
			}, reveals...)
			s.acceptAs(id, reveals...)
			keys := seal.Keys{Evaluator: own}
			if isSealed {
				keys.Data = key
				s.chain.Grant(t, id, daemontest.Address("one"), seal.Keys{Data: key})
			}
			s.revealAs(id, reveals...)
			s.chain.Grant(t, id, me, keys)
			valid, _ := s.ranked(id, reveals...)
			require.Equal(t, []string{"one"}, valid)
			require.Equal(t, map[string]string{"one": "first", "evaluator_input": "test set"}, <-seen)
		})
	}
}
