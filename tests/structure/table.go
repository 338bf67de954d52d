package structure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Rule says what the packages of one row may and may never import. Patterns are matched against whole paths:
// `*` stands for one element, a trailing `/...` for everything below as well, and `{x}` for the element that `{x}`
// matched in Of. Own packages begin with "./".
type Rule struct {
	Of []string // the packages of this row, by their path within the module; the first row that matches counts
	// Own are the own packages that may be linked, besides those of Of itself. nil allows all but those of Never.
	Own []string
	// Never are own packages and modules that must not be linked at all.
	Never []string
	// NeverImport is what the row's own files must not import; what they depend on may.
	NeverImport []string
}

var (
	chain         = []string{"github.com/cosmos/...", "cosmossdk.io/...", "github.com/cometbft/..."}
	impure        = []string{"net", "net/...", "os", "os/...", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "unsafe"}
	types         = []string{"./x/*/types/...", "./program", "./chain"}
	appAndKeepers = []string{"./app/...", "./x/*", "./x/*/keeper/..."}
	confined      = map[string][]string{ // what only one package may import, and where
		"github.com/docker/docker/...":      {"sandbox/docker/..."},
		"github.com/moby/moby/...":          {"sandbox/docker/..."},
		"github.com/tetratelabs/wazero/...": {"sandbox/wasm/..."},
		"github.com/minio/minio-go/...":     {"storage/s3/..."},
		"github.com/versity/versitygw/...":  {"storage/embedded/..."},
		"go.etcd.io/bbolt/...":              {"storage/gateway/server/..."},
	}
	appImporters = []string{"app/...", "cmd/aind/...", "devnet/...", "benchmarks/...", "tests/..."}
	emptyNames   = regexp.MustCompile(`(^|/)(util|utils|common|helper|helpers|misc)(/|$)`)
)

// Table is the import table of ARCHITECTURE.md, most particular row first.
var Table = []Rule{
	{Of: []string{"program", "chain"}, Own: []string{}, NeverImport: impure},
	{Of: []string{"dial"}, Own: []string{}, Never: chain},
	{Of: []string{"x/{m}/types/..."}, Own: []string{"./program", "./chain"}, NeverImport: []string{"os", "os/...", "math/rand", "math/rand/v2", "crypto/rand"}},
	{Of: []string{"simulation/..."}, Own: []string{"./chain"}},
	{Of: []string{"x/{m}/simulation/..."}, Own: []string{"./x/{m}/...", "./simulation", "./program", "./chain"}},
	{Of: []string{"x/{m}/..."}, Own: []string{"./program", "./chain"}, NeverImport: impure},
	{Of: []string{"app/..."}, Own: []string{"./x/...", "./program", "./chain"}},
	{Of: []string{"client/..."}, Own: types},
	{Of: []string{"storage/gateway/..."}, Own: append([]string{"./storage/...", "./client/...", "./dial"}, types...)},
	{Of: []string{"storage/..."}, Own: []string{"./dial"}, Never: chain},
	{Of: []string{"sandbox/...", "cmd/ain-sandbox"}, Own: []string{"./dial"}, Never: chain},
	{Of: []string{"release/..."}, Own: append([]string{"./storage/...", "./dial"}, types...)},
	{Of: []string{"builder/..."}, Own: append([]string{"./sandbox/...", "./dial"}, types...)},
	{Of: []string{"daemon/..."}, Own: daemonMayUse()},
	{Of: []string{"worker/..."}, Own: daemonMayUse()},
	{Of: []string{"evaluator/..."}, Own: daemonMayUse()},
	{Of: []string{"admin/..."}, Own: daemonMayUse()},
	{Of: []string{"examples/..."}, Own: []string{}, Never: chain},
	{Of: []string{"console/..."}, Never: appAndKeepers},
	{Of: []string{"devnet/..."}, Never: []string{"./tests/...", "./cmd/...", "./simulation/..."}},
	{Of: []string{"cmd/aind/..."}, Never: []string{"./tests/...", "./simulation/..."}},
	{Of: []string{"tests/model"}, Own: []string{}, Never: chain},
	{Of: []string{"benchmarks/..."}, Never: []string{"./tests/...", "./cmd/...", "./devnet/..."}},
	{Of: []string{"tests/..."}},
}

