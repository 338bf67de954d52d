package sandbox

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Plain JSON is how messages travel between here and the Python shim, which describes it (sandbox/python/shim/ain_message.py). It is not
// proto JSON: that has special forms for well-known types and quotes 64-bit integers, all of which the shim would have to undo.

// appendPlain appends msg. Equal messages give equal text: fields and map keys are sorted.
func appendPlain(b []byte, msg protoreflect.Message) ([]byte, error) {
	b = append(b, '{')
	first := true
	var err error
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !msg.Has(f) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(strconv.AppendQuote(b, string(f.Name())), ':')
		if b, err = appendField(b, f, msg.Get(f)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendField(b []byte, f protoreflect.FieldDescriptor, value protoreflect.Value) ([]byte, error) {
	var err error
	switch {
	case f.IsMap():
		b = append(b, '[')
		for i, key := range sortedKeys(value.Map()) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			if b, err = appendValue(b, f.MapKey(), key.Value()); err != nil {
				return nil, err
			}
			b = append(b, ',')
			if b, err = appendValue(b, f.MapValue(), value.Map().Get(key)); err != nil {
				return nil, err
			}
			b = append(b, ']')
		}
		return append(b, ']'), nil
	case f.IsList():
		b = append(b, '[')
		for i := range value.List().Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, f, value.List().Get(i)); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return appendValue(b, f, value)
}

func sortedKeys(m protoreflect.Map) []protoreflect.MapKey {
	keys := make([]protoreflect.MapKey, 0, m.Len())
	m.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int {
		switch a.Interface().(type) {
		case bool:
			return cmp.Compare(strconv.FormatBool(a.Bool()), strconv.FormatBool(b.Bool()))
		case int32, int64:
			return cmp.Compare(a.Int(), b.Int())
		case uint32, uint64:
			return cmp.Compare(a.Uint(), b.Uint())
		}
		return cmp.Compare(a.String(), b.String())
	})
	return keys
}

func appendValue(b []byte, f protoreflect.FieldDescriptor, value protoreflect.Value) ([]byte, error) {
	switch v := value.Interface().(type) {
	case bool:
		return strconv.AppendBool(b, v), nil
	case int32, int64:
		return strconv.AppendInt(b, value.Int(), 10), nil
	case uint32, uint64:
		return strconv.AppendUint(b, value.Uint(), 10), nil
	case protoreflect.EnumNumber:
		return strconv.AppendInt(b, int64(v), 10), nil
	case float32, float64:
		return appendFloat(b, value.Float()), nil
	case string:
		text, err := json.Marshal(v)
		return append(b, text...), err
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"'), nil
	case protoreflect.Message:
		return appendPlain(b, v)
	}
	return nil, fmt.Errorf("field %s: kind %s has no plain form", f.FullName(), f.Kind())
}

func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// parsePlain reads one message and nothing else.
func parsePlain(desc protoreflect.MessageDescriptor, text []byte) (protoreflect.Message, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	msg := dynamicpb.NewMessage(desc)
	return msg, setFields(msg, tree, 1)
}

func setFields(msg protoreflect.Message, tree any, depth int) error {
	object, ok := tree.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: want an object", msg.Descriptor().FullName())
	}
	if depth > maxNesting {
		return fmt.Errorf("%s: messages nest deeper than %d", msg.Descriptor().FullName(), maxNesting)
	}
	for name, value := range object {
		f := msg.Descriptor().Fields().ByName(protoreflect.Name(name))
		if f == nil {
			return fmt.Errorf("%s has no field %q", msg.Descriptor().FullName(), name)
		}
		if err := setField(msg, f, value, depth); err != nil {
			return err
		}
	}
	return nil
}

func setField(msg protoreflect.Message, f protoreflect.FieldDescriptor, tree any, depth int) error {
	if !f.IsMap() && !f.IsList() {
		if f.Message() != nil {
			return setFields(msg.Mutable(f).Message(), tree, depth+1)
		}
		value, err := parseScalar(f, tree)
		if err == nil {
			msg.Set(f, value)
		}
		return err
	}
	elements, ok := tree.([]any)
	if !ok {
		return fmt.Errorf("%s: want a list", f.FullName())
	}
	for _, element := range elements {
		var err error
		if f.IsMap() {
			err = setEntry(msg.Mutable(f).Map(), f, element, depth)
		} else {
			err = appendElement(msg.Mutable(f).List(), f, element, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func appendElement(list protoreflect.List, f protoreflect.FieldDescriptor, tree any, depth int) error {
	if f.Message() != nil {
		return setFields(list.AppendMutable().Message(), tree, depth+1)
	}
	value, err := parseScalar(f, tree)
	if err == nil {
		list.Append(value)
	}
	return err
}

func setEntry(m protoreflect.Map, f protoreflect.FieldDescriptor, tree any, depth int) error {
	pair, ok := tree.([]any)
	if !ok || len(pair) != 2 {
		return fmt.Errorf("%s: want pairs of key and value", f.FullName())
	}
	key, err := parseScalar(f.MapKey(), pair[0])
	if err != nil {
		return err
	}
	if f.MapValue().Message() != nil {
		return setFields(m.Mutable(key.MapKey()).Message(), pair[1], depth+1)
	}
	value, err := parseScalar(f.MapValue(), pair[1])
	if err == nil {
		m.Set(key.MapKey(), value)
	}
	return err
}

func parseScalar(f protoreflect.FieldDescriptor, tree any) (protoreflect.Value, error) {
	switch v := tree.(type) {
	case bool:
		if f.Kind() == protoreflect.BoolKind {
			return protoreflect.ValueOfBool(v), nil
		}
	case string:
		switch f.Kind() {
		case protoreflect.StringKind:
			return protoreflect.ValueOfString(v), nil
		case protoreflect.BytesKind:
			data, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				return protoreflect.Value{}, fmt.Errorf("%s: not base64", f.FullName())
			}
			return protoreflect.ValueOfBytes(data), nil
		case protoreflect.FloatKind, protoreflect.DoubleKind:
			return parseNumber(f, v)
		}
	case json.Number:
		return parseNumber(f, string(v))
	}
	return protoreflect.Value{}, fmt.Errorf("%s: a JSON %T is not a %s", f.FullName(), tree, f.Kind())
}

func parseNumber(f protoreflect.FieldDescriptor, text string) (value protoreflect.Value, err error) {
	switch f.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.EnumKind:
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		value = protoreflect.ValueOfInt32(int32(n))
		if f.Kind() == protoreflect.EnumKind {
			value = protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
		}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		value = protoreflect.ValueOfInt64(n)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 32)
		value = protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 64)
		value = protoreflect.ValueOfUint64(n)
	case protoreflect.DoubleKind:
		var n float64
		n, err = strconv.ParseFloat(text, 64)
		value = protoreflect.ValueOfFloat64(n)
	case protoreflect.FloatKind:
		var n float64
		n, err = strconv.ParseFloat(text, 32)
		value = protoreflect.ValueOfFloat32(float32(n))
	default:
		err = errors.New("want no number")
	}
	if err != nil {
		return protoreflect.Value{}, fmt.Errorf("%s: %.40q is not a %s", f.FullName(), text, f.Kind())
	}
	return value, nil
}
