package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// variable tells a test binary which mutant it runs; none or 0 is the code as it is.
const variable = "AIND_MUTANT"

// lab is the test binaries with all drawn mutants inside.
type lab struct {
	dir    string
	module *module
	// broken are the mutants that the compiler refuses.
	broken   map[int]string
	binaries map[string]string // by the package's full path
	paces    map[string]pace
}

// pace is how a package's tests run without any mutant.
type pace struct {
	// limit is the processor time that they may take before a mutant counts as one that never ends.
	limit time.Duration
	// slow are the tests that take long, as a pattern; the others meet a mutant first. Empty: none does.
	slow string
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// build instruments the packages of the drawn mutants and builds all tests that look at them.
func build(o options, m *module, drawn []*mutant) (*lab, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, module: m, broken: map[int]string{}, binaries: map[string]string{}, paces: map[string]pace{}}
	overlay, err := l.overlay(drawn)
	if err != nil {
		return l, errors.Join(err, os.RemoveAll(dir))
	}
	mutated := map[string]bool{}
	for _, d := range drawn {
		mutated[d.code.full] = true
	}
	for i, t := range m.tests {
		if !t.looksAt(mutated) {
			continue
		}
		binary := filepath.Join(dir, strconv.Itoa(i)+".test")
		command := exec.Command("go", "test", "-c", "-tags", o.tags, "-ldflags", "-s -w", "-overlay", overlay, "-o", binary, t.full)
		command.Dir = o.dir
		if out, err := command.CombinedOutput(); err != nil {
			return l, errors.Join(fmt.Errorf("building the tests of %s: %w\n%s", t.full, err, out), os.RemoveAll(dir))
		}
		if _, err := os.Stat(binary); err != nil {
			continue // a package without tests
		}
		l.binaries[t.full] = binary
		failed, out, took := l.meet(t, 0, 10*time.Minute, "-test.v")
		if failed {
			return l, errors.Join(fmt.Errorf("the tests of %s fail without any mutant:\n%s", t.full, out), os.RemoveAll(dir))
		}
		l.paces[t.full] = pace{limit: 3*took + 20*time.Second, slow: slowTests(out)}
	}
	return l, nil
}

var passed = regexp.MustCompile(`(?m)^--- PASS: (\S+) \((\S+s)\)`)

// slowTests is a pattern of the tests that take more than half a second.
func slowTests(output string) string {
	var slow []string
	for _, found := range passed.FindAllStringSubmatch(output, -1) {
		if took, err := time.ParseDuration(found[2]); err == nil && took > time.Second/2 {
			slow = append(slow, found[1])
		}
	}
	if len(slow) == 0 {
		return ""
	}
	return "^(" + strings.Join(slow, "|") + ")$"
}

func (t testBinary) looksAt(mutated map[string]bool) bool {
	for full := range mutated {
		if t.deps[full] || t.full == full {
			return true
		}
	}
	return false
}

