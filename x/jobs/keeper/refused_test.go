package keeper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// refusal is one line of testdata/refused: a message that succeeds, changed in one
// thing, and how it is refused.
type refusal struct {
	line                         int
	name, message, changes, says string
	err                          string // module and text of the registered error; accepted: none
}

const accepted = "accepted"

// TestRefused reads testdata/refused/*.txt. Each line is
//
//	<what is wrong> | <module.Message> | <changes> | <registered error> | <part of its text>
//
// The message is that of world.messages, which succeeds. A change is a path of the
// message's JSON, =, and a JSON value, with *n behind a text or list for n of them;
// =- takes the field away; resign signs releases again. $name is an account or an id
// of the world. "accepted" in the place of the error says that the chain allows it:
// such lines stand beside those just beyond a bound. With -rewrite, lines that do not
// hold are written anew with what really happens.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	paths, err := filepath.Glob("testdata/refused/*.txt")
	require.NoError(t, err)
	total := 0
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			if *rewrite {
				w.rewrite(t, path)
			}
			names := map[string]bool{}
			for _, r := range readRefusals(t, path) {
				require.False(t, names[r.name], "%s:%d: %q stands twice", path, r.line, r.name)
				names[r.name] = true
				if r.err != accepted {
					total++
				}
				t.Run(r.name, func(t *testing.T) { w.refuse(t, path, r) })
			}
		})
	}
	require.GreaterOrEqual(t, total, 300, "bad messages")
}

func (w *world) refuse(t *testing.T, path string, r refusal) {
	m := w.changed(t, r)
	cached, _ := w.ctx.CacheContext()
	err := w.send(cached, m)
	where := fmt.Sprintf("%s:%d", path, r.line)
	if r.err == accepted {
		require.NoError(t, err, where)
		require.NoError(t, w.escrow.CheckBooks(cached), where)
		return
	}
	require.Error(t, err, where)
	require.Equal(t, r.err, registered(err), "%s: %v", where, err)
	require.NotEmpty(t, r.says, where)
	require.Contains(t, w.told(err), r.says, where)
}

// rewrite puts what really happens into the lines of a file that say otherwise.
func (w *world) rewrite(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	for _, r := range readRefusals(t, path) {
		cached, _ := w.ctx.CacheContext()
		err := w.send(cached, w.changed(t, r))
		if registered(err) == r.err && strings.Contains(w.told(err), r.says) {
			continue
		}
		line := strings.Join([]string{r.name, r.message, r.changes, registered(err)}, " | ")
		if err != nil {
			line += " | " + w.told(err)
		}
		lines[r.line-1] = line
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644))
}

// told is what an error says, with names in the place of accounts.
func (w *world) told(err error) string {
	if err == nil {
		return ""
	}
	root := err
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		root = inner
	}
	said := strings.TrimSuffix(err.Error(), ": "+root.Error())
	return account.ReplaceAllStringFunc(said, func(address string) string {
		if name, ok := w.names[address]; ok {
			return "$" + name
		}
		return address
	})
}

var account = regexp.MustCompile(`ain1[a-z0-9]{38}`)

// registered names the registered error that an error wraps.
func registered(err error) string {
	var known *errorsmod.Error
	switch {
	case err == nil:
		return accepted
	case errors.As(err, &known):
		return known.Codespace() + ": " + known.Error()
	}
	return "not registered"
}

func readRefusals(t testing.TB, path string) []refusal {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []refusal
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " | ", 5)
		require.GreaterOrEqual(t, len(fields), 3, "%s:%d: want five fields: %s", path, i+1, line)
		fields = append(fields, "", "")
		all = append(all, refusal{line: i + 1, name: fields[0], message: fields[1], changes: fields[2], err: fields[3], says: fields[4]})
	}
	return all
}

// TestEveryFieldOfEveryMessageIsInTheCorpus: who adds a field says what is wrong with it.
func TestEveryFieldOfEveryMessageIsInTheCorpus(t *testing.T) {
	w := newWorld(t)
	covered := map[string]bool{}
	paths, err := filepath.Glob("testdata/refused/*.txt")
	require.NoError(t, err)
	for _, path := range paths {
		for _, r := range readRefusals(t, path) {
			for rest := strings.TrimSpace(r.changes); rest != "" && rest != "-" && rest != "resign"; {
				field, after, _ := strings.Cut(rest, "=")
				var value any
				value, rest = w.value(t, after)
				cover(covered, r.message+"."+index.ReplaceAllString(field, ""), value)
			}
		}
	}
	for name, m := range w.messages() {
		require.NoError(t, w.run(func(ctx context.Context) error {
			cached, _ := sdk.UnwrapSDKContext(ctx).CacheContext()
			return w.send(cached, m)
		}), "%s is good as it is", name)
		for _, field := range fieldsOf(reflect.TypeOf(m).Elem()) {
			assert.True(t, covered[name+"."+field], "testdata/refused has no line that changes %s of %s", field, name)
		}
	}
	for _, url := range w.registry.ListImplementations(sdk.MsgInterfaceProtoName) {
		if strings.HasPrefix(url, "/ain.") {
			require.Contains(t, w.messages(), messageName(url), "world.messages has none of these")
		}
	}
}