// daemonMayUse is what the three daemons share; none of them knows another.
func daemonMayUse() []string {
	return append([]string{"./daemon/...", "./client/...", "./storage/...", "./sandbox/...", "./release/...", "./dial"}, types...)
}

// Violation is one import that the table does not allow.
type Violation struct{ Package, Import, Why string }

func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Package, v.Import, v.Why) }

// Check returns everything in the packages that the table does not allow, in their order.
func Check(packages []Package) []Violation {
	var found []Violation
	for _, p := range packages {
		found = append(found, checkName(p)...)
		found = append(found, checkConfined(p)...)
		rule, row, ok := ruleOf(p.Path)
		if !ok {
			found = append(found, Violation{p.Path, "", "no row of the import table is about this package: add one"})
			continue
		}
		found = append(found, rule.check(p, row)...)
	}
	return found
}

func checkName(p Package) []Violation {
	if emptyNames.MatchString(p.Path) {
		return []Violation{{p.Path, "", "the name says nothing about what is inside"}}
	}
	return nil
}

func checkConfined(p Package) []Violation {
	var found []Violation
	for _, path := range p.Imports {
		for pattern, homes := range confined {
			if match(pattern, path) != nil && !matchAny(homes, p.Path) {
				found = append(found, Violation{p.Path, path, "only " + strings.Join(homes, ", ") + " may import it"})
			}
		}
	}
	for _, path := range p.Deps {
		if match("./app/...", path) != nil && !matchAny(appImporters, p.Path) {
			found = append(found, Violation{p.Path, path, "only " + strings.Join(appImporters, ", ") + " may depend on it"})
		}
	}
	return found
}

// ruleOf finds the first row about a package, and the pattern of that row with its `{m}` filled in.
func ruleOf(path string) (Rule, map[string]string, bool) {
	for _, rule := range Table {
		for _, of := range rule.Of {
			if names := match(of, path); names != nil {
				return rule, names, true
			}
		}
	}
	return Rule{}, nil, false
}

func (r Rule) check(p Package, names map[string]string) []Violation {
	var found []Violation
	fill := func(patterns []string) []string {
		filled := slices.Clone(patterns)
		for i := range filled {
			for name, value := range names {
				filled[i] = strings.ReplaceAll(filled[i], "{"+name+"}", value)
			}
		}
		return filled
	}
	same := fill(r.Of)
	for i := range same {
		same[i] = "./" + same[i]
	}
	for _, path := range p.Deps {
		own := strings.HasPrefix(path, "./")
		if own && r.Own != nil && !matchAny(same, path) && !matchAny(fill(r.Own), path) {
			found = append(found, Violation{p.Path, path, "not among what this package may depend on"})
		}
		if matchAny(fill(r.Never), path) {
			found = append(found, Violation{p.Path, path, "must never be linked with this package"})
		}
	}
	for _, path := range p.Imports {
		if matchAny(fill(r.NeverImport), path) {
			found = append(found, Violation{p.Path, path, "must never be imported here"})
		}
	}
	return found
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, path) != nil })
}

// match compares a path with a pattern and returns what each `{name}` stood for; nil says that they differ.
func match(pattern, path string) map[string]string {
	pattern, below := strings.CutSuffix(pattern, "/...")
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(got) < len(want) || !below && len(got) > len(want) {
		return nil
	}
	names := map[string]string{}
	for i, element := range want {
		switch {
		case element == "*":
		case strings.HasPrefix(element, "{"):
			names[strings.Trim(element, "{}")] = got[i]
		case element != got[i]:
			return nil
		}
	}
	return names
}
