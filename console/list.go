package console

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/reference"
)

func newLs(s *Session) *cobra.Command {
	var digests, recursive bool
	cmd := &cobra.Command{
		Use:   "ls SPACE|NAME",
		Short: "List the names of a space, or all that is in it",
		Long: `List what has a name in a space, ain://7, or in one of its folders, ain://7/photos. A bare number, 7, or
--digests lists all that is in the space, by digest, and how full it is; content in chunks is listed
chunk by chunk there.`,
		Example: `  aind storage ls ain://7
  aind storage ls ain://7/photos --recursive
  aind storage ls 7`,
		Args: cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			place, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			switch {
			case place.Digest != "", digests && place.Path != "":
				return badInputf("%s: want a space, or a name without --digests", args[0])
			case digests, place.IsSpace() && !reference.Is(args[0]):
				return s.listObjects(ctx, place.Space)
			}
			return s.listNames(ctx, place, recursive)
		}),
	}
	cmd.Flags().BoolVar(&digests, "digests", false, "list all that is in the space, by digest")
	cmd.Flags().BoolVarP(&recursive, "recursive", "R", false, "list what is in folders, too")
	return cmd
}

type listOutput struct {
	Space    uint64          `json:"space,string"`
	Reserved int64           `json:"reserved_bytes,string"`
	Stored   int64           `json:"stored_bytes,string"`
	Objects  []contentOutput `json:"objects"`
}

func (s *Session) listObjects(ctx context.Context, id uint64) error {
	space, err := s.openSpace(ctx, id)
	if err != nil {
		return err
	}
	usage, err := space.Usage(ctx)
	if err != nil {
		return inWords(err)
	}
	out := listOutput{Space: id, Reserved: usage.Reserved, Stored: usage.Stored, Objects: []contentOutput{}}
	var lines []string
	for after := storage.Digest(""); ; {
		page, err := space.List(ctx, after, 0)
		if err != nil {
			return inWords(err)
		}
		for _, object := range page.Objects {
			content := newContentOutput(id, chunk.Ref{Digest: object.Digest, Size: object.Size})
			out.Objects = append(out.Objects, content)
			lines = append(lines, fmt.Sprintf("%s  %s", content.Content, formatSize(uint64(object.Size))))
		}
		if after = page.Next; after == "" {
			break
		}
	}
	lines = append(lines, fmt.Sprintf("%s of %s.", formatSize(uint64(usage.Stored)), formatSize(uint64(usage.Reserved))))
	return s.print(out, lines...)
}

// namesOutput is what has a name in a folder of a space.
type namesOutput struct {
	Name    string         `json:"name"`
	Version uint64         `json:"folder_version,string"`
	Folders []folderOutput `json:"folders"`
	Files   []fileOutput   `json:"files"`
}

type folderOutput struct {
	Name  string `json:"name"`
	Files int    `json:"files"`
	Size  int64  `json:"size_bytes,string"`
}

type fileOutput struct {
	Name      string `json:"name"`
	Content   string `json:"content"`
	Size      int64  `json:"size_bytes,string"`
	Encrypted bool   `json:"encrypted"`
}

func (s *Session) listNames(ctx context.Context, place reference.Reference, recursive bool) error {
	space, err := s.openSpace(ctx, place.Space)
	if err != nil {
		return err
	}
	now, err := s.names(ctx, place.Space, space)
	if err != nil {
		return err
	}
	out := namesOutput{Name: place.String(), Version: now.version(), Folders: []folderOutput{}, Files: []fileOutput{}}
	if len(now.manifest.Files) == 0 && place.Path == "" {
		return s.print(out, fmt.Sprintf("Nothing has a name in space %d (what has none: `aind storage ls %d`).", place.Space, place.Space))
	}
	file, files, err := now.lookup(place)
	if err != nil {
		return err
	}
	if len(files.Files) == 0 {
		files.Files, place.Path, recursive = []folder.File{file}, "", true
	}
	for _, f := range files.Files {
		out.add(place, f, recursive)
	}
	return s.print(out, out.lines()...)
}

// add adds a file by its path in the folder that is listed, or counts it to the folder in there that it is in.
func (o *namesOutput) add(place reference.Reference, f folder.File, recursive bool) {
	first, _, inFolder := strings.Cut(f.Path, "/")
	at := func(name string) string {
		return reference.Reference{Space: place.Space, Path: strings.TrimPrefix(place.Path+"/"+name, "/")}.String()
	}
	if !inFolder || recursive {
		o.Files = append(o.Files, fileOutput{Name: at(f.Path), Content: contentAt(place.Space, f.Ref()).String(), Size: f.Size, Encrypted: f.Sealed})
		return
	}
	name := at(first) + "/"
	if n := len(o.Folders); n == 0 || o.Folders[n-1].Name != name {
		o.Folders = append(o.Folders, folderOutput{Name: name}) // files of a folder follow each other
	}
	last := &o.Folders[len(o.Folders)-1]
	last.Files++
	last.Size += f.Size
}

func (o *namesOutput) lines() []string {
	rows := [][]string{{"name", "size", ""}}
	for _, f := range o.Folders {
		rows = append(rows, []string{f.Name, formatSize(uint64(f.Size)), count(f.Files, "file")})
	}
	for _, f := range o.Files {
		what := ""
		if f.Encrypted {
			what = "encrypted"
		}
		rows = append(rows, []string{f.Name, formatSize(uint64(f.Size)), what})
	}
	return table(rows...)
}
