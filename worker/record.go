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
	// StatesSpace is where they lie; 0: the store of a whole network.
	StatesSpace uint64 `json:"states_space,omitempty"`
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
	// Space that it and the output lie in; 0: the store of a whole network.
	Space uint64 `json:"space,omitempty"`
	// Open: it is sent without a commitment, once the contract has closed.
	Open bool `json:"open,omitempty"`
	// Uploaded: the store has acknowledged it.
	Uploaded bool `json:"uploaded,omitempty"`
	// Output is what a program that its request names left, in a file of the results folder until the end. OutputUploaded: the store has it.
	Output         string `json:"output,omitempty"`
	OutputUploaded bool   `json:"output_uploaded,omitempty"`
	OutputSize     uint64 `json:"output_size,omitempty"`
	// OutputStored is the digest under which it is found, in chunks where OutputChunked.
	OutputStored  string `json:"output_stored,omitempty"`
	OutputChunked bool   `json:"output_chunked,omitempty"`
}

// took is how long the segments ran so far.
func (r record) took() time.Duration { return time.Duration(r.TookMs) * time.Millisecond }

func recordKey(requestID uint64) string { return recordPrefix + strconv.FormatUint(requestID, 10) }

// messageKey names a step's message for the outbox.
func messageKey(requestID uint64, step daemon.Step) string {
	return strconv.FormatUint(requestID, 10) + "/" + step.Name
}

// result is the outcome as the chain knows it. An output that lies in a space is one of its files: the reply alone does not say where.
func (o outcome) result() jobstypes.Result {
	result := jobstypes.Result{Inline: o.Inline}
	if o.Digest != "" {
		result = jobstypes.Result{Reference: &jobstypes.Reference{Digest: o.Digest, Size_: o.Size, Space: o.Space}}
	}
	if o.Output != "" && o.Space != 0 {
		result.Files = []jobstypes.NamedReference{{Name: daemon.OutputName, Reference: jobstypes.Reference{
			Digest: o.OutputStored, Size_: o.OutputSize, Space: o.Space, Chunked: o.OutputChunked,
		}}}
	}
	return result
}

// space is where the result lies, which its commitment names; 0: in none.
func (o outcome) space() uint64 {
	for _, content := range o.result().Content() {
		return content.Space
	}
	return 0
}
