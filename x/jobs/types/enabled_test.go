package types_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// honored lists every field that the module acts on, records, or checks. A field
// of a message is either here or refused by Enabled: there is no third way. Where
// a value decides, as with kinds, the refused values are tested below.
var honored = map[string][]string{
	"MsgRegisterJob": {
		"signer", "name", "description", "schema", "source_url", "source_commit",
		"terms.verification", "terms.max_checkpoints", "terms.segments", "terms.open_results", "terms.deterministic", "terms.requirement.*", "terms.min_deposit", "terms.challenge_fee", "terms.bond.amount",
		"terms.windows.open_ms", "terms.windows.hiring_ms", "terms.windows.grant_ms", "terms.windows.reveal_ms", "terms.windows.evaluation_ms", "terms.windows.challenge_ms", "terms.windows.resolve_ms", "terms.invalid_loses_bond", "terms.metrics[0].field", "terms.metrics[0].fold",
		"tree_policy.admins_approve", "tree_policy.max_depth", "tree_policy.max_children",
		"releases[0].role", "releases[0].version", "releases[0].program.*", "releases[0].alternatives*", "releases[0].platforms*", "releases[0].signatures*", "releases[0].expires_ms", "releases[0].provenance.*",
		"qualification_input.inline", "qualification_input.reference.digest", "qualification_input.reference.size",
	},
	"MsgForkJob": {
		"signer", "job_id", "name", "description", "tree_policy.admins_approve", "tree_policy.max_depth", "tree_policy.max_children",
		"releases[0].release_id", "releases[0].signature.*",
	},
	"MsgUpdateJob": {
		"signer", "job_id", "description", "tree_policy.admins_approve", "tree_policy.max_depth", "tree_policy.max_children",
		"terms.verification", "terms.max_checkpoints", "terms.segments", "terms.open_results", "terms.deterministic", "terms.requirement.*", "terms.min_deposit", "terms.challenge_fee", "terms.bond.amount",
		"terms.windows.open_ms", "terms.windows.hiring_ms", "terms.windows.grant_ms", "terms.windows.reveal_ms", "terms.windows.evaluation_ms", "terms.windows.challenge_ms", "terms.windows.resolve_ms", "terms.invalid_loses_bond", "terms.metrics[0].field", "terms.metrics[0].fold",
		"qualification_input.inline", "qualification_input.reference.digest", "qualification_input.reference.size",
	},
	"MsgRevokeRelease": {"signer", "release_id", "reason"},
	"MsgPublishRelease": {
		"signer", "job_id", "release.role", "release.version", "release.program.*", "release.alternatives*", "release.platforms*", "release.signatures*", "release.expires_ms", "release.provenance.*",
	},
	"MsgAddBuilder":    {"signer", "builder", "name"},
	"MsgRemoveBuilder": {"signer", "builder", "reason"},
	"MsgRequestJob": {
		"signer", "spec.job_id", "spec.input.inline", "spec.input.reference.*",
		"spec.input.files[0].name", "spec.input.files[0].reference.*",
		"spec.evaluator_reward", "spec.worker_reward", "spec.reward_function.*", "spec.time_limit_ms",
		"spec.min_workers", "spec.max_workers", "spec.evaluator_candidates", "spec.worker_candidates", "spec.min_challenge_levels", "spec.min_rating", "spec.skip_evaluation", "spec.requirement.*",
		"spec.grant_keys", "spec.evaluator_input.inline", "spec.evaluator_input.reference.*",
	},
	"MsgCancelRequest":      {"signer", "request_id"},
	"MsgAcceptJob":          {"signer", "request_id", "role"},
	"MsgResign":             {"signer", "request_id"},
	"MsgRejectWorker":       {"signer", "request_id", "worker"},
	"MsgGrantKey":           {"signer", "request_id", "keys[0].account", "keys[0].key"},
	"MsgPublishCheckpoints": {"signer", "request_id", "first", "digests", "space"},
	"MsgSubmitResult":       {"signer", "request_id", "commitment", "space", "result.inline", "result.reference.*", "result.files[0].name", "result.files[0].reference.*"},
	"MsgRevealResult":       {"signer", "request_id", "result.inline", "result.reference.*", "result.files[0].name", "result.files[0].reference.*", "salt"},
	"MsgRank": {
		"signer", "request_id", "ranking[0].node", "ranking[0].score", "ranking[0].metrics", "input_unusable", "evidence.*",
	},
	"MsgChallenge": {"signer", "request_id", "evidence.*"},
	"MsgResolveChallenge": {
		"signer", "request_id", "confirm", "ranking[0].node", "ranking[0].score", "ranking[0].metrics", "forged", "input_unusable", "evidence.*",
	},
	"MsgAcceptResult": {"signer", "request_id"},
	"MsgUpdateParams": {"authority", "params.*"},
}

type message interface{ Enabled() error }

