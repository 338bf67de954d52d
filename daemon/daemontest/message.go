package daemontest

import (
	"bytes"
	"fmt"
	"slices"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// handle executes one message for its signer, who is an owner. The caller holds the lock and undoes what an error leaves.
func (c *Chain) handle(signer string, msg sdk.Msg) error {
	switch m := msg.(type) {
	case *reputationtypes.MsgApplyJob:
		return c.apply(signer, m)
	case *reputationtypes.MsgApproveNode:
		return c.decide(signer, m.ApplicationId, "")
	case *reputationtypes.MsgRejectApplication:
		return c.decide(signer, m.ApplicationId, m.Reason)
	case *reputationtypes.MsgHeartbeat:
		c.state.heartbeats[signer]++
		return nil
	case *reputationtypes.MsgSetEncryptionKey:
		c.state.heartbeats[signer]++
		c.state.keys[signer] = m.EncryptionKey
		return nil
	case *reputationtypes.MsgUpdateCapability:
		c.state.heartbeats[signer]++
		node := c.state.nodes[nodeKey{m.JobId, signer}]
		node.Capability = m.Capability
		c.state.nodes[nodeKey{m.JobId, signer}] = node
		return nil
	case *jobstypes.MsgGrantKey:
		return c.with(m.RequestId, func(r *request) error { return c.grant(r, signer, m) })
	case *jobstypes.MsgAcceptJob:
		return c.with(m.RequestId, func(r *request) error { return c.accept(r, signer, m.Role) })
	case *jobstypes.MsgResign:
		return c.with(m.RequestId, func(r *request) error { return c.resign(r, signer) })
	case *jobstypes.MsgPublishCheckpoints:
		return c.with(m.RequestId, func(r *request) error { return c.publish(r, signer, m) })
	case *jobstypes.MsgSubmitResult:
		return c.with(m.RequestId, func(r *request) error { return c.submit(r, signer, m) })
	case *jobstypes.MsgRevealResult:
		return c.with(m.RequestId, func(r *request) error { return c.reveal(r, signer, m) })
	case *jobstypes.MsgRank:
		return c.with(m.RequestId, func(r *request) error { return c.rank(r, signer, m) })
	case *jobstypes.MsgResolveChallenge:
		return c.with(m.RequestId, func(r *request) error { return c.resolve(r, signer, m) })
	case *jobstypes.MsgAcceptResult:
		return c.with(m.RequestId, func(r *request) error { return c.concede(r, signer) })
	}
	return fmt.Errorf("message %T is not known to this chain", msg)
}

func (c *Chain) with(requestID uint64, f func(*request) error) error {
	r := c.state.requests[requestID]
	if r == nil {
		return jobstypes.ErrUnknownRequest
	}
	return f(r)
}

func (c *Chain) apply(signer string, m *reputationtypes.MsgApplyJob) error {
	j := c.state.jobs[m.JobId]
	if j == nil {
		return reputationtypes.ErrUnknownJob
	}
	for _, a := range c.state.applications {
		if a.JobId == m.JobId && a.Applicant == signer {
			return reputationtypes.ErrAlreadyApplied
		}
	}
	admin := m.Admin
	if admin == "" {
		admin = j.Root
	}
	id := c.id()
	c.state.applications[id] = reputationtypes.Application{
		Id: id, JobId: m.JobId, Applicant: signer, Roles: m.Roles, Admin: admin, Capability: m.Capability,
		Nonce: m.Nonce, Qualifications: m.Qualifications,
	}
	return nil
}

func (c *Chain) decide(signer string, id uint64, reason string) error {
	a, ok := c.state.applications[id]
	if !ok {
		return reputationtypes.ErrUnknownApplication
	}
	if a.Admin != signer {
		return reputationtypes.ErrNotAdmin
	}
	delete(c.state.applications, id)
	c.state.decisions[id] = "approved"
	if reason != "" {
		c.state.decisions[id] = reason
		return nil
	}
	c.addNode(a.JobId, a.Applicant, a.Roles...)
	return nil
}

func (c *Chain) addNode(jobID uint64, owner string, roles ...program.Role) {
	key := nodeKey{jobID, owner}
	node := c.state.nodes[key]
	node.JobId, node.Owner, node.Status = jobID, owner, reputationtypes.NODE_STATUS_ACTIVE
	node.Roles = append(slices.Clone(node.Roles), roles...)
	c.state.nodes[key] = node
}

func (c *Chain) lock(owner string, amount math.Int) error {
	if c.stake(owner).LT(amount) {
		return fmt.Errorf("stake of %s is %s, %s are needed", owner, c.stake(owner), amount)
	}
	c.state.stakes[owner] = c.stake(owner).Sub(amount)
	return nil
}

func (c *Chain) stake(owner string) math.Int {
	if stake, ok := c.state.stakes[owner]; ok {
		return stake
	}
	return math.ZeroInt()
}

func (c *Chain) accept(r *request, signer string, role program.Role) error {
	if _, taken := r.assignments[signer]; taken || r.Client == signer || r.Evaluator == signer {
		return jobstypes.ErrPlaceTaken
	}
	if node := c.state.nodes[nodeKey{r.Spec.JobId, signer}]; !slices.Contains(node.Roles, role) {
		return reputationtypes.ErrMissingRole
	}
	if opening(r.Request) != role {
		return jobstypes.ErrState.Wrapf("request %d is %s", r.Id, r.State)
	}
	if role == program.ROLE_EVALUATOR {
		return c.acceptEvaluator(r, signer)
	}
	if err := c.lock(signer, r.WorkerBond); err != nil {
		return err
	}
	r.assignments[signer] = jobstypes.Assignment{RequestId: r.Id, Worker: signer, AcceptedMs: c.now()}
	if r.Spec.WorkersNeedKeys() {
		a := r.assignments[signer]
		if a.EncryptionKey = c.state.keys[signer]; a.EncryptionKey == "" {
			return jobstypes.ErrGrant
		}
		r.assignments[signer] = a
	}
	r.Workers++
	if r.State == jobstypes.REQUEST_STATE_OPEN {
		c.start(r)
	}
	if r.Workers == r.Spec.MaxWorkers {
		r.DeadlineMs = c.now()
	}
	return nil
}

func (c *Chain) acceptEvaluator(r *request, signer string) error {
	if err := c.lock(signer, r.Deposit); err != nil {
		return err
	}
	r.Evaluator = signer
	if r.Spec.JudgesNeedKeys() {
		if r.EvaluatorEncryptionKey = c.state.keys[signer]; r.EvaluatorEncryptionKey == "" {
			return jobstypes.ErrGrant
		}
	}
	if r.State == jobstypes.REQUEST_STATE_REOPENED {
		r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_EVALUATING, c.now()+int64(c.Windows.EvaluationMs)
		return nil
	}
	c.start(r)
	return nil
}

func (c *Chain) start(r *request) {
	r.State, r.StartedMs = jobstypes.REQUEST_STATE_RUNNING, c.now()
	r.DeadlineMs = r.StartedMs + int64(min(c.Windows.HiringMs, r.Spec.TimeLimitMs/2))
}

func (c *Chain) resign(r *request, signer string) error {
	a, ok := r.assignments[signer]
	if !ok || r.State != jobstypes.REQUEST_STATE_RUNNING || a.Resigned {
		return jobstypes.ErrState
	}
	if r.ClosedMs != 0 {
		a.Resigned = true
		r.assignments[signer] = a
		return nil
	}
	delete(r.assignments, signer)
	r.Workers--
	c.state.stakes[signer] = c.stake(signer).Add(r.WorkerBond)
	return nil
}

// grant takes keys from whom the phase waits for, and ends the wait with the last.
func (c *Chain) grant(r *request, signer string, m *jobstypes.MsgGrantKey) error {
	if !r.AwaitingKeys || r.Client != signer {
		return jobstypes.ErrGrant
	}
	if r.grants == nil {
		r.grants = map[string][]byte{}
	}
	for _, key := range m.Keys {
		a, isWorker := r.assignments[key.Account]
		switch {
		case r.State == jobstypes.REQUEST_STATE_RUNNING && isWorker && !a.HasKey():
			a.GrantedMs = c.now()
			r.assignments[key.Account] = a
			if r.Granted++; r.Granted == r.Workers {
				r.AwaitingKeys, r.GrantedMs, r.DeadlineMs = false, c.now(), c.now()+int64(r.Spec.TimeLimitMs)
			}
		case r.State == jobstypes.REQUEST_STATE_EVALUATING && r.Evaluator == key.Account:
			r.AwaitingKeys, r.DeadlineMs = false, c.now()+int64(c.Windows.EvaluationMs)
		case r.State == jobstypes.REQUEST_STATE_CHALLENGED && r.Pending().Resolver == key.Account:
			r.AwaitingKeys = false
		default:
			return jobstypes.ErrGrant
		}
		r.grants[key.Account] = key.Key
	}
	return nil
}

func (c *Chain) publish(r *request, signer string, m *jobstypes.MsgPublishCheckpoints) error {
	a, ok := r.assignments[signer]
	switch {
	case !ok:
		return jobstypes.ErrNoPlace
	case a.HasCommitted():
		return jobstypes.ErrCommitted
	case r.State != jobstypes.REQUEST_STATE_RUNNING || a.Resigned || r.ClosedMs == 0:
		return jobstypes.ErrState
	case int(m.First) != len(r.checkpoints[signer].Digests), m.First > 0 && m.Space != r.checkpoints[signer].Space:
		return jobstypes.ErrCheckpoint
	}
	if err := m.Validate(c.state.jobs[r.Spec.JobId].terms); err != nil {
		return err
	}
	if r.checkpoints == nil {
		r.checkpoints = map[string]jobstypes.Checkpoints{}
	}
	r.checkpoints[signer] = jobstypes.Checkpoints{
		RequestId: r.Id, Worker: signer, Digests: append(slices.Clone(r.checkpoints[signer].Digests), m.Digests...), Space: m.Space,
	}
	return nil
}

func (c *Chain) submit(r *request, signer string, m *jobstypes.MsgSubmitResult) error {
	a, ok := r.assignments[signer]
	switch {
	case !ok:
		return jobstypes.ErrNoPlace
	case a.HasCommitted():
		return jobstypes.ErrCommitted
	case r.State != jobstypes.REQUEST_STATE_RUNNING || a.Resigned:
		return jobstypes.ErrState
	}
	if err := m.Validate(c.Params, c.state.jobs[r.Spec.JobId].terms); err != nil {
		return err
	}
	if m.Result != nil && r.ClosedMs == 0 || r.Spec.WorkersNeedKeys() && !a.HasKey() {
		return jobstypes.ErrState
	}
	a.Commitment, a.CommittedMs, a.Space = m.Commitment, c.now(), m.Space
	r.Committed++
	a.CommitOrder = r.Committed
	if m.Result != nil {
		a.Result, a.RevealedMs = m.Result, a.CommittedMs
		r.Revealed++
	}
	r.assignments[signer] = a
	return nil
}

func (c *Chain) reveal(r *request, signer string, m *jobstypes.MsgRevealResult) error {
	a, ok := r.assignments[signer]
	switch {
	case !ok || !a.HasCommitted():
		return jobstypes.ErrNoPlace
	case a.HasRevealed():
		return jobstypes.ErrRevealed
	case r.State != jobstypes.REQUEST_STATE_REVEALING:
		return jobstypes.ErrState
	case len(m.Result.Inline) > int(c.Params.MaxInlineBytes):
		return jobstypes.ErrLimit
	}
	digest, err := jobstypes.ResultDigest(m.Result)
	if err != nil {
		return err
	}
	owner, err := sdk.AccAddressFromBech32(signer)
	if err != nil {
		return err
	}
	if commitment := jobstypes.Commitment(ChainID, r.Id, owner, digest, m.Salt, m.Result.Files...); !bytes.Equal(commitment[:], a.Commitment) {
		return jobstypes.ErrCommitment
	}
	a.Result, a.RevealedMs = &m.Result, c.now()
	r.assignments[signer] = a
	r.Revealed++
	return nil
}

func (c *Chain) rank(r *request, signer string, m *jobstypes.MsgRank) error {
	if r.State != jobstypes.REQUEST_STATE_EVALUATING || r.Evaluator != signer {
		return jobstypes.ErrState
	}
	for _, entry := range m.Ranking {
		if a, ok := r.assignments[entry.Node]; !ok || !a.HasRevealed() {
			return jobstypes.ErrRanking
		}
	}
	r.Ranking, r.InputUnusable, r.RankedMs = m.Ranking, m.InputUnusable, c.now()
	r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_RANKED, c.now()+int64(c.Windows.ChallengeMs)
	return nil
}

func (c *Chain) resolve(r *request, signer string, m *jobstypes.MsgResolveChallenge) error {
	r.Challenges = slices.Clone(r.Challenges) // whoever has asked has a copy
	pending := r.Pending()
	if pending == nil || pending.Resolver != signer {
		return jobstypes.ErrUnauthorized
	}
	for _, entry := range m.Ranking {
		if a, ok := r.assignments[entry.Node]; !ok || !a.HasRevealed() {
			return jobstypes.ErrRanking
		}
	}
	pending.Verdict = jobstypes.VERDICT_CONFIRMED
	if !m.Confirm && !slices.EqualFunc(m.Ranking, r.Ranking, func(a, b jobstypes.RankEntry) bool { return a.Node == b.Node }) {
		pending.Verdict, r.Ranking = jobstypes.VERDICT_OVERTURNED, m.Ranking
	}
	if m.InputUnusable && !r.InputUnusable {
		pending.Verdict, r.InputUnusable = jobstypes.VERDICT_OVERTURNED, true
	}
	r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_RANKED, c.now()+int64(c.Windows.ChallengeMs)
	return nil
}

func (c *Chain) concede(r *request, signer string) error {
	a, ok := r.assignments[signer]
	switch {
	case !ok || !a.HasRevealed() || r.State != jobstypes.REQUEST_STATE_RANKED:
		return jobstypes.ErrState
	case a.Conceded:
		return jobstypes.ErrConceded
	}
	a.Conceded = true
	r.assignments[signer] = a
	return nil
}
