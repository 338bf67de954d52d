package types

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Names that the protocol fixes in a schema; every other name is the author's.
const (
	workerServiceName    = "Worker"
	evaluatorServiceName = "Evaluator"

	fieldRequest  = "request"
	fieldWorkers  = "workers"
	fieldNode     = "node"
	fieldResponse = "response"
	fieldRanking  = "ranking"
	fieldScore    = "score"
	fieldValid    = "valid"
)

// SchemaLimits bound a schema.
type SchemaLimits struct {
	// MaxBytes of the descriptor set.
	MaxBytes uint32
	// MaxMessages and MaxFields of the whole file; map entries count as messages,
	// enum values as fields.
	MaxMessages uint32
	MaxFields   uint32
	// MaxNesting of messages within messages.
	MaxNesting uint32
}

// SchemaLimits returns the part of the params that bounds schemas.
func (p Params) SchemaLimits() SchemaLimits {
	return SchemaLimits{
		MaxBytes:    p.MaxSchemaBytes,
		MaxMessages: p.MaxSchemaMessages,
		MaxFields:   p.MaxSchemaFields,
		MaxNesting:  p.MaxSchemaNesting,
	}
}

// Schema is a job's compiled schema. It is immutable and may be shared.
type Schema struct {
	size      int
	worker    protoreflect.MethodDescriptor
	evaluator protoreflect.MethodDescriptor // nil without an Evaluator service
	shape     evaluatorShape
}

// importable are the only files that a schema may import. Their content is ours,
// whatever a descriptor set says they are.
func importable() []protoreflect.FileDescriptor {
	return []protoreflect.FileDescriptor{
		durationpb.File_google_protobuf_duration_proto,
		emptypb.File_google_protobuf_empty_proto,
		timestamppb.File_google_protobuf_timestamp_proto,
		wrapperspb.File_google_protobuf_wrappers_proto,
	}
}

// ParseSchema reads a serialized google.protobuf.FileDescriptorSet: one proto3
// file of the author's, and the files that it imports, if any. It never looks at
// the registry of the running program. Errors wrap ErrSchema or ErrLimit and are
// the same on every machine.
func ParseSchema(descriptorSet []byte, limits SchemaLimits) (*Schema, error) {
	if size := len(descriptorSet); size > int(limits.MaxBytes) {
		return nil, ErrLimit.Wrapf("schema: %d bytes of at most %d", size, limits.MaxBytes)
	}
	proto3, err := authorsFile(descriptorSet)
	if err != nil {
		return nil, err
	}
	file, err := link(proto3)
	if err != nil {
		return nil, err
	}
	if err := checkBounds(file, limits); err != nil {
		return nil, err
	}
	schema := &Schema{size: len(descriptorSet)}
	if err := schema.bindServices(file); err != nil {
		return nil, err
	}
	return schema, nil
}

// authorsFile finds the one file of a set that is not a listed import.
func authorsFile(descriptorSet []byte) (*descriptorpb.FileDescriptorProto, error) {
	var set descriptorpb.FileDescriptorSet
	options := proto.UnmarshalOptions{Resolver: new(protoregistry.Types), RecursionLimit: 100}
	if err := options.Unmarshal(descriptorSet, &set); err != nil {
		return nil, ErrSchema.Wrap("not a google.protobuf.FileDescriptorSet")
	}
	if hasUnknown(set.ProtoReflect()) {
		return nil, ErrSchema.Wrap("the descriptor set has unknown fields or custom options; leave custom options out")
	}
	listed := map[string]bool{}
	for _, file := range importable() {
		listed[file.Path()] = true
	}
	var own *descriptorpb.FileDescriptorProto
	for _, file := range set.File {
		switch {
		case listed[file.GetName()]:
		case own != nil:
			return nil, ErrSchema.Wrapf("files %q and %q: a schema is one file", own.GetName(), file.GetName())
		default:
			own = file
		}
	}
	if own == nil {
		return nil, ErrSchema.Wrap("no file of your own in the descriptor set")
	}
	if own.GetSyntax() != "proto3" {
		return nil, ErrSchema.Wrapf("syntax %q: want proto3", own.GetSyntax())
	}
	if own.SourceCodeInfo != nil {
		return nil, ErrSchema.Wrap("source code info: leave it out of the descriptor set")
	}
	if len(own.Extension) > 0 || len(own.WeakDependency) > 0 {
		return nil, ErrSchema.Wrap("extensions and weak imports are refused")
	}
	for _, dependency := range own.Dependency {
		if !listed[dependency] {
			return nil, ErrSchema.Wrapf("import %q: only the duration, empty, timestamp and wrappers files of google/protobuf may be imported", dependency)
		}
	}
	return own, nil
}