// index is that of a list within a path.
var index = regexp.MustCompile(`\.\d+`)

// cover marks a path, and what the value at it has inside.
func cover(covered map[string]bool, path string, value any) {
	covered[path] = true
	switch v := value.(type) {
	case []any:
		for i := range v {
			cover(covered, path, v[i])
		}
	case map[string]any:
		for name := range v {
			cover(covered, path+"."+name, v[name])
		}
	}
}

// fieldsOf lists the paths of all fields of a message that hold no further message.
func fieldsOf(message reflect.Type) []string {
	var paths []string
	for i := range message.NumField() {
		tag := message.Field(i).Tag.Get("protobuf")
		_, name, _ := strings.Cut(tag, "name=")
		name, _, _ = strings.Cut(name, ",")
		inner := message.Field(i).Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct || strings.Contains(tag, "customtype=") {
			paths = append(paths, name)
			continue
		}
		for _, field := range fieldsOf(inner) {
			paths = append(paths, name+"."+field)
		}
	}
	return paths
}

// changed is the message of a line.
func (w *world) changed(t testing.TB, r refusal) sdk.Msg {
	t.Helper()
	base := w.messages()[r.message]
	require.NotNil(t, base, "line %d: no message is named %q", r.line, r.message)
	text, err := codec.ProtoMarshalJSON(base, nil)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(text, &tree))
	resign := false
	for rest := strings.TrimSpace(r.changes); rest != "" && rest != "-"; {
		if rest == "resign" {
			resign = true
			break
		}
		path, after, ok := strings.Cut(rest, "=")
		require.True(t, ok, "line %d: not a change: %s", r.line, rest)
		var value any
		value, rest = w.value(t, after)
		tree = set(tree, strings.Split(path, "."), value)
	}
	text, err = json.Marshal(tree)
	require.NoError(t, err)
	m := reflect.New(reflect.TypeOf(base).Elem()).Interface().(sdk.Msg)
	require.NoError(t, codec.NewProtoCodec(w.registry).UnmarshalJSON(text, m), "line %d: %s", r.line, text)
	if resign {
		w.resign(m)
	}
	return m
}

// gone marks a field that is taken away.
type gone struct{}

// value reads a value in front of a text and returns what follows it.
func (w *world) value(t testing.TB, text string) (value any, rest string) {
	t.Helper()
	if after, ok := strings.CutPrefix(text, "-"); ok && (after == "" || after[0] == ' ') {
		return gone{}, strings.TrimSpace(after)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	require.NoError(t, decoder.Decode(&value), text)
	rest = text[decoder.InputOffset():]
	value = w.resolve(value)
	if after, ok := strings.CutPrefix(rest, "*"); ok {
		count, following, _ := strings.Cut(after, " ")
		n, err := strconv.Atoi(count)
		require.NoError(t, err, text)
		rest = following
		switch v := value.(type) {
		case string:
			value = strings.Repeat(v, n)
		case []any:
			value = slices.Repeat(v, n)
		default:
			require.Fail(t, "only a text or a list is repeated", text)
		}
	}
	return value, strings.TrimSpace(rest)
}

// resolve puts addresses and ids in the place of their names.
func (w *world) resolve(value any) any {
	switch v := value.(type) {
	case string:
		name, ok := strings.CutPrefix(v, "$")
		switch {
		case !ok:
			return v
		case w.named[name] != "":
			return w.named[name]
		default:
			return w.address(name).String()
		}
	case []any:
		for i := range v {
			v[i] = w.resolve(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = w.resolve(v[name])
		}
	}
	return value
}

// set changes what lies at a path.
func set(tree any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if i, err := strconv.Atoi(path[0]); err == nil {
		list, _ := tree.([]any)
		for len(list) <= i {
			list = append(list, map[string]any{})
		}
		list[i] = set(list[i], path[1:], value)
		return list
	}
	fields, _ := tree.(map[string]any)
	if fields == nil {
		fields = map[string]any{}
	}
	changed := set(fields[path[0]], path[1:], value)
	if _, ok := changed.(gone); ok {
		delete(fields, path[0])
	} else {
		fields[path[0]] = changed
	}
	return fields
}

// resign signs a message's releases as they are now.
func (w *world) resign(m sdk.Msg) {
	schema := compile(w.t, calculateRoot)
	switch m := m.(type) {
	case *types.MsgPublishRelease:
		if m.Release.Provenance != nil {
			m.Release = attest("builder", m.Release)
		}
		m.Release = sign(schema, "root", m.Release)
	case *types.MsgRegisterJob:
		for i := range m.Releases {
			m.Releases[i] = sign(schema, "root", m.Releases[i])
		}
	}
}
