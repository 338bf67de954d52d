package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// What goes into a space is named by the order, each content once; what goes into the store of a whole network is found by its digest alone.
func TestOrderNamesWhatATaskHasInASpace(t *testing.T) {
	digest := func(content string) string { return storage.DigestOf([]byte(content)).String() }
	task := program.Task{
		Program: &program.Code{Kind: program.CodeScript, Digest: digest("program"), Size_: 7, Files: []program.TaskFile{{Name: "a", Digest: digest("text"), Size_: 4}}},
		Check: &program.Code{Kind: program.CodeScript, Digest: digest("check"), Size_: 5, Files: []program.TaskFile{
			{Name: "a", Digest: digest("text"), Size_: 4}, {Name: "b", Digest: digest("program"), Size_: 7},
		}},
	}
	s, params := &Session{}, jobstypes.DefaultParams()
	var spec jobstypes.RequestSpec
	require.NoError(t, s.parcelInput(&parcel{}, task, 7, &spec, params))
	require.NotEmpty(t, spec.Input.Inline)
	require.NoError(t, spec.Input.Validate("input", params))
	var named []jobstypes.Reference
	for _, file := range spec.Input.Files {
		named = append(named, file.Reference)
	}
	require.Equal(t, []jobstypes.Reference{
		{Digest: digest("program"), Size_: 7, Space: 7}, {Digest: digest("text"), Size_: 4, Space: 7}, {Digest: digest("check"), Size_: 5, Space: 7},
	}, named)

	spec = jobstypes.RequestSpec{}
	require.NoError(t, s.parcelInput(&parcel{}, task, 0, &spec, params))
	require.Empty(t, spec.Input.Files)

	// Nobody could see a task that is read by participants alone, and nobody accepts what it cannot see.
	task.Program.Args = []string{strings.Repeat("x", 5000)}
	spec = jobstypes.RequestSpec{}
	require.ErrorContains(t, s.parcelInput(&parcel{}, task, 7, &spec, params),
		"bytes of at most 4096, and nodes must see them before they accept: put inputs into an archive, or arguments into a file")
	p := &parcel{}
	require.NoError(t, s.parcelInput(p, task, 0, &spec, params))
	require.Len(t, p.artifacts, 1)
	require.NotNil(t, spec.Input.Reference)
}
