package types

import (
	"math"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// metricKinds are the types of a field that can be a metric.
var metricKinds = map[protoreflect.Kind]bool{
	protoreflect.Int32Kind: true, protoreflect.Sint32Kind: true, protoreflect.Sfixed32Kind: true,
	protoreflect.Int64Kind: true, protoreflect.Sint64Kind: true, protoreflect.Sfixed64Kind: true,
	protoreflect.Uint32Kind: true, protoreflect.Fixed32Kind: true,
	protoreflect.Uint64Kind: true, protoreflect.Fixed64Kind: true,
}

// CheckMetrics wants every metric to be an integer field of an entry of the
// evaluator's ranking.
func (s *Schema) CheckMetrics(metrics []Metric) error {
	for i, metric := range metrics {
		if s.metric(metric) == nil {
			return ErrInvalid.Wrapf("%s.field: %q is no integer field of an entry of the evaluator's ranking", index("terms.metrics", i), metric.Field)
		}
	}
	return nil
}

func (s *Schema) metric(metric Metric) protoreflect.FieldDescriptor {
	if s.evaluator == nil || s.shape.short {
		return nil
	}
	field := s.shape.ranking.Message().Fields().ByName(protoreflect.Name(metric.Field))
	if field == nil || field.Cardinality() == protoreflect.Repeated || !metricKinds[field.Kind()] {
		return nil
	}
	return field
}

// measure reads the metrics of an entry. What does not fit 64 bits with a sign is the
// largest that does.
func (s *Schema) measure(entry protoreflect.Message, metrics []Metric) []int64 {
	var values []int64
	for _, metric := range metrics {
		value := int64(0)
		if field := s.metric(metric); field != nil {
			switch got := entry.Get(field).Interface().(type) {
			case int32:
				value = int64(got)
			case int64:
				value = got
			case uint32:
				value = int64(got)
			case uint64:
				value = int64(min(got, math.MaxInt64))
			}
		}
		values = append(values, value)
	}
	return values
}
