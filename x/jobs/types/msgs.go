package types

import (
	"slices"
	"strings"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
)

// Each Validate checks all that a message says by itself, fields that are not
// enabled first, and fills in what was left out. It runs where the message runs,
// so that nothing nested in another message slips past it.

const (
	maxCommitBytes = 128
	// maxRating is more Elo points than anybody will have.
	maxRating = 1_000_000
)

// Validate checks a registration apart from schema, signatures and decoding.
func (m *MsgRegisterJob) Validate(p Params) error {
	if err := m.Enabled(); err != nil {
		return err
	}
	if m.Name == "" {
		return ErrInvalid.Wrap("name: empty; name the job")
	}
	if err := validateText("name", m.Name, p.MaxNameBytes, false); err != nil {
		return err
	}
	if err := validateText("description", m.Description, p.MaxTextBytes, true); err != nil {
		return err
	}
	if err := m.validateSource(p); err != nil {
		return err
	}
	if err := m.Terms.Validate(p); err != nil {
		return err
	}
	if err := m.QualificationInput.Validate("qualification_input", p); err != nil {
		return err
	}
	return m.validateReleases(p)
}

// validateSource wants a public repository and a commit.
func (m *MsgRegisterJob) validateSource(p Params) error {
	if err := validateSourceURL("source_url", m.SourceURL, p); err != nil {
		return err
	}
	if m.SourceCommit == "" {
		return ErrInvalid.Wrap("source_commit: empty; name the commit that the programs were built from")
	}
	return validateText("source_commit", m.SourceCommit, maxCommitBytes, false)
}

func validateSourceURL(field, url string, p Params) error {
	if err := validateText(field, url, p.MaxTextBytes, false); err != nil {
		return err
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme == "" || rest == "" || strings.ContainsRune(url, ' ') {
		return ErrInvalid.Wrapf("%s: %.200q: want the URL of the programs' public repository", field, url)
	}
	return nil
}

// validateReleases wants one release of each role, at most one of them of an evaluator: the schema says whether there is one.
func (m *MsgRegisterJob) validateReleases(p Params) error {
	count := map[program.Role]int{}
	for i, release := range m.Releases {
		if err := release.Validate(index("releases", i), p); err != nil {
			return err
		}
		count[release.Role]++
	}
	for _, role := range []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR} {
		if n := count[role]; n > 1 || n == 0 && role == program.ROLE_WORKER {
			return ErrInvalid.Wrapf("releases: %d of %s instead of one", n, role)
		}
	}
	return nil
}

// CheckReleases holds that a job has a program for each service of its schema, and no other.
func (m *MsgRegisterJob) CheckReleases(schema *Schema) error {
	has := slices.ContainsFunc(m.Releases, func(r ReleaseSpec) bool { return r.Role == program.ROLE_EVALUATOR })
	switch {
	case schema.HasEvaluator() && !has:
		return ErrInvalid.Wrapf("releases: 0 of %s instead of one", program.ROLE_EVALUATOR)
	case has && !schema.HasEvaluator():
		return ErrInvalid.Wrapf("releases: one of %s, but the schema has no service Evaluator; leave it out, or add the service", program.ROLE_EVALUATOR)
	}
	for _, release := range m.Releases {
		if err := schema.CheckProgram(release); err != nil {
			return err
		}
	}
	return nil
}

// Validate checks a fork apart from what it takes over.
func (m *MsgForkJob) Validate(p Params) error {
	if err := validateText("name", m.Name, p.MaxNameBytes, false); err != nil {
		return err
	}
	if err := validateText("description", m.Description, p.MaxTextBytes, true); err != nil {
		return err
	}
	if n := len(m.Releases); n == 0 || n > 2 {
		return ErrInvalid.Wrapf("releases: %d; name the newest of each role", n)
	}
	return nil
}

