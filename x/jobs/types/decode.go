package types

import (
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkMessage walks proto binary along a message type and refuses what is not of
// it: unknown fields, wrong wire types, broken lengths and strings that are not
// UTF-8, in every nested message, list and map. It builds nothing, so that its
// cost is that of reading the bytes once; what it accepts, every protobuf library
// decodes without loss. The error names the path of the field. Schemas do not
// recurse, so that a value is never deeper than its schema may be.
func checkMessage(message protoreflect.MessageDescriptor, b []byte) error {
	return checkFields(message, b, string(message.Name()))
}

func checkFields(message protoreflect.MessageDescriptor, b []byte, path string) error {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return ErrDecode.Wrapf("%s: broken field tag", path)
		}
		b = b[n:]
		field := message.Fields().ByNumber(number)
		if field == nil {
			return ErrDecode.Wrapf("%s: unknown field %s", path, strconv.Itoa(int(number)))
		}
		n, err := checkField(field, wire, b, path+"."+string(field.Name()))
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// checkField checks one value of a field and says how long it is.
func checkField(field protoreflect.FieldDescriptor, wire protowire.Type, b []byte, path string) (int, error) {
	want := wireType(field.Kind())
	packed := wire == protowire.BytesType && want != protowire.BytesType && field.IsList()
	if wire != want && !packed {
		return 0, ErrDecode.Wrapf("%s: wire type %d instead of %d", path, wire, want)
	}
	if wire != protowire.BytesType {
		n := protowire.ConsumeFieldValue(field.Number(), wire, b)
		if n < 0 {
			return 0, ErrDecode.Wrapf("%s: broken value", path)
		}
		return n, nil
	}
	value, n := protowire.ConsumeBytes(b)
	if n < 0 {
		return 0, ErrDecode.Wrapf("%s: longer than the message", path)
	}
	switch {
	case packed:
		return n, checkPacked(field, want, value, path)
	case field.Message() != nil:
		return n, checkFields(field.Message(), value, path)
	case field.Kind() == protoreflect.StringKind && !utf8.Valid(value):
		return 0, ErrDecode.Wrapf("%s: not UTF-8", path)
	}
	return n, nil
}

func checkPacked(field protoreflect.FieldDescriptor, want protowire.Type, b []byte, path string) error {
	for len(b) > 0 {
		n := protowire.ConsumeFieldValue(field.Number(), want, b)
		if n < 0 {
			return ErrDecode.Wrapf("%s: broken packed list", path)
		}
		b = b[n:]
	}
	return nil
}

func wireType(kind protoreflect.Kind) protowire.Type {
	switch kind {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return protowire.Fixed32Type
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.Fixed64Type
	default:
		return protowire.VarintType
	}
}
