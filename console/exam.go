package console

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/ain-network/aind/daemon"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// runExam runs a job's programs in the sandbox, exactly as a daemon that applies does.
func (s *Session) runExam(ctx context.Context, q Question) (answer Answer, err error) {
	folder, err := os.MkdirTemp("", "aind-apply-")
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	name := s.settings.From
	if name == "" {
		ring, err := s.keyring()
		if err != nil {
			return answer, err
		}
		if name, err = onlyKey(ring, s.home); err != nil {
			return answer, err
		}
	}
	cfg := daemon.Config{
		Home: s.home, ChainID: s.settings.ChainID, Nodes: s.settings.Endpoints(), Store: s.settings.Store,
		Key: daemon.KeyConfig{Name: name, Backend: s.settings.KeyringBackend, PassphraseFile: s.settings.PassphraseFile},
	}
	log := slog.New(slog.NewTextHandler(s.env.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	world, disconnect, err := daemon.Connect(ctx, &cfg, nil, log)
	if err != nil {
		return answer, err
	}
	defer disconnect()
	ctx, cancel := context.WithCancel(ctx)
	private := cfg
	private.Home = folder // a journal of its own: a daemon may be running in the home
	kit, err := daemon.NewKit(ctx, private, world, q.Roles[0], daemon.WorkerNode, func() {})
	if err != nil {
		cancel()
		return answer, err
	}
	defer func() { cancel(); err = errors.Join(err, kit.Close()) }()

	answer.Capability = cfg.Capability()
	for _, role := range q.Roles {
		digest, err := kit.Examiner.Answer(ctx, daemon.Exam{JobID: q.JobID, Applicant: kit.Owner, Role: role, Nonce: q.Nonce})
		if err != nil {
			return answer, err
		}
		answer.Qualifications = append(answer.Qualifications, reputationtypes.Qualification{Role: role, Digest: digest})
	}
	return answer, nil
}