// Validate checks an update apart from its job.
func (m *MsgUpdateJob) Validate(p Params) error {
	if err := m.Enabled(); err != nil {
		return err
	}
	if m.Terms == nil && m.Description == "" && m.QualificationInput == nil && m.TreePolicy == nil {
		return ErrInvalid.Wrap("terms: nothing to change; give terms, description, qualification_input or tree_policy")
	}
	if err := validateText("description", m.Description, p.MaxTextBytes, true); err != nil {
		return err
	}
	if m.QualificationInput != nil {
		if err := m.QualificationInput.Validate("qualification_input", p); err != nil {
			return err
		}
	}
	if m.Terms == nil {
		return nil
	}
	return m.Terms.Validate(p)
}

// Validate checks a revocation apart from its release.
func (m *MsgRevokeRelease) Validate(p Params) error {
	return validateText("reason", m.Reason, p.MaxTextBytes, false)
}

// Validate checks a release apart from its signature.
func (m *MsgPublishRelease) Validate(p Params) error {
	if err := m.Enabled(); err != nil {
		return err
	}
	return m.Release.Validate("release", p)
}

// Validate checks a builder's name.
func (m *MsgAddBuilder) Validate(p Params) error {
	if m.Name == "" {
		return ErrInvalid.Wrap("name: empty; name the builder")
	}
	return validateText("name", m.Name, p.MaxNameBytes, false)
}

// Validate checks the reason.
func (m *MsgRemoveBuilder) Validate(p Params) error {
	return validateText("reason", m.Reason, p.MaxTextBytes, false)
}

// Validate checks an order apart from its job, and fills in what was left out.
func (m *MsgRequestJob) Validate(p Params) error {
	spec := &m.Spec
	if err := spec.Enabled(); err != nil {
		return err
	}
	if err := spec.Input.Validate("spec.input", p); err != nil {
		return err
	}
	if err := spec.validateEvaluatorInput(p); err != nil {
		return err
	}
	if err := normalizeAmount("spec.evaluator_reward", &spec.EvaluatorReward); err != nil {
		return err
	}
	if err := normalizeAmount("spec.worker_reward", &spec.WorkerReward); err != nil {
		return err
	}
	if ms := spec.TimeLimitMs; ms < p.MinTimeLimitMs || ms > p.MaxTimeLimitMs {
		return ErrInvalid.Wrapf("spec.time_limit_ms: %d ms is not within %d and %d", ms, p.MinTimeLimitMs, p.MaxTimeLimitMs)
	}
	if err := spec.validateWorkers(p); err != nil {
		return err
	}
	if err := spec.RewardFunction.validate("spec.reward_function", spec.MaxWorkers); err != nil {
		return err
	}
	if err := spec.validateCandidates(p); err != nil {
		return err
	}
	if spec.MinRating > maxRating {
		return ErrLimit.Wrapf("spec.min_rating: %d of at most %d", spec.MinRating, uint64(maxRating))
	}
	if spec.MinChallengeLevels > p.ChallengeLevels {
		return ErrInvalid.Wrapf("spec.min_challenge_levels: %d; this chain has %d", spec.MinChallengeLevels, p.ChallengeLevels)
	}
	if err := spec.validateSkip(); err != nil {
		return err
	}
	return validateRequirement("spec.requirement", spec.Requirement, p)
}

// validateSkip holds what a request without evaluation goes without: nobody to pay, to name or to challenge, no scores,
// and only workers whom the client trusts by name.
func (s *RequestSpec) validateSkip() error {
	if !s.SkipEvaluation {
		return nil
	}
	switch {
	case len(s.WorkerCandidates) == 0:
		return ErrInvalid.Wrap("spec.worker_candidates: none; without evaluation, name the workers that you trust")
	case s.EvaluatorReward.IsPositive():
		return ErrInvalid.Wrapf("spec.evaluator_reward: %s uain, but skip_evaluation is set; nobody evaluates", s.EvaluatorReward)
	case len(s.EvaluatorCandidates) > 0:
		return ErrInvalid.Wrapf("spec.evaluator_candidates: %d, but skip_evaluation is set; nobody evaluates", len(s.EvaluatorCandidates))
	case s.EvaluatorInput != nil:
		return ErrInvalid.Wrap("spec.evaluator_input: there is one, but skip_evaluation is set; nobody evaluates")
	case s.MinChallengeLevels > 0:
		return ErrInvalid.Wrapf("spec.min_challenge_levels: %d, but skip_evaluation is set; there is nothing to challenge", s.MinChallengeLevels)
	case s.RewardFunction.Kind == REWARD_KIND_PROPORTIONAL:
		return ErrInvalid.Wrapf("spec.reward_function.kind: %s goes by scores, but skip_evaluation is set; nobody gives any", s.RewardFunction.Kind)
	}
	return nil
}

