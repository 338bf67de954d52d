package daemon

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// spoil returns a reply of the same type whose every number, text and flag differs from the original's, by amounts that
// the seed chooses: the same on every machine. Fields that the reply does not have are given, so that an empty reply, too,
// is spoiled into something.
func spoil(replyType protoreflect.MessageDescriptor, reply []byte, seed [32]byte) ([]byte, error) {
	message := dynamicpb.NewMessage(replyType)
	if err := (proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}).Unmarshal(reply, message); err != nil {
		return nil, fmt.Errorf("decode a reply of type %s: %w", replyType.FullName(), err)
	}
	s := &spoiler{seed: seed}
	s.message(message)
	return proto.MarshalOptions{Deterministic: true}.Marshal(message)
}

type spoiler struct {
	seed  [32]byte
	draws uint64
}

// draw is the next number of the seed; never zero.
func (s *spoiler) draw() uint64 {
	s.draws++
	sum := derive(s.seed, "draw", s.draws)
	return binary.BigEndian.Uint64(sum[:8]) | 1
}

func (s *spoiler) message(message protoreflect.Message) {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsMap():
			message.Clear(field)
		case field.IsList():
			s.list(message.Mutable(field).List(), field)
		case field.ContainingOneof() != nil && !message.Has(field):
		case field.Message() != nil:
			s.message(message.Mutable(field).Message())
		default:
			message.Set(field, s.scalar(field, message.Get(field)))
		}
	}
}

// list spoils every element, or gives an empty list of plain values one.
func (s *spoiler) list(list protoreflect.List, field protoreflect.FieldDescriptor) {
	if field.Message() != nil {
		for i := range list.Len() {
			s.message(list.Get(i).Message())
		}
		return
	}
	if list.Len() == 0 {
		list.Append(s.scalar(field, list.NewElement()))
		return
	}
	for i := range list.Len() {
		list.Set(i, s.scalar(field, list.Get(i)))
	}
}

func (s *spoiler) scalar(field protoreflect.FieldDescriptor, value protoreflect.Value) protoreflect.Value {
	draw := s.draw()
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(!value.Bool())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprintf("%s%x", value.String(), draw))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(binary.BigEndian.AppendUint64(append([]byte(nil), value.Bytes()...), draw))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(s.float(value.Float(), draw)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(s.float(value.Float(), draw))
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(int(draw % uint64(values.Len()))).Number())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(value.Int()) ^ int32(draw))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(value.Uint()) ^ uint32(draw))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(value.Uint() ^ draw)
	default: // the signed kinds of 64 bits
		return protoreflect.ValueOfInt64(value.Int() ^ int64(draw))
	}
}

// float moves a number by one to nine, away from zero or towards it, and takes what is none for zero.
func (*spoiler) float(value float64, draw uint64) float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		value = 0
	}
	return value + 1 + float64(draw%8)
}
