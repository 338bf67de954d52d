package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// maxNesting is how deep messages may nest: the chain refuses deeper ones, so a reply beyond it would be worth nothing.
const maxNesting = 32

// noTypes keeps Any and extensions from resolving to types that happen to be linked into this binary.
var noTypes = new(protoregistry.Types)

// RPC is the method that a program serves, with what is needed to turn its messages into what the program reads and back.
type RPC struct {
	program       Program
	files         []protoreflect.FileDescriptor // in the schema's order
	input, output protoreflect.MessageDescriptor
}

// NewRPC finds the program's method in its schema. Its errors wrap ErrBadProgram.
func NewRPC(p Program) (*RPC, error) {
	if p.Codec == CodecPlain {
		return &RPC{program: p}, nil
	}
	set := new(descriptorpb.FileDescriptorSet)
	if err := (proto.UnmarshalOptions{Resolver: noTypes}).Unmarshal(p.Schema, set); err != nil {
		return nil, fmt.Errorf("%w: schema is not a FileDescriptorSet: %w", ErrBadProgram, err)
	}
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("%w: schema: %w", ErrBadProgram, err)
	}
	r := &RPC{program: p}
	for _, f := range set.File {
		file, err := registry.FindFileByPath(f.GetName())
		if err != nil {
			return nil, fmt.Errorf("%w: schema file %q: %w", ErrBadProgram, f.GetName(), err)
		}
		r.files = append(r.files, file)
	}
	found, err := registry.FindDescriptorByName(protoreflect.FullName(p.Service))
	if err != nil {
		return nil, fmt.Errorf("%w: service %q is not in the schema", ErrBadProgram, p.Service)
	}
	service, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%w: %q is not a service of the schema", ErrBadProgram, p.Service)
	}
	method := service.Methods().ByName(protoreflect.Name(p.Method))
	if method == nil {
		return nil, fmt.Errorf("%w: service %s has no method %q", ErrBadProgram, p.Service, p.Method)
	}
	if method.IsStreamingClient() || method.IsStreamingServer() {
		return nil, fmt.Errorf("%w: method %s streams: programs serve unary methods", ErrBadProgram, method.FullName())
	}
	r.input, r.output = method.Input(), method.Output()
	return r, nil
}

// EncodeInput turns the request message into what the program reads. Equal requests give equal bytes.
func (r *RPC) EncodeInput(input []byte) ([]byte, error) {
	if r.program.Codec == CodecPlain {
		return input, nil
	}
	msg, err := decodeMessage(r.input, input)
	if err != nil {
		return nil, fmt.Errorf("input is not a %s: %w", r.input.FullName(), err)
	}
	switch {
	case r.program.Kind == KindScript:
		return appendPlain(nil, msg)
	case r.program.Codec == CodecJSON:
		text, err := protojson.MarshalOptions{Resolver: noTypes}.Marshal(msg.Interface())
		if err != nil {
			return nil, fmt.Errorf("input as JSON: %w", err)
		}
		var compact bytes.Buffer // protojson varies its spaces from build to build
		if err := json.Compact(&compact, text); err != nil {
			return nil, fmt.Errorf("input as JSON: %w", err)
		}
		return compact.Bytes(), nil
	}
	return input, nil
}

// DecodeOutput turns what the program wrote into the reply message, proto binary. Its errors wrap ErrBadOutput.
func (r *RPC) DecodeOutput(output []byte) ([]byte, error) {
	if r.program.Codec == CodecPlain {
		return output, nil
	}
	msg, err := r.parseOutput(output)
	if err != nil {
		return nil, fmt.Errorf("%w: not a %s: %w", ErrBadOutput, r.output.FullName(), err)
	}
	reply, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg.Interface())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadOutput, err)
	}
	// What JSON can say may still be more than the wire may hold, for instance nesting.
	if _, err := decodeMessage(r.output, reply); err != nil {
		return nil, fmt.Errorf("%w: not a %s: %w", ErrBadOutput, r.output.FullName(), err)
	}
	return reply, nil
}

func (r *RPC) parseOutput(output []byte) (protoreflect.Message, error) {
	switch {
	case r.program.Kind == KindScript:
		return parsePlain(r.output, output)
	case r.program.Codec == CodecJSON:
		msg := dynamicpb.NewMessage(r.output)
		return msg, protojson.UnmarshalOptions{Resolver: noTypes, RecursionLimit: maxNesting}.Unmarshal(output, msg)
	}
	return decodeMessage(r.output, output)
}

// decodeMessage decodes proto binary strictly: a field that the schema does not have is an error, as it is on the chain.
func decodeMessage(desc protoreflect.MessageDescriptor, data []byte) (protoreflect.Message, error) {
	msg := dynamicpb.NewMessage(desc)
	if err := (proto.UnmarshalOptions{Resolver: noTypes, RecursionLimit: maxNesting}).Unmarshal(data, msg); err != nil {
		return nil, err
	}
	if err := refuseUnknown(msg); err != nil {
		return nil, err
	}
	return msg, nil
}

func refuseUnknown(msg protoreflect.Message) (err error) {
	if n := len(msg.GetUnknown()); n > 0 {
		return fmt.Errorf("%s holds %d bytes of fields that its type does not have", msg.Descriptor().FullName(), n)
	}
	msg.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				err = refuseUnknown(v.Message())
				return err == nil
			})
		case field.IsMap() || field.Message() == nil:
		case field.IsList():
			for i := 0; i < value.List().Len() && err == nil; i++ {
				err = refuseUnknown(value.List().Get(i).Message())
			}
		default:
			err = refuseUnknown(value.Message())
		}
		return err == nil
	})
	return err
}
