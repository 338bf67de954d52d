package console

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// encodeMessage turns what the user wrote into the proto binary of a message of the job's schema. Errors name the field.
func encodeMessage(path string, message protoreflect.MessageDescriptor, node *yaml.Node) ([]byte, error) {
	if isNull(node) {
		return nil, nil // the empty message
	}
	if err := checkFields(path, message, node); err != nil {
		return nil, err
	}
	text, err := toJSON(path, node)
	if err != nil {
		return nil, err
	}
	value := dynamicpb.NewMessage(message)
	options := protojson.UnmarshalOptions{Resolver: new(protoregistry.Types)}
	if err := options.Unmarshal(text, value); err != nil {
		return nil, badInputf("%s: %s (%s)", path, jsonReason(err), fieldsOf(message))
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(value)
	if err != nil {
		return nil, badInputf("%s: %w", path, err)
	}
	return encoded, nil
}

// jsonReason is the library's reason without its position in a text that the user never saw.
func jsonReason(err error) string {
	_, reason, ok := strings.Cut(err.Error(), "): ")
	if !ok {
		return err.Error()
	}
	return reason
}

// checkFields finds names that the schema does not have, before anything else is wrong with their values.
func checkFields(path string, message protoreflect.MessageDescriptor, node *yaml.Node) error {
	if isWellKnown(message) {
		return nil // written in a form of its own
	}
	o, err := asObject(path, node)
	if err != nil {
		return err
	}
	for _, key := range o.keys {
		field := message.Fields().ByName(protoreflect.Name(key))
		if field == nil {
			field = message.Fields().ByJSONName(key)
		}
		if field == nil {
			return badInputf("%s: no such field (%s)", o.at(key), fieldsOf(message))
		}
		if err := checkField(o.at(key), field, o.values[key]); err != nil {
			return err
		}
	}
	return nil
}

func checkField(path string, field protoreflect.FieldDescriptor, node *yaml.Node) error {
	switch {
	case field.Message() == nil || isNull(node):
		return nil
	case field.IsMap():
		if field.MapValue().Message() == nil || node.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i < len(node.Content); i += 2 {
			if err := checkFields(path+"."+node.Content[i].Value, field.MapValue().Message(), node.Content[i+1]); err != nil {
				return err
			}
		}
		return nil
	case field.IsList():
		if node.Kind != yaml.SequenceNode {
			return badInputf("%s: want a list: [a, b]", path)
		}
		for i, item := range node.Content {
			if err := checkFields(fmt.Sprintf("%s[%d]", path, i), field.Message(), item); err != nil {
				return err
			}
		}
		return nil
	}
	return checkFields(path, field.Message(), node)
}

func isWellKnown(message protoreflect.MessageDescriptor) bool {
	return message.FullName().Parent() == "google.protobuf"
}

// fieldsOf lists what a message has, as a hint.
func fieldsOf(message protoreflect.MessageDescriptor) string {
	fields := make([]string, message.Fields().Len())
	for i := range fields {
		field := message.Fields().Get(i)
		fields[i] = string(field.Name()) + ": " + typeName(field)
	}
	if len(fields) == 0 {
		return fmt.Sprintf("%s has no fields", message.Name())
	}
	return fmt.Sprintf("%s is {%s}", message.Name(), strings.Join(fields, ", "))
}

func typeName(field protoreflect.FieldDescriptor) string {
	name := field.Kind().String()
	switch {
	case field.IsMap():
		return "map"
	case field.Message() != nil:
		name = string(field.Message().Name())
	case field.Enum() != nil:
		name = string(field.Enum().Name())
	}
	if field.IsList() {
		return "[" + name + ", …]"
	}
	return name
}

// reply is a worker's result, decoded.
type reply struct {
	lines []string        // a field a line, X: 2
	json  json.RawMessage // proto JSON
}

// decodeReply reads a result that a stranger sent.
func decodeReply(message protoreflect.MessageDescriptor, encoded []byte) (reply, error) {
	value := dynamicpb.NewMessage(message)
	if err := (proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}).Unmarshal(encoded, value); err != nil {
		return reply{}, fmt.Errorf("result is no %s: %w", message.Name(), err)
	}
	text, err := marshalJSON(value)
	if err != nil {
		return reply{}, err
	}
	decoded := reply{json: text}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if field.HasPresence() && !value.Has(field) {
			continue
		}
		line, err := showField(field, value.Get(field))
		if err != nil {
			return reply{}, err
		}
		decoded.lines = append(decoded.lines, capitalize(string(field.Name()))+": "+line)
	}
	if len(decoded.lines) == 0 {
		decoded.lines = []string{string(message.Name()) + ": empty"}
	}
	return decoded, nil
}

// marshalJSON writes proto JSON without the white space that the library varies on purpose.
func marshalJSON(value proto.Message) (json.RawMessage, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true, Resolver: new(protoregistry.Types)}.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("show a message: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("show a message: %w", err)
	}
	return compact.Bytes(), nil
}

func showField(field protoreflect.FieldDescriptor, value protoreflect.Value) (string, error) {
	if field.IsMap() {
		return fmt.Sprintf("a map of %d entries", value.Map().Len()), nil
	}
	if !field.IsList() {
		return showValue(field, value)
	}
	items := make([]string, value.List().Len())
	for i := range items {
		item, err := showValue(field, value.List().Get(i))
		if err != nil {
			return "", err
		}
		items[i] = item
	}
	return "[" + strings.Join(items, ", ") + "]", nil
}

func showValue(field protoreflect.FieldDescriptor, value protoreflect.Value) (string, error) {
	switch field.Kind() {
	case protoreflect.MessageKind:
		text, err := marshalJSON(value.Message().Interface())
		return plain(string(text)), err
	case protoreflect.FloatKind:
		return strconv.FormatFloat(value.Float(), 'g', -1, 32), nil
	case protoreflect.DoubleKind:
		return strconv.FormatFloat(value.Float(), 'g', -1, 64), nil
	case protoreflect.StringKind:
		return plain(value.String()), nil
	case protoreflect.BytesKind:
		return base64.StdEncoding.EncodeToString(value.Bytes()), nil
	case protoreflect.EnumKind:
		if name := field.Enum().Values().ByNumber(value.Enum()); name != nil {
			return string(name.Name()), nil
		}
	}
	return fmt.Sprint(value.Interface()), nil
}

func capitalize(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
