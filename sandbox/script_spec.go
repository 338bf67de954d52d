package sandbox

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// scriptSpec is what the shim is told about an rpc and its schema; sandbox/python/shim reads it.
type scriptSpec struct {
	Plain      bool          `json:"plain,omitempty"` // the script serves no rpc
	Service    string        `json:"service"`
	Method     string        `json:"method"`
	EntryPoint string        `json:"entry_point"`
	Input      string        `json:"input"`
	Output     string        `json:"output"`
	Services   []serviceSpec `json:"services"`
	Messages   []messageSpec `json:"messages"` // a parent before its children
	Enums      []enumSpec    `json:"enums"`
}

type serviceSpec struct {
	Name    string   `json:"name"`
	Methods []string `json:"methods"`
}

type messageSpec struct {
	Full   string      `json:"full"`
	Parent string      `json:"parent"` // full name, empty at the top
	Name   string      `json:"name"`
	Fields []fieldSpec `json:"fields"`
}

type fieldSpec struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`           // of an element, or of a map's values
	Type     string `json:"type,omitempty"` // full name of the message or enum
	Repeated bool   `json:"repeated,omitempty"`
	Key      string `json:"key,omitempty"` // kind of a map's keys
	Presence bool   `json:"presence,omitempty"`
	Oneof    string `json:"oneof,omitempty"`
}

type enumSpec struct {
	Full   string      `json:"full"`
	Parent string      `json:"parent"`
	Name   string      `json:"name"`
	Values []enumValue `json:"values"`
}

type enumValue struct {
	Name   string `json:"name"`
	Number int32  `json:"number"`
}

func (r *RPC) scriptSpec() ([]byte, error) {
	if r.program.Codec == CodecPlain {
		return []byte(`{"plain":true}`), nil
	}
	s := scriptSpec{
		Service:    r.program.Service,
		Method:     r.program.Method,
		EntryPoint: r.program.EntryPoint,
		Input:      string(r.input.FullName()),
		Output:     string(r.output.FullName()),
		Enums:      []enumSpec{},
	}
	for _, file := range r.files {
		for i := range file.Services().Len() {
			s.addService(file.Services().Get(i))
		}
		s.addMessages(file.Messages(), "")
		s.addEnums(file.Enums(), "")
	}
	spec, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("script spec: %w", err)
	}
	return spec, nil
}

func (s *scriptSpec) addService(service protoreflect.ServiceDescriptor) {
	spec := serviceSpec{Name: string(service.Name())}
	for i := range service.Methods().Len() {
		spec.Methods = append(spec.Methods, string(service.Methods().Get(i).Name()))
	}
	s.Services = append(s.Services, spec)
}

func (s *scriptSpec) addMessages(messages protoreflect.MessageDescriptors, parent string) {
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.IsMapEntry() {
			continue
		}
		spec := messageSpec{Full: string(m.FullName()), Parent: parent, Name: string(m.Name()), Fields: []fieldSpec{}}
		for j := range m.Fields().Len() {
			spec.Fields = append(spec.Fields, newFieldSpec(m.Fields().Get(j)))
		}
		s.Messages = append(s.Messages, spec)
		s.addMessages(m.Messages(), spec.Full)
		s.addEnums(m.Enums(), spec.Full)
	}
}

func newFieldSpec(f protoreflect.FieldDescriptor) fieldSpec {
	spec := fieldSpec{Name: string(f.Name()), Repeated: f.IsList(), Presence: f.HasPresence()}
	if oneof := f.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		spec.Oneof = string(oneof.Name())
	}
	if f.IsMap() {
		spec.Key = f.MapKey().Kind().String()
		f = f.MapValue()
	}
	spec.Kind = f.Kind().String()
	switch {
	case f.Message() != nil:
		spec.Type = string(f.Message().FullName())
	case f.Enum() != nil:
		spec.Type = string(f.Enum().FullName())
	}
	return spec
}

func (s *scriptSpec) addEnums(enums protoreflect.EnumDescriptors, parent string) {
	for i := range enums.Len() {
		e := enums.Get(i)
		spec := enumSpec{Full: string(e.FullName()), Parent: parent, Name: string(e.Name())}
		for j := range e.Values().Len() {
			v := e.Values().Get(j)
			spec.Values = append(spec.Values, enumValue{Name: string(v.Name()), Number: int32(v.Number())})
		}
		s.Enums = append(s.Enums, spec)
	}
}