func (s *RequestSpec) validateWorkers(p Params) error {
	if s.MinWorkers == 0 {
		s.MinWorkers = 1
	}
	if s.MaxWorkers == 0 {
		s.MaxWorkers = p.MaxWorkers
	}
	if s.MaxWorkers > p.MaxWorkers {
		return ErrLimit.Wrapf("spec.max_workers: %d of at most %d", s.MaxWorkers, p.MaxWorkers)
	}
	if s.MinWorkers > s.MaxWorkers {
		return ErrInvalid.Wrapf("spec.min_workers: %d is more than max_workers %d", s.MinWorkers, s.MaxWorkers)
	}
	return nil
}

// validateCandidates holds that lists of candidates name enough accounts, each once.
func (s *RequestSpec) validateCandidates(p Params) error {
	if err := validateAccounts("spec.evaluator_candidates", s.EvaluatorCandidates, p.MaxCandidates); err != nil {
		return err
	}
	if err := validateAccounts("spec.worker_candidates", s.WorkerCandidates, p.MaxCandidates); err != nil {
		return err
	}
	if n := len(s.WorkerCandidates); n > 0 && n < int(s.MinWorkers) {
		return ErrInvalid.Wrapf("spec.worker_candidates: %d accounts, but min_workers is %d", n, s.MinWorkers)
	}
	return nil
}

func validateAccounts(path string, addresses []string, limit uint32) error {
	if err := checkLength(path, len(addresses), limit); err != nil {
		return err
	}
	seen := make(map[string]bool, len(addresses))
	for i, address := range addresses {
		account, err := ParseAddress(index(path, i), address)
		if err != nil {
			return err
		}
		// Candidates are compared as text, and an address in capitals is one, too.
		addresses[i] = account.String()
		if seen[addresses[i]] {
			return ErrInvalid.Wrapf("%s: %s is named twice", index(path, i), address)
		}
		seen[addresses[i]] = true
	}
	return nil
}

// RefuseOwn refuses a client among its own candidates, who could never accept.
func (s RequestSpec) RefuseOwn(client string) error {
	if i := slices.Index(s.EvaluatorCandidates, client); i >= 0 {
		return ErrInvalid.Wrapf("spec.evaluator_candidates[%d]: %s is the client, who has no other place; leave it out", i, client)
	}
	if i := slices.Index(s.WorkerCandidates, client); i >= 0 {
		return ErrInvalid.Wrapf("spec.worker_candidates[%d]: %s is the client, who has no other place; leave it out", i, client)
	}
	return nil
}

// IsCandidate tells whether an account may take a place as far as lists of
// candidates go. Once a request was reopened any evaluator may.
func (r Request) IsCandidate(account string, role program.Role) bool {
	candidates := r.Spec.WorkerCandidates
	if role == program.ROLE_EVALUATOR {
		candidates = r.Spec.EvaluatorCandidates
		if r.State == REQUEST_STATE_REOPENED {
			return true
		}
	}
	return len(candidates) == 0 || slices.Contains(candidates, account)
}

// Rewards is R_e + R_w in uain.
func (s RequestSpec) Rewards() math.Int { return s.EvaluatorReward.Add(s.WorkerReward) }

// Validate checks the role.
func (m *MsgAcceptJob) Validate() error {
	if m.Role != program.ROLE_EVALUATOR && m.Role != program.ROLE_WORKER {
		return ErrInvalid.Wrapf("role: %s: want evaluator or worker", m.Role)
	}
	return nil
}

