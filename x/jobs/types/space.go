package types

import "slices"

// named is content of a request, the field that names it, and who has done so; empty: the client.
type named struct {
	Path string
	Reference
	By string
}

// Inputs is the content that a client names in an order, with the fields that name it: what the workers get, then what
// its judges get.
func (s RequestSpec) Inputs() []named { return append(s.forWorkers(), s.forJudges()...) }

func (s RequestSpec) forWorkers() []named { return s.Input.content("spec.input") }

func (s RequestSpec) forJudges() []named {
	if s.EvaluatorInput == nil {
		return nil
	}
	return s.EvaluatorInput.content("spec.evaluator_input")
}

func (i Input) content(path string) []named { return contentOf(path, i.Reference, i.Files) }

// content of a result: its message where it is not inline, and its files.
func (r Result) content(path string) []named { return contentOf(path, r.Reference, r.Files) }

func contentOf(path string, reference *Reference, files []NamedReference) []named {
	all := add(nil, path+".reference", reference)
	for n, file := range files {
		all = append(all, named{Path: path + "." + index("files", n) + ".reference", Reference: file.Reference})
	}
	return all
}

// Content is what of a result lies in storage, with the fields that name it.
func (r Result) Content() []named { return r.content("result") }

// outputs is what came of a request so far: revealed results, and evidence.
func (r Request) outputs(assignments []Assignment) []named {
	var all []named
	for _, a := range assignments {
		if a.Result != nil {
			all = append(all, by(a.Worker, a.Result.Content())...)
		}
	}
	// The evidence of a ranking that a verdict has put in place of the evaluator's is the verdict's, too.
	all = append(all, by(r.Evaluator, add(nil, "evidence", r.First().Evidence))...)
	for _, c := range r.Challenges {
		all = append(all, by(c.Challenger, add(nil, "evidence", c.Evidence))...)
		all = append(all, by(c.Resolver, add(nil, "evidence", c.VerdictEvidence))...)
	}
	return all
}

// by says who has named content.
func by(account string, all []named) []named {
	for i := range all {
		all[i].By = account
	}
	return all
}

func add(all []named, path string, reference *Reference) []named {
	if reference == nil {
		return all
	}
	return append(all, named{Path: path, Reference: *reference})
}

// InSpaces is all content of a request that lies in spaces, some of it perhaps twice.
func (r Request) InSpaces(assignments []Assignment) []Reference {
	var all []Reference
	for _, content := range append(r.Spec.Inputs(), r.outputs(assignments)...) {
		if content.Space != 0 {
			all = append(all, content.Reference)
		}
	}
	return all
}

// NamedSpaces is every space that a request needs, once and in rising order: those of its content, those that workers
// committed to, and those of their states.
func (r Request) NamedSpaces(assignments []Assignment, checkpoints []Checkpoints) []uint64 {
	var all []uint64
	for _, content := range r.InSpaces(assignments) {
		all = append(all, content.Space)
	}
	for _, a := range assignments {
		all = append(all, a.Space)
	}
	for _, c := range checkpoints {
		all = append(all, c.Space)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(space uint64) bool { return space == 0 })
}

// ReadsStates says whether an account may read by now the states that lie in a space, as who judges the request: the
// evaluator and the resolvers that were called, from the end of reveals until the request is over.
func (r Request) ReadsStates(space uint64, account string) bool {
	return !r.IsFinished() && r.revealsClosed() && slices.Contains(r.Spaces, space) &&
		(account == r.Evaluator || slices.Contains(r.Resolvers(), account))
}

// MayReveal says whether a worker has committed to a result that lies in a space, and may still say what it is.
func (r Request) MayReveal(assignments []Assignment, space uint64) bool {
	return !r.revealsClosed() && slices.ContainsFunc(assignments, func(a Assignment) bool {
		return a.Space == space && a.HasCommitted() && !a.HasRevealed()
	})
}

// Reads says who has named what lies under a digest in a space where an account may read that by now, as one who takes part in the
// request; nobody: it may not. Until reveals have closed that is the input, for who is in the contract and for the recorded ancestors; then
// the judges' input for evaluator and ancestors, and for all of them and the client what came of it.
func (r Request) Reads(assignments []Assignment, space uint64, digest, account string) (namers []string) {
	if r.State == REQUEST_STATE_CANCELLED {
		return nil
	}
	look := func(content []named) {
		for _, c := range content {
			if c.By == "" {
				c.By = r.Client
			}
			if c.Space == space && c.Digest == digest && !slices.Contains(namers, c.By) {
				namers = append(namers, c.By)
			}
		}
	}
	judges := account == r.Evaluator || slices.Contains(r.Ancestors, account)
	works := slices.ContainsFunc(assignments, func(a Assignment) bool { return a.Worker == account && !a.Resigned })
	if judges || works {
		look(r.Spec.forWorkers())
	}
	if judges && r.revealsClosed() {
		look(r.Spec.forJudges())
	}
	if (judges || works || account == r.Client) && r.revealsClosed() {
		look(r.outputs(assignments))
	}
	return namers
}

// revealsClosed says that nobody reveals any more.
func (r Request) revealsClosed() bool {
	switch r.State {
	case REQUEST_STATE_OPEN, REQUEST_STATE_RUNNING, REQUEST_STATE_REVEALING:
		return false
	default:
		return true
	}
}

// EndsBy is when a request is over at the latest if nobody challenges its ranking: every window that comes before lasts
// to its end.
func (r Request) EndsBy(p Params, w Windows) int64 {
	end := r.RequestedMs + int64(w.OpenMs+r.Spec.TimeLimitMs+w.RevealMs)
	if r.Spec.WorkersNeedKeys() {
		end += int64(w.HiringMs + w.GrantMs)
	}
	if r.Spec.SkipEvaluation {
		return end
	}
	round := w.EvaluationMs
	if r.Spec.JudgesNeedKeys() {
		round += w.GrantMs
	}
	rounds := uint64(p.EvaluationRounds)
	return end + int64(rounds*round+(rounds-1)*w.OpenMs+w.ChallengeMs)
}

// JudgedBy is when the challenges that may still come, with one that was brought now, are over at the latest.
func (r Request) JudgedBy(now int64, w Windows) int64 {
	level := w.ResolveMs + w.ChallengeMs
	if r.Spec.JudgesNeedKeys() {
		level += w.GrantMs
	}
	left := 1 + max(0, len(r.Ancestors)-int(r.Level))
	return now + int64(uint64(left)*level)
}
