package types

import (
	"bytes"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// DigestSize is the size of a state's digest in bytes.
const DigestSize = 32

// StateName is the file by which a program that runs in segments leaves its state, and finds it again.
const StateName = "state"

const (
	drawDomain    = "ain/draw/v1"
	segmentDomain = "ain/segment/v1"
)

// ByCheckpoint tells whether drawn segments of the work are run again.
func (t TermsSpec) ByCheckpoint() bool { return t.Verification == VERIFICATION_CHECKPOINT }

// Draw decides which segments of a request are run again. The app hash is that of the block in which reveals began: nobody
// knows it who can still change what it commits to.
func Draw(chainID string, requestID uint64, appHash []byte) [32]byte {
	return hashParts([]byte(drawDomain), []byte(chainID), number(requestID), appHash)
}

// Drawn are the places of a worker's segments that are run again, rising. Its checkpoints divide the work into one segment
// more than there are: segment i begins with what checkpoint i-1 left, the first with nothing, and ends with checkpoint i, the
// last with the result. The last is always drawn, for it binds the result to the states; of the others so many as the terms
// say, those with the least hash of draw, worker and place.
func Drawn(draw [32]byte, worker sdk.AccAddress, checkpoints, segments uint32) []uint32 {
	type ticket struct {
		place uint32
		hash  [32]byte
	}
	tickets := make([]ticket, checkpoints)
	for i := range tickets {
		place := uint32(i)
		tickets[i] = ticket{place, hashParts([]byte(segmentDomain), draw[:], worker, number(uint64(place)))}
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	drawn := make([]uint32, 0, min(checkpoints, segments)+1)
	for _, t := range tickets[:min(checkpoints, segments)] {
		drawn = append(drawn, t.place)
	}
	slices.Sort(drawn)
	return append(drawn, checkpoints)
}

// DrawnOf are the segments of one worker that are run again; none: nothing is drawn yet.
func (r Request) DrawnOf(terms TermsSpec, c Checkpoints) ([]uint32, error) {
	if len(r.Draw) == 0 {
		return nil, nil
	}
	worker, err := ParseAddress("worker", c.Worker)
	if err != nil {
		return nil, err
	}
	return Drawn([32]byte(r.Draw), worker, uint32(len(c.Digests)), terms.Segments), nil
}

// AwaitsDraw tells whether a request's segments are to be drawn, and are not yet.
func (r Request) AwaitsDraw(terms TermsSpec) bool {
	if !terms.ByCheckpoint() || len(r.Draw) > 0 || r.IsFinished() {
		return false
	}
	return r.State != REQUEST_STATE_OPEN && r.State != REQUEST_STATE_RUNNING
}

// validateCheckpoint holds what work has to be that others repeat in parts.
func (t *TermsSpec) validateCheckpoint(p Params) error {
	if !t.ByCheckpoint() {
		switch {
		case t.MaxCheckpoints > 0:
			return ErrInvalid.Wrapf("terms.max_checkpoints: %d, but verification is not by checkpoint; leave it out", t.MaxCheckpoints)
		case t.Segments > 0:
			return ErrInvalid.Wrapf("terms.segments: %d, but verification is not by checkpoint; leave it out", t.Segments)
		}
		return nil
	}
	switch {
	case !t.Deterministic:
		return ErrInvalid.Wrap("terms.deterministic: not set, but verification is by checkpoint; only what a deterministic program does can be repeated")
	case t.OpenResults:
		return ErrInvalid.Wrap("terms.open_results: set, but verification is by checkpoint; what is run again is drawn once all have committed")
	case t.MaxCheckpoints == 0:
		return ErrInvalid.Wrap("terms.max_checkpoints: 0, but verification is by checkpoint; say how many a worker may publish")
	case t.MaxCheckpoints > p.MaxCheckpoints:
		return ErrLimit.Wrapf("terms.max_checkpoints: %d of at most %d", t.MaxCheckpoints, p.MaxCheckpoints)
	case t.Segments == 0:
		return ErrInvalid.Wrap("terms.segments: 0, but verification is by checkpoint; say how many of a worker's are run again")
	case t.Segments > t.MaxCheckpoints:
		return ErrInvalid.Wrapf("terms.segments: %d, but there are at most %d besides the last", t.Segments, t.MaxCheckpoints)
	}
	return nil
}

// CheckVerification holds that there is an evaluator where segments are run again.
func (t TermsSpec) CheckVerification(schema *Schema) error {
	if t.ByCheckpoint() && !schema.HasEvaluator() {
		return ErrInvalid.Wrap("terms.verification: by checkpoint, but the schema has no service Evaluator, and somebody has to run segments again; add the service")
	}
	return nil
}

// CheckSpec holds that nobody orders work unseen that is there to be repeated, or hides a program's state behind a file.
func (t TermsSpec) CheckSpec(spec RequestSpec) error {
	if !t.ByCheckpoint() {
		return nil
	}
	if spec.SkipEvaluation {
		return ErrInvalid.Wrap("spec.skip_evaluation: set, but the job verifies by checkpoint, and somebody has to run segments again; leave it out")
	}
	if i := slices.IndexFunc(spec.Input.Files, func(f NamedReference) bool { return f.Name == StateName }); i >= 0 {
		return ErrInvalid.Wrapf("%s.name: %s is where the program finds its own state, since the job verifies by checkpoint; choose another name",
			index("spec.input.files", i), StateName)
	}
	return nil
}

// Validate checks digests by themselves and against the terms.
func (m *MsgPublishCheckpoints) Validate(terms TermsSpec) error {
	if !terms.ByCheckpoint() {
		return ErrInvalid.Wrapf("digests: %d, but the job does not verify by checkpoint", len(m.Digests))
	}
	if len(m.Digests) == 0 {
		return ErrInvalid.Wrap("digests: none; give one for each state")
	}
	for i, digest := range m.Digests {
		if len(digest) != DigestSize {
			return ErrInvalid.Wrapf("%s: %d bytes instead of %d", index("digests", i), len(digest), DigestSize)
		}
	}
	if all := uint64(m.First) + uint64(len(m.Digests)); all > uint64(terms.MaxCheckpoints) {
		return ErrLimit.Wrapf("digests: %d checkpoints of at most %d", all, terms.MaxCheckpoints)
	}
	return nil
}
