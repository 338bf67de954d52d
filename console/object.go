package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxObject bounds what is parsed, in bytes.
const maxObject = 1 << 20

// object is what a user wrote between braces: keys with values that are not interpreted yet, so that 0x1 is still 0x1
// and 10uain still 10uain.
type object struct {
	path   string // of the object itself; empty at the top
	keys   []string
	values map[string]*yaml.Node
}

// parseObject reads YAML flow syntax, {key: value, …}. Errors say what is wrong where.
func parseObject(text string) (object, error) {
	value, err := parseValue("object", text)
	if err != nil {
		return object{}, err
	}
	return asObject("", value)
}

// parseValue reads one YAML value. Names of anchors and tags, which objects have no use for, are refused.
func parseValue(path, text string) (*yaml.Node, error) {
	if len(text) > maxObject {
		return nil, badInputf("%s: longer than %d bytes", path, maxObject)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, badInputf("%s: %s (write it as {key: value, list: [1, 2]})", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	return document.Content[0], checkPlain(path, document.Content[0])
}

// checkPlain refuses aliases, which can blow a line up to gigabytes, and tags of the user's own.
func checkPlain(path string, node *yaml.Node) error {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return badInputf("%s: & and * have a meaning of their own in YAML: put the text into quotes", path)
	}
	if node.Style&yaml.TaggedStyle != 0 {
		return badInputf("%s: tag %s: put the text into quotes", path, node.Tag)
	}
	for _, child := range node.Content {
		if err := checkPlain(path, child); err != nil {
			return err
		}
	}
	return nil
}

func asObject(path string, node *yaml.Node) (object, error) {
	if node.Kind != yaml.MappingNode {
		return object{}, badInputf("%s: want an object: {key: value, …}", orObject(path))
	}
	o := object{path: path, values: map[string]*yaml.Node{}}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode {
			return o, badInputf("%s: a key is one word", orObject(path))
		}
		if _, twice := o.values[key.Value]; twice {
			return o, badInputf("%s: given twice", o.at(key.Value))
		}
		o.keys = append(o.keys, key.Value)
		o.values[key.Value] = node.Content[i+1]
	}
	return o, nil
}

func orObject(path string) string {
	if path == "" {
		return "object"
	}
	return path
}

// at is the path of a key.
func (o object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// only refuses keys that nobody would read.
func (o object) only(known ...string) error {
	for _, key := range o.keys {
		if !slices.Contains(known, key) {
			return badInputf("%s: no such key (known are %s)", o.at(key), strings.Join(known, ", "))
		}
	}
	return nil
}

// text is the value of a key that is one word; ok is false where it is missing.
func (o object) text(key string) (value string, ok bool, err error) {
	node, ok := o.values[key]
	if !ok || isNull(node) {
		return "", false, nil
	}
	if node.Kind != yaml.ScalarNode {
		return "", false, badInputf("%s: want one value", o.at(key))
	}
	return node.Value, true, nil
}

// list is the value of a key that is a list of words; one word is a list of it.
func (o object) list(key string) ([]string, error) {
	node, ok := o.values[key]
	if !ok || isNull(node) {
		return nil, nil
	}
	if node.Kind == yaml.ScalarNode {
		return []string{node.Value}, nil
	}
	if node.Kind != yaml.SequenceNode {
		return nil, badInputf("%s: want a list: [a, b]", o.at(key))
	}
	words := make([]string, len(node.Content))
	for i, item := range node.Content {
		if item.Kind != yaml.ScalarNode || isNull(item) {
			return nil, badInputf("%s[%d]: want one value", o.at(key), i)
		}
		words[i] = item.Value
	}
	return words, nil
}

// number is a whole number that is not negative; 0 where the key is missing.
func (o object) number(key string, bits int) (uint64, error) {
	text, ok, err := o.text(key)
	if err != nil || !ok {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 0, bits)
	if err != nil {
		return 0, badInputf("%s: %q is not a whole number of 0 to %d", o.at(key), text, uint64(math.MaxUint64)>>(64-bits))
	}
	return n, nil
}

// flag is true or false; false where the key is missing.
func (o object) flag(key string) (bool, error) {
	text, ok, err := o.text(key)
	if err != nil || !ok {
		return false, err
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, badInputf("%s: %q is neither true nor false", o.at(key), text)
	}
	return value, nil
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// toJSON writes a YAML value as the JSON that it stands for. Numbers keep all their digits.
func toJSON(path string, node *yaml.Node) ([]byte, error) {
	switch node.Kind {
	case yaml.MappingNode:
		o, err := asObject(path, node)
		if err != nil {
			return nil, err
		}
		return o.toJSON()
	case yaml.SequenceNode:
		items := make([][]byte, len(node.Content))
		for i, item := range node.Content {
			var err error
			if items[i], err = toJSON(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return nil, err
			}
		}
		return slices.Concat([]byte("["), bytes.Join(items, []byte(",")), []byte("]")), nil
	case yaml.ScalarNode:
		return scalarToJSON(path, node)
	}
	return nil, badInputf("%s: cannot be read", path)
}

func (o object) toJSON() ([]byte, error) {
	members := make([][]byte, len(o.keys))
	for i, key := range o.keys {
		value, err := toJSON(o.at(key), o.values[key])
		if err != nil {
			return nil, err
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		members[i] = slices.Concat(name, []byte(":"), value)
	}
	return slices.Concat([]byte("{"), bytes.Join(members, []byte(",")), []byte("}")), nil
}

func scalarToJSON(path string, node *yaml.Node) ([]byte, error) {
	switch node.ShortTag() {
	case "!!null":
		return []byte("null"), nil
	case "!!bool":
		var value bool
		if err := node.Decode(&value); err != nil {
			return nil, badInputf("%s: %w", path, err)
		}
		return strconv.AppendBool(nil, value), nil
	case "!!int":
		value, ok := new(big.Int).SetString(strings.TrimPrefix(node.Value, "+"), 0)
		if !ok {
			return nil, badInputf("%s: %q is not a whole number", path, node.Value)
		}
		return []byte(value.String()), nil
	case "!!float":
		return floatToJSON(path, node)
	}
	return json.Marshal(node.Value)
}

func floatToJSON(path string, node *yaml.Node) ([]byte, error) {
	var value float64
	if err := node.Decode(&value); err != nil {
		return nil, badInputf("%s: %w", path, err)
	}
	switch { // as proto JSON writes them
	case math.IsNaN(value):
		return []byte(`"NaN"`), nil
	case math.IsInf(value, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(value, -1):
		return []byte(`"-Infinity"`), nil
	}
	return strconv.AppendFloat(nil, value, 'g', -1, 64), nil
}
