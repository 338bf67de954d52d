package worker

import (
	"strconv"
	"time"

	"github.com/ain-network/aind/daemon"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const recordPrefix = "request/"

// record is what the journal keeps about one request until it is settled.
type record struct {
	daemon.Progress
	Job uint64 `json:"job"`
	// Outcome of the run and the salt of its commitment; nil: no result yet.
	Outcome *outcome `json:"outcome,omitempty"`
	Salt    []byte   `json:"salt,omitempty"`
	// States are the digests of what the segments of the work left, in the folder of states until the end.
	States [][]byte `json:"states,omitempty"`
	// StatesBytes is what they take on this machine's disk.
	StatesBytes int64 `json:"states_bytes,omitempty"`
	// Published: so many of them the chain has.
	Published int `json:"published,omitempty"`
	// StatesStored: the store has those that somebody will ask for.
	StatesStored bool `json:"states_stored,omitempty"`
	// TookMs is how long the segments ran, UnpublishedMs those whose states are not published.
	TookMs        int64 `json:"took_ms,omitempty"`
	UnpublishedMs int64 `json:"unpublished_ms,omitempty"`
	// Failure is why there will be no result of this request.
	Failure string `json:"failure,omitempty"`
	// Log of the program, in the logs folder; nil: it said nothing.
	Log *daemon.LogRef `json:"log,omitempty"`
}

// outcome is a result as it will be revealed.
type outcome struct {
	Inline []byte `json:"inline,omitempty"`
	// Digest and Size of a result that goes by reference; its content is in the results folder until the end.
	Digest string `json:"digest,omitempty"`
	Size   uint64 `json:"size,omitempty"`
	// Space that it lies in; 0: the store of a whole network.
	Space uint64 `json:"space,omitempty"`
	// Open: it is sent without a commitment, once the contract has closed.
	Open bool `json:"open,omitempty"`
	// Uploaded: the store has acknowledged it.
	Uploaded bool `json:"uploaded,omitempty"`
	// Output is what a program that its request names left, in a file of the results folder until the end. OutputUploaded: the store has it.
	Output         string `json:"output,omitempty"`
	OutputUploaded bool   `json:"output_uploaded,omitempty"`
}

// took is how long the segments ran so far.
func (r record) took() time.Duration { return time.Duration(r.TookMs) * time.Millisecond }

func recordKey(requestID uint64) string { return recordPrefix + strconv.FormatUint(requestID, 10) }

// messageKey names a step's message for the outbox.
func messageKey(requestID uint64, step daemon.Step) string {
	return strconv.FormatUint(requestID, 10) + "/" + step.Name
}

// result is the outcome as the chain knows it.
func (o outcome) result() jobstypes.Result {
	if o.Digest == "" {
		return jobstypes.Result{Inline: o.Inline}
	}
	return jobstypes.Result{Reference: &jobstypes.Reference{Digest: o.Digest, Size_: o.Size, Space: o.Space}}
}