// overlay writes the instrumented files and returns the file that tells the go command of them.
func (l *lab) overlay(drawn []*mutant) (string, error) {
	replaced := map[string]string{}
	for _, c := range l.module.packages {
		var here []*mutant
		for _, d := range drawn {
			if d.code == c {
				here = append(here, d)
			}
		}
		if len(here) == 0 {
			continue
		}
		files, err := l.instrument(c, here)
		if err != nil {
			return "", err
		}
		for path, text := range files {
			copied := filepath.Join(l.dir, fmt.Sprintf("%d.go", len(replaced)))
			if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
				return "", err
			}
			replaced[path] = copied
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// instrument returns the files of a package with its mutants inside, leaving out those that do not compile.
func (l *lab) instrument(c *code, here []*mutant) (map[string]string, error) {
	for range 3 {
		files, spans := map[string]string{}, map[string][]span{}
		for _, f := range c.files {
			if text, inside := l.rewrite(f, here); len(inside) > 0 {
				files[f.path], spans[f.path] = text, inside
			}
		}
		switchFile := filepath.Join(c.dir, "mutant_switch.go")
		files[switchFile] = "package " + c.name + "\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\n" +
			"var mutantUnderTest, _ = strconv.Atoi(os.Getenv(\"" + variable + "\"))\n"
		refused, err := l.compile(c, files, spans)
		if err != nil {
			return nil, err
		}
		if len(refused) == 0 {
			return files, nil
		}
		for id, why := range refused {
			l.broken[id] = why
		}
	}
	return nil, fmt.Errorf("%s does not compile with its mutants inside", c.path)
}

// span is the lines of one mutant in an instrumented file.
type span struct{ id, from, to int }

// rewrite puts the mutants of a file into it.
func (l *lab) rewrite(f *file, here []*mutant) (string, []span) {
	of := map[*ast.FuncDecl][]*mutant{}
	for _, m := range here {
		if _, broken := l.broken[m.id]; m.file == f && !broken {
			of[m.function] = append(of[m.function], m)
		}
	}
	var out strings.Builder
	var spans []span
	line := func() int { return strings.Count(out.String(), "\n") + 1 }
	base, done := int(f.syntax.FileStart), 0
	for _, declaration := range f.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || len(of[function]) == 0 {
			continue
		}
		open := int(function.Body.Lbrace) - base + 1
		out.Write(f.text[done:open])
		done = open
		out.WriteString("\nswitch mutantUnderTest {\n")
		// A copy must not run on into the body as it is.
		end := "return"
		if function.Type.Results.NumFields() > 0 {
			end = `panic("the mutant ran off the end of the function")`
		}
		for _, m := range of[function] {
			from := line()
			fmt.Fprintf(&out, "case %d:\n%s\n%s\n", m.id, m.body(), end)
			spans = append(spans, span{m.id, from, line() - 1})
		}
		out.WriteString("}\n")
	}
	out.Write(f.text[done:])
	return out.String(), spans
}

// compile types the instrumented package and tells which mutants are to blame for errors.
func (l *lab) compile(c *code, files map[string]string, spans map[string][]span) (map[int]string, error) {
	fset := token.NewFileSet()
	var syntax []*ast.File
	paths := []string{filepath.Join(c.dir, "mutant_switch.go")}
	for _, f := range c.files {
		paths = append(paths, f.path)
	}
	for _, path := range paths {
		var text any
		if changed, ok := files[path]; ok {
			text = changed
		}
		parsed, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		syntax = append(syntax, parsed)
	}
	refused := map[int]string{}
	var other error
	conf := types.Config{Importer: l.module.importer, Error: func(err error) {
		var typed types.Error
		if errors.As(err, &typed) {
			position := fset.Position(typed.Pos)
			for _, s := range spans[position.Filename] {
				if s.from <= position.Line && position.Line <= s.to {
					refused[s.id] = typed.Msg
					return
				}
			}
		}
		other = errors.Join(other, err)
	}}
	_, _ = conf.Check(c.full, fset, syntax, nil) // its error is the first of those above
	return refused, other
}

// result is what became of a mutant.
type result struct {
	mutant  *mutant
	outcome string
	by      string // the test that noticed, or what the compiler said
}

const (
	killed     = "killed"
	survived   = "survived"
	uncompiled = "did not compile"
)

// try lets every mutant meet its tests and tells of each as it ends.
func (l *lab) try(drawn []*mutant, jobs int, out io.Writer) ([]result, error) {
	results := make([]result, len(drawn))
	next := make(chan int)
	var wait sync.WaitGroup
	var print sync.Mutex
	for range jobs {
		wait.Go(func() {
			for i := range next {
				results[i] = l.one(drawn[i])
				print.Lock()
				fmt.Fprintf(out, "%-9s %s", results[i].outcome, drawn[i])
				if results[i].by != "" {
					fmt.Fprintf(out, " [%s]", results[i].by)
				}
				fmt.Fprintln(out)
				print.Unlock()
			}
		})
	}
	for i := range drawn {
		next <- i
	}
	close(next)
	wait.Wait()
	return results, nil
}

func (l *lab) one(m *mutant) result {
	if why, ok := l.broken[m.id]; ok {
		return result{m, uncompiled, why}
	}
	tests := slices.Clone(l.module.tests)
	slices.SortStableFunc(tests, func(a, b testBinary) int { return order(a, m) - order(b, m) })
	for _, t := range tests {
		if order(t, m) > 1 || l.binaries[t.full] == "" {
			continue
		}
		if failed, out := l.meetAll(t, m.id); failed {
			return result{m, killed, t.path + " " + firstFailure(out)}
		}
	}
	return result{m, survived, ""}
}

// order puts a mutant's own tests first and leaves out those that do not see it.
func order(t testBinary, m *mutant) int {
	switch {
	case t.full == m.code.full:
		return 0
	case t.deps[m.code.full]:
		return 1
	}
	return 2
}

// meetAll runs the tests of one package with a mutant, the quick ones first: most mutants fail those.
func (l *lab) meetAll(t testBinary, id int) (failed bool, output string) {
	p := l.paces[t.full]
	if p.slow == "" {
		failed, output, _ = l.meet(t, id, p.limit)
		return failed, output
	}
	if failed, output, _ = l.meet(t, id, p.limit, "-test.skip="+p.slow); failed {
		return true, output
	}
	failed, output, _ = l.meet(t, id, p.limit, "-test.run="+p.slow)
	return failed, output
}

// meet runs tests of one package with a mutant, and says whether they fail and what processor time they took. The
// limit is one of processor time, so that a busy machine kills no mutant.
func (l *lab) meet(t testBinary, id int, limit time.Duration, args ...string) (failed bool, output string, took time.Duration) {
	const wall = 20 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), wall+5*time.Second)
	defer cancel()
	args = append(args, "-test.failfast", "-test.timeout="+wall.String())
	if t.rapid { // by the seed of x/jobs/keeper's sequences, which are known to reach what they must
		args = append(args, "-rapid.seed=20181120", "-rapid.nofailfile", "-rapid.shrinktime=0s")
	}
	// A mutant that never ends must not take all memory with it either.
	shell := fmt.Sprintf(`ulimit -v 6000000 -t %d; exec "$0" "$@"`, int(limit.Seconds()))
	command := exec.CommandContext(ctx, "bash", append([]string{"-c", shell, l.binaries[t.full]}, args...)...)
	command.Dir = t.dir
	command.Env = append(os.Environ(), variable+"="+strconv.Itoa(id))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	if state := command.ProcessState; state != nil {
		took = state.UserTime() + state.SystemTime()
		if err != nil && state.ExitCode() < 0 && took >= limit { // killed at the limit
			out.WriteString(timedOut)
		}
	}
	return err != nil, out.String(), took
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// timedOut is what a test binary says when its time is up.
const timedOut = "panic: test timed out"

// firstFailure names the test that failed, the innermost one.
func firstFailure(output string) string {
	if strings.Contains(output, timedOut) {
		return "timed out"
	}
	name := ""
	for _, found := range failure.FindAllStringSubmatch(output, -1) {
		if strings.HasPrefix(found[1], name) {
			name = found[1]
		}
	}
	if name == "" {
		return "crashed"
	}
	return name
}