func TestEveryFieldIsHonoredOrRefusedByName(t *testing.T) {
	for _, empty := range []any{
		types.MsgRegisterJob{}, types.MsgForkJob{}, types.MsgUpdateJob{}, types.MsgPublishRelease{}, types.MsgRevokeRelease{}, types.MsgAddBuilder{}, types.MsgRemoveBuilder{}, types.MsgRequestJob{}, types.MsgCancelRequest{}, types.MsgAcceptJob{},
		types.MsgResign{}, types.MsgRejectWorker{}, types.MsgGrantKey{}, types.MsgPublishCheckpoints{}, types.MsgSubmitResult{}, types.MsgRevealResult{}, types.MsgRank{},
		types.MsgAcceptResult{}, types.MsgChallenge{}, types.MsgResolveChallenge{}, types.MsgUpdateParams{},
	} {
		kind := reflect.TypeOf(empty)
		list, known := honored[kind.Name()]
		require.True(t, known, "%s is not classified", kind.Name())
		used := map[string]bool{}
		for _, leaf := range leaves(kind, "", nil) {
			m := reflect.New(kind)
			leaf.set(m.Elem())
			err := enabled(m.Interface())
			if entry := match(list, leaf.path); entry != "" {
				used[entry] = true
				require.NoError(t, err, "%s.%s is listed as honored", kind.Name(), leaf.path)
				continue
			}
			require.ErrorIs(t, err, types.ErrNotEnabled, "%s.%s is neither honored nor refused", kind.Name(), leaf.path)
			name, _, _ := strings.Cut(err.Error(), ":")
			require.True(t, leaf.path == name || strings.HasPrefix(leaf.path, name+".") || strings.HasPrefix(leaf.path, name+"["),
				"%s.%s is refused as %s", kind.Name(), leaf.path, name)
		}
		for _, entry := range list {
			require.True(t, used[entry], "%s has no field %s", kind.Name(), entry)
		}
	}
}

// enabled is nil for messages that have nothing to refuse.
func enabled(m any) error {
	switch m := m.(type) {
	case *types.MsgRequestJob:
		return m.Spec.Enabled()
	case message:
		return m.Enabled()
	}
	return nil
}

func match(list []string, path string) string {
	i := slices.IndexFunc(list, func(entry string) bool {
		prefix, open := strings.CutSuffix(entry, "*")
		return entry == path || open && strings.HasPrefix(path, prefix)
	})
	if i < 0 {
		return ""
	}
	return list[i]
}

// leaf is a field of a message that holds a value and no fields of its own.
type leaf struct {
	path string
	set  func(reflect.Value)
}

func leaves(kind reflect.Type, path string, reach func(reflect.Value) reflect.Value) []leaf {
	if reach == nil {
		reach = func(v reflect.Value) reflect.Value { return v }
	}
	var all []leaf
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag.Get("protobuf")
		if tag == "" {
			continue
		}
		name := ""
		for part := range strings.SplitSeq(tag, ",") {
			if n, ok := strings.CutPrefix(part, "name="); ok {
				name = n
			}
		}
		fieldPath := strings.TrimPrefix(path+"."+name, ".")
		field := func(v reflect.Value) reflect.Value { return reach(v).Field(i) }
		all = append(all, leavesOf(kind.Field(i).Type, fieldPath, field)...)
	}
	return all
}

func leavesOf(kind reflect.Type, path string, reach func(reflect.Value) reflect.Value) []leaf {
	amount := reflect.TypeFor[math.Int]()
	switch {
	case kind == amount:
		return []leaf{{path, func(v reflect.Value) { reach(v).Set(reflect.ValueOf(math.NewInt(1))) }}}
	case kind.Kind() == reflect.Pointer:
		return leaves(kind.Elem(), path, func(v reflect.Value) reflect.Value {
			pointer := reach(v)
			if pointer.IsNil() {
				pointer.Set(reflect.New(kind.Elem()))
			}
			return pointer.Elem()
		})
	case kind.Kind() == reflect.Struct:
		return leaves(kind, path, reach)
	case kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct:
		return leaves(kind.Elem(), path+"[0]", func(v reflect.Value) reflect.Value {
			list := reach(v)
			if list.Len() == 0 {
				list.Set(reflect.MakeSlice(kind, 1, 1))
			}
			return list.Index(0)
		})
	}
	return []leaf{{path, func(v reflect.Value) {
		target := reach(v)
		switch target.Kind() {
		case reflect.String:
			target.SetString("x")
		case reflect.Bool:
			target.SetBool(true)
		case reflect.Slice:
			target.Set(reflect.MakeSlice(kind, 1, 1))
		case reflect.Uint32, reflect.Uint64:
			target.SetUint(1)
		case reflect.Int32, reflect.Int64:
			target.SetInt(enumValue(kind))
		default:
			panic(fmt.Sprintf("%s: no value for a %s", path, kind))
		}
	}}}
}

// enumValue is a value of each enum that is honored; others are tested by name.
func enumValue(kind reflect.Type) int64 {
	switch kind {
	case reflect.TypeFor[program.Role]():
		return int64(program.ROLE_WORKER)
	case reflect.TypeFor[program.ProgramKind]():
		return int64(program.PROGRAM_KIND_WASM)
	}
	return 1
}

func TestValuesThatAreNotEnabled(t *testing.T) {
	register := func(change func(*types.MsgRegisterJob)) error {
		m := &types.MsgRegisterJob{Releases: make([]types.ReleaseSpec, 1)}
		change(m)
		return m.Enabled()
	}
	for field, err := range map[string]error{
		"terms.verification":        register(func(m *types.MsgRegisterJob) { m.Terms.Verification = 9 }),
		"releases[0].role":          register(func(m *types.MsgRegisterJob) { m.Releases[0].Role = program.ROLE_ADMIN }),
		"releases[0].signatures[1]": register(func(m *types.MsgRegisterJob) { m.Releases[0].Signatures = make([]types.Signature, 2) }),
	} {
		require.ErrorIs(t, err, types.ErrNotEnabled, field)
		for line := range strings.SplitSeq(err.Error(), "\n") {
			require.True(t, strings.HasPrefix(line, field+":"), "%s: %s", field, line)
		}
	}
}