// Validate checks a submission apart from decoding: a commitment, or the result itself where the job's results are open.
func (m *MsgSubmitResult) Validate(p Params, terms TermsSpec) error {
	if terms.OpenResults {
		if len(m.Commitment) > 0 {
			return ErrInvalid.Wrapf("commitment: %d bytes, but the job's results are open; send the result", len(m.Commitment))
		}
		if m.Result == nil {
			return ErrInvalid.Wrap("result: none; the job's results are open: send it in place of a commitment")
		}
		if m.Space != 0 {
			return ErrInvalid.Wrapf("space: %d, but the job's results are open, and the result names its own; leave it out", m.Space)
		}
		return m.Result.Validate("result", p)
	}
	if m.Result != nil {
		return ErrInvalid.Wrap("result: set, but the job's results are committed to first; send the commitment, and the result when reveals begin")
	}
	if len(m.Commitment) != 32 {
		return ErrInvalid.Wrapf("commitment: %d bytes instead of 32", len(m.Commitment))
	}
	return nil
}

// Validate checks a reveal apart from its commitment and decoding.
func (m *MsgRevealResult) Validate(p Params) error {
	if len(m.Salt) != SaltSize {
		return ErrInvalid.Wrapf("salt: %d bytes instead of %d", len(m.Salt), SaltSize)
	}
	return m.Result.Validate("result", p)
}

// Validate checks a ranking apart from who is in it.
func (m *MsgRank) Validate(p Params) error {
	return Ranking{Entries: m.Ranking, InputUnusable: m.InputUnusable, Evidence: m.Evidence}.validate(p)
}

// Validate checks a challenge apart from its request.
func (m *MsgChallenge) Validate(p Params) error {
	return validateEvidence(m.Evidence, p)
}

// Validate checks a verdict apart from who is in it.
func (m *MsgResolveChallenge) Validate(p Params) error {
	if m.Confirm && (len(m.Ranking) > 0 || m.InputUnusable) {
		return ErrInvalid.Wrap("confirm: set together with another verdict; leave ranking and input_unusable out, or confirm")
	}
	if err := m.validateForged(p); err != nil {
		return err
	}
	return Ranking{Entries: m.Ranking, InputUnusable: m.InputUnusable, Evidence: m.Evidence}.validate(p)
}

// validateForged wants workers that this verdict does not rank, each once.
func (m *MsgResolveChallenge) validateForged(p Params) error {
	if err := checkLength("forged", len(m.Forged), p.MaxWorkers); err != nil {
		return err
	}
	for i, worker := range m.Forged {
		if slices.Contains(m.Forged[:i], worker) {
			return ErrInvalid.Wrapf("%s: %.100q is there twice", index("forged", i), worker)
		}
		if IsRanked(m.Ranking, worker) {
			return ErrInvalid.Wrapf("%s: %.100q is in the ranking too", index("forged", i), worker)
		}
	}
	if len(m.Forged) > 0 && m.InputUnusable {
		return ErrInvalid.Wrap("forged: set together with input_unusable; leave one out")
	}
	return nil
}

// IsRanked says whether a ranking finds a worker valid.
func IsRanked(ranking []RankEntry, worker string) bool {
	return slices.ContainsFunc(ranking, func(entry RankEntry) bool { return entry.Node == worker })
}

func (r Ranking) validate(p Params) error {
	if r.InputUnusable && len(r.Entries) > 0 {
		return ErrInvalid.Wrap("input_unusable: set together with a ranking; leave one out")
	}
	ranked := make([]Ranked, len(r.Entries))
	for i, entry := range r.Entries {
		ranked[i] = Ranked{Node: entry.Node, Score: entry.Score}
	}
	if err := checkRanked(ranked); err != nil {
		return err
	}
	return validateEvidence(r.Evidence, p)
}

func validateEvidence(evidence *Reference, p Params) error {
	if evidence == nil {
		return nil
	}
	return evidence.validate("evidence", p)
}
