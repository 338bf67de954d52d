package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// top is the folder of the module, seen from this package.
const top = "../.."

var named = regexp.MustCompile("`([^`]+)`|\\]\\(([^)]+)\\)")

// The table "Where is …?" of ARCHITECTURE.md sends nobody to a file that is not there.
func TestArchitectureNamesFilesThatExist(t *testing.T) {
	rows := architectureRows(t)
	require.Greater(t, len(rows), 20)
	for _, row := range rows {
		what, folders, files := row[0], row[1], row[2]
		for _, folder := range names(folders) {
			require.Truef(t, exists(t, folder), "%s: there is no folder %s", what, folder)
		}
		for _, file := range names(files) {
			found := exists(t, file) && strings.Contains(files, "]("+file+")")
			for _, folder := range names(folders) {
				found = found || exists(t, filepath.Join(folder, file))
			}
			require.Truef(t, found, "%s: there is no %s in %s", what, file, folders)
		}
	}
}

// exists says whether anything in the tree matches a path with wildcards.
func exists(t *testing.T, path string) bool {
	t.Helper()
	matches, err := filepath.Glob(filepath.Join(top, path))
	require.NoError(t, err)
	return len(matches) > 0
}

// A folder at the top that the table does not name is one that nobody finds.
func TestArchitectureNamesEveryFolder(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range architectureRows(t) {
		for _, folder := range names(row[1]) {
			listed[strings.Split(folder, "/")[0]] = true
		}
	}
	entries, err := os.ReadDir(top)
	require.NoError(t, err)
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || strings.HasPrefix(name, ".") || name == "build" {
			continue
		}
		require.Truef(t, listed[name], "ARCHITECTURE.md says nothing about %s/", name)
	}
}

// architectureRows are the rows of the table: what, folders, files.
func architectureRows(t *testing.T) [][3]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "ARCHITECTURE.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Where is")
	require.True(t, found, "ARCHITECTURE.md has no section that begins with \"Where is\"")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][3]string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " ---") || strings.TrimSpace(cells[1]) == "what" {
			continue
		}
		rows = append(rows, [3]string{cells[1], cells[2], cells[3]})
	}
	return rows
}

// names are the paths in a cell: in code quotes, or where links lead.
func names(cell string) []string {
	var paths []string
	for _, match := range named.FindAllStringSubmatch(cell, -1) {
		paths = append(paths, strings.TrimSuffix(match[1]+match[2], "/"))
	}
	return paths
}

// The README of a module is its specification: a test beside it holds it against the proto files.
func TestEveryModuleHoldsItsReadmeAgainstItsProtoFiles(t *testing.T) {
	modules, err := filepath.Glob(filepath.Join(top, "x", "*", "module.go"))
	require.NoError(t, err)
	require.Greater(t, len(modules), 3)
	for _, module := range modules {
		test, err := os.ReadFile(filepath.Join(filepath.Dir(module), "module_test.go"))
		require.NoError(t, err)
		for _, want := range []string{"func TestReadmeNamesEveryMessageEvent", "func TestEveryMessageHasExactlyOneSigner", "func TestEveryRPCHasACommandWithAnExample"} {
			require.Contains(t, string(test), want, "%s", module)
		}
	}
}
