package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/reference"
)

var digest = storage.DigestOf([]byte("content"))

func TestReferencesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]reference.Reference{
		"ain://7":                                {Space: 7},
		"ain://7/":                               {Space: 7, InFolder: true},
		"ain://7/" + digest.String():             {Space: 7, Digest: digest},
		"ain://7/" + digest.String() + "+chunks": {Space: 7, Digest: digest, Chunked: true},
		"ain://7/cat.jpg":                        {Space: 7, Path: "cat.jpg"},
		"ain://7/photos/2026/ü b+chunks":         {Space: 7, Path: "photos/2026/ü b+chunks"},
		"ain://7/photos/":                        {Space: 7, Path: "photos", InFolder: true},
		"ain://18446744073709551615/x":           {Space: 1<<64 - 1, Path: "x"},
	} {
		got, err := reference.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		require.Equal(t, text, got.String())
		require.True(t, reference.Is(text))
	}
	require.Equal(t, "ain://7", reference.Of(7).String())
	require.True(t, reference.Of(7).IsSpace())
	require.False(t, reference.Reference{Space: 7, Path: "x"}.IsSpace())
	require.False(t, reference.Is("photos/cat.jpg"))
}

func TestTextsThatAreNoReferences(t *testing.T) {
	const suffix = ": no reference (write ain://7/sha256:…, or ain://7/path)"
	for text, says := range map[string]string{
		"":                                     `""`,
		"7/cat.jpg":                            `"7/cat.jpg"`,
		"http://7/x":                           `"http://7/x"`,
		"ain://":                               `"ain://": "" is no space's number`,
		"ain://0/x":                            `"ain://0/x": "0" is no space's number`,
		"ain://07/x":                           `"ain://07/x": "07" is no space's number`,
		"ain://-1/x":                           `"ain://-1/x": "-1" is no space's number`,
		"ain://x/y":                            `"ain://x/y": "x" is no space's number`,
		"ain://7/sha256:12":                    `"ain://7/sha256:12": digest "sha256:12": has 2 hex digits, want 64`,
		"ain://7/../x":                         `"ain://7/../x": path "../x" is not clean, want no empty, . or .. parts`,
		"ain://7//x":                           `"ain://7//x": path "/x" is absolute, want it from the folder`,
		"ain://7/x//":                          `"ain://7/x//": path "x/" is not clean, want no empty, . or .. parts`,
		"ain://7/a:b":                          `"ain://7/a:b": path "a:b" has a ':', which not every system takes in a name`,
		"ain://7/SHA256:" + digest.Hex():       `"ain://7/SHA256:` + digest.Hex() + `": path "SHA256:` + digest.Hex() + `" has a ':', which not every system takes in a name`,
		"ain://7/" + strings.Repeat("a", 1025): ``,
	} {
		_, err := reference.Parse(text)
		require.ErrorIs(t, err, reference.ErrReference, text)
		if says != "" {
			require.EqualError(t, err, says+suffix)
		}
	}
}

// FuzzParse: what is read is written as it was.
func FuzzParse(f *testing.F) {
	f.Add("ain://7/" + digest.String() + "+chunks")
	f.Add("ain://7/photos/cat.jpg")
	f.Add("ain://7/photos/")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := reference.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, reference.ErrReference)
			return
		}
		require.Equal(t, text, r.String())
		require.NotContains(t, "/"+r.Path+"/", "/../")
	})
}