// link resolves the names of a file against itself and the listed imports alone.
func link(own *descriptorpb.FileDescriptorProto) (file protoreflect.FileDescriptor, err error) {
	// Linking untrusted descriptors must not be able to stop the chain.
	defer func() {
		if recover() != nil {
			file, err = nil, ErrSchema.Wrap("does not link")
		}
	}()
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{own}}
	for _, known := range importable() {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(known))
	}
	// The library's own words differ from build to build, so they stay out of ours.
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, ErrSchema.Wrap("does not link: compile it with protoc or buf, which say why")
	}
	file, err = files.FindFileByPath(own.GetName())
	if err != nil {
		return nil, ErrSchema.Wrap("does not link: the file has no name")
	}
	return file, nil
}

// hasUnknown tells whether a descriptor carries fields that we do not know.
func hasUnknown(message protoreflect.Message) bool {
	unknown := len(message.GetUnknown()) > 0
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case unknown || field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				unknown = unknown || hasUnknown(value.List().Get(i).Message())
			}
		default:
			unknown = hasUnknown(value.Message())
		}
		return !unknown
	})
	return unknown
}

// Size of the descriptor set in bytes.
func (s *Schema) Size() int { return s.size }

// HasEvaluator tells whether the schema has a service Evaluator.
func (s *Schema) HasEvaluator() bool { return s.evaluator != nil }

// WorkerService is the full name of the service, WorkerMethod the name of its rpc.
func (s *Schema) WorkerService() string { return string(s.worker.Parent().FullName()) }

// WorkerMethod is the name of the worker's rpc.
func (s *Schema) WorkerMethod() string { return string(s.worker.Name()) }

// EvaluatorService is the full name of the service; empty without one.
func (s *Schema) EvaluatorService() string {
	if s.evaluator == nil {
		return ""
	}
	return string(s.evaluator.Parent().FullName())
}

// EvaluatorMethod is the name of the evaluator's rpc; empty without one.
func (s *Schema) EvaluatorMethod() string {
	if s.evaluator == nil {
		return ""
	}
	return string(s.evaluator.Name())
}

// WorkerInput is the type of a job's input.
func (s *Schema) WorkerInput() protoreflect.MessageDescriptor { return s.worker.Input() }

// WorkerOutput is the type of a worker's reply.
func (s *Schema) WorkerOutput() protoreflect.MessageDescriptor { return s.worker.Output() }

// EvaluatorInput is the type that BuildEvaluatorInput fills; nil without an Evaluator.
func (s *Schema) EvaluatorInput() protoreflect.MessageDescriptor {
	if s.evaluator == nil {
		return nil
	}
	return s.evaluator.Input()
}

// EvaluatorOutput is the type that ParseRanking reads; nil without an Evaluator.
func (s *Schema) EvaluatorOutput() protoreflect.MessageDescriptor {
	if s.evaluator == nil {
		return nil
	}
	return s.evaluator.Output()
}

// DecodeRequest checks that bytes are a job's input. Errors wrap ErrDecode and name the field.
func (s *Schema) DecodeRequest(b []byte) error { return checkMessage(s.WorkerInput(), b) }

// DecodeReply checks that bytes are a worker's reply. Errors wrap ErrDecode and name the field.
func (s *Schema) DecodeReply(b []byte) error { return checkMessage(s.WorkerOutput(), b) }

// WorkerReply is one revealed result.
type WorkerReply struct {
	// Node is the worker's address.
	Node string
	// Reply is proto binary of the worker's output type.
	Reply []byte
}

// BuildEvaluatorInput joins a request and the workers' replies to the proto binary
// of the evaluator's input type. Parts that do not decode are refused.
func (s *Schema) BuildEvaluatorInput(request []byte, workers []WorkerReply) ([]byte, error) {
	if s.evaluator == nil {
		return nil, ErrSchema.Wrap("the schema has no service Evaluator")
	}
	if err := s.DecodeRequest(request); err != nil {
		return nil, err
	}
	input := appendBytes(nil, s.shape.request, request)
	for _, worker := range workers {
		if err := s.DecodeReply(worker.Reply); err != nil {
			return nil, ErrDecode.Wrapf("reply of %s: %s", worker.Node, err)
		}
		entry := appendBytes(nil, s.shape.node, []byte(worker.Node))
		entry = appendBytes(entry, s.shape.response, worker.Reply)
		input = appendBytes(input, s.shape.workers, entry)
	}
	return input, nil
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}
