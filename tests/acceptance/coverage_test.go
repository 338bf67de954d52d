package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rpc = regexp.MustCompile(`(?m)^  rpc (\w+)\(`)

// The list promises something of every message and every query that the proto files declare.
func TestTheListNamesEveryMessageAndQuery(t *testing.T) {
	list, err := os.Open("../../docs/acceptance.md")
	require.NoError(t, err)
	defer list.Close()
	promises, err := readPromises(list)
	require.NoError(t, err)
	named := map[string]bool{}
	for _, p := range promises {
		words := strings.Fields(p.thing)
		if len(words) > 1 {
			named[words[0]+" "+words[1]] = true
		}
	}
	for _, service := range []string{"tx", "query"} {
		files, err := filepath.Glob("../../proto/ain/*/v1/" + service + ".proto")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			module := filepath.Base(filepath.Dir(filepath.Dir(file)))
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			found := rpc.FindAllStringSubmatch(string(text), -1)
			require.NotEmpty(t, found, file)
			for _, match := range found {
				require.Truef(t, named[module+" "+match[1]], "no line of docs/acceptance.md begins with `- %s %s`", module, match[1])
			}
		}
	}
}
