package types

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// evaluatorShape holds the places of the fields that the protocol fixes.
type evaluatorShape struct {
	request, workers, node, response protowire.Number
	// ranking is the list of entries, or of node names where short is true.
	ranking protoreflect.FieldDescriptor
	short   bool
}

// checkBounds counts what a file declares and refuses recursion.
func checkBounds(file protoreflect.FileDescriptor, limits SchemaLimits) error {
	var messages, fields uint32
	countEnums := func(enums protoreflect.EnumDescriptors) {
		for i := range enums.Len() {
			fields += uint32(enums.Get(i).Values().Len())
		}
	}
	countEnums(file.Enums())
	walk := nesting{limit: limits.MaxNesting, depth: map[protoreflect.FullName]uint32{}}
	var count func(declared protoreflect.MessageDescriptors) error
	count = func(declared protoreflect.MessageDescriptors) error {
		for i := range declared.Len() {
			message := declared.Get(i)
			messages++
			fields += uint32(message.Fields().Len())
			countEnums(message.Enums())
			if message.Extensions().Len() > 0 || message.ExtensionRanges().Len() > 0 {
				return ErrSchema.Wrapf("message %s: extensions are refused", message.FullName())
			}
			if _, err := walk.of(message); err != nil {
				return err
			}
			if err := count(message.Messages()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := count(file.Messages()); err != nil {
		return err
	}
	if messages > limits.MaxMessages {
		return ErrLimit.Wrapf("schema: %d messages of at most %d", messages, limits.MaxMessages)
	}
	if fields > limits.MaxFields {
		return ErrLimit.Wrapf("schema: %d fields and enum values of at most %d", fields, limits.MaxFields)
	}
	return nil
}

// nesting measures how deep messages contain one another.
type nesting struct {
	limit uint32
	// depth of the messages measured; 0 marks one that is being measured.
	depth map[protoreflect.FullName]uint32
}

func (n *nesting) of(message protoreflect.MessageDescriptor) (uint32, error) {
	name := message.FullName()
	if depth, seen := n.depth[name]; seen {
		if depth == 0 {
			return 0, ErrSchema.Wrapf("message %s contains itself: recursion is refused", name)
		}
		return depth, nil
	}
	n.depth[name] = 0
	deepest := uint32(0)
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if field.Kind() == protoreflect.GroupKind {
			return 0, ErrSchema.Wrapf("field %s: groups are refused", field.FullName())
		}
		if field.Message() == nil {
			continue
		}
		depth, err := n.of(field.Message())
		if err != nil {
			return 0, err
		}
		deepest = max(deepest, depth)
	}
	if deepest+1 > n.limit {
		return 0, ErrLimit.Wrapf("message %s: nested %d deep of at most %d", name, deepest+1, n.limit)
	}
	n.depth[name] = deepest + 1
	return deepest + 1, nil
}

// bindServices finds the two services and checks their shape.
func (s *Schema) bindServices(file protoreflect.FileDescriptor) error {
	for i := range file.Services().Len() {
		service := file.Services().Get(i)
		method, err := unaryMethod(service)
		if err != nil {
			return err
		}
		switch service.Name() {
		case workerServiceName:
			s.worker = method
		case evaluatorServiceName:
			s.evaluator = method
		default:
			return ErrSchema.Wrapf("service %s: only services Worker and Evaluator are known", service.Name())
		}
	}
	if s.worker == nil {
		return ErrSchema.Wrap("no service Worker: declare one with one unary rpc")
	}
	if s.evaluator == nil {
		return nil
	}
	if err := s.bindEvaluatorInput(); err != nil {
		return err
	}
	return s.bindEvaluatorOutput()
}

func unaryMethod(service protoreflect.ServiceDescriptor) (protoreflect.MethodDescriptor, error) {
	if n := service.Methods().Len(); n != 1 {
		return nil, ErrSchema.Wrapf("service %s: %d rpcs instead of one", service.Name(), n)
	}
	method := service.Methods().Get(0)
	if method.IsStreamingClient() || method.IsStreamingServer() {
		return nil, ErrSchema.Wrapf("service %s: rpc %s streams; want a unary one", service.Name(), method.Name())
	}
	return method, nil
}

// bindEvaluatorInput wants exactly a request and a list of node and response.
func (s *Schema) bindEvaluatorInput() error {
	input := s.evaluator.Input()
	request, err := messageField(input, fieldRequest, protoreflect.Optional)
	if err != nil {
		return err
	}
	if request.Message().FullName() != s.worker.Input().FullName() {
		return ErrSchema.Wrapf("field %s: type %s instead of the worker's input type %s",
			request.FullName(), request.Message().FullName(), s.worker.Input().FullName())
	}
	workers, err := messageField(input, fieldWorkers, protoreflect.Repeated)
	if err != nil {
		return err
	}
	if err := onlyFields(input, 2); err != nil {
		return err
	}
	node, err := scalarField(workers.Message(), fieldNode, protoreflect.StringKind)
	if err != nil {
		return err
	}
	response, err := messageField(workers.Message(), fieldResponse, protoreflect.Optional)
	if err != nil {
		return err
	}
	if response.Message().FullName() != s.worker.Output().FullName() {
		return ErrSchema.Wrapf("field %s: type %s instead of the worker's reply type %s",
			response.FullName(), response.Message().FullName(), s.worker.Output().FullName())
	}
	if err := onlyFields(workers.Message(), 2); err != nil {
		return err
	}
	s.shape.request, s.shape.workers = request.Number(), workers.Number()
	s.shape.node, s.shape.response = node.Number(), response.Number()
	return nil
}

// bindEvaluatorOutput wants a list of entries, or one list of node names.
func (s *Schema) bindEvaluatorOutput() error {
	output := s.evaluator.Output()
	if fields := output.Fields(); fields.Len() == 1 && fields.Get(0).IsList() && fields.Get(0).Kind() == protoreflect.StringKind {
		s.shape.ranking, s.shape.short = fields.Get(0), true
		return nil
	}
	ranking, err := messageField(output, fieldRanking, protoreflect.Repeated)
	if err != nil {
		return err
	}
	entry := ranking.Message()
	if _, err := scalarField(entry, fieldNode, protoreflect.StringKind); err != nil {
		return err
	}
	if _, err := scalarField(entry, fieldScore, protoreflect.Uint64Kind, protoreflect.Uint32Kind); err != nil {
		return err
	}
	if _, err := scalarField(entry, fieldValid, protoreflect.BoolKind); err != nil {
		return err
	}
	s.shape.ranking = ranking
	return nil
}

func messageField(in protoreflect.MessageDescriptor, name protoreflect.Name, cardinality protoreflect.Cardinality) (protoreflect.FieldDescriptor, error) {
	field := in.Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.MessageKind || field.IsMap() || field.Cardinality() != cardinality {
		kind := "a message"
		if cardinality == protoreflect.Repeated {
			kind = "a repeated message"
		}
		return nil, ErrSchema.Wrapf("message %s: want a field %s that is %s", in.FullName(), name, kind)
	}
	return field, nil
}

func scalarField(in protoreflect.MessageDescriptor, name protoreflect.Name, kinds ...protoreflect.Kind) (protoreflect.FieldDescriptor, error) {
	if field := in.Fields().ByName(name); field != nil && field.Cardinality() == protoreflect.Optional {
		for _, kind := range kinds {
			if field.Kind() == kind {
				return field, nil
			}
		}
	}
	return nil, ErrSchema.Wrapf("message %s: want a field %s of type %s", in.FullName(), name, kinds[0])
}

// onlyFields refuses fields that nobody would ever fill.
func onlyFields(message protoreflect.MessageDescriptor, n int) error {
	if have := message.Fields().Len(); have != n {
		return ErrSchema.Wrapf("message %s: %d fields instead of %d", message.FullName(), have, n)
	}
	return nil
}
