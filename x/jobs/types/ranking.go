package types

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Ranked is one valid worker of an evaluator's output.
type Ranked struct {
	// Node is the worker's address.
	Node string
	// Score does not increase along a list.
	Score uint64
	// Metrics in the order of the job's list.
	Metrics []int64
}

// ParseRanking reads an evaluator's output, best first. Entries that are not valid
// are left out; of the others the job's metrics are read. In the short form, a bare list of nodes, the scores count down to 1.
// Errors wrap ErrDecode or ErrRanking.
func (s *Schema) ParseRanking(output []byte, metrics []Metric) ([]Ranked, error) {
	if s.evaluator == nil {
		return nil, ErrSchema.Wrap("the schema has no service Evaluator")
	}
	if err := checkMessage(s.EvaluatorOutput(), output); err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(s.EvaluatorOutput())
	if err := (proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}).Unmarshal(output, message); err != nil {
		return nil, ErrDecode.Wrapf("%s: not a message of this type", s.EvaluatorOutput().Name())
	}
	list := message.Get(s.shape.ranking).List()
	ranked := make([]Ranked, 0, list.Len())
	for i := range list.Len() {
		if s.shape.short {
			ranked = append(ranked, Ranked{Node: list.Get(i).String(), Score: uint64(list.Len() - i)})
			continue
		}
		if entry, valid := rankedEntry(list.Get(i).Message()); valid {
			entry.Metrics = s.measure(list.Get(i).Message(), metrics)
			ranked = append(ranked, entry)
		}
	}
	return ranked, checkRanked(ranked)
}

func rankedEntry(entry protoreflect.Message) (ranked Ranked, valid bool) {
	fields := entry.Descriptor().Fields()
	return Ranked{
		Node:  entry.Get(fields.ByName(fieldNode)).String(),
		Score: entry.Get(fields.ByName(fieldScore)).Uint(),
	}, entry.Get(fields.ByName(fieldValid)).Bool()
}

// checkRanked holds what every ranking must: each node once, scores that do not increase.
func checkRanked(ranked []Ranked) error {
	seen := make(map[string]bool, len(ranked))
	for i, entry := range ranked {
		if seen[entry.Node] {
			return ErrRanking.Wrapf("ranking[%d]: node %.100q is ranked twice", i, entry.Node)
		}
		seen[entry.Node] = true
		if i > 0 && entry.Score > ranked[i-1].Score {
			return ErrRanking.Wrapf("ranking[%d]: score %d after %d; list the best first", i, entry.Score, ranked[i-1].Score)
		}
	}
	return nil
}
