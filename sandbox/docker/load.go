package docker

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/client"
)

// repository is where loaded images are listed in the engine, for people: nothing is ever run by its name.
const repository = "ain.local/program"

// tagOf is the name that a program's image is listed under.
func tagOf(digest string) string { return repository + ":" + strings.TrimPrefix(digest, "sha256:") }

// load hands a checked image to the engine and returns the engine's id for it, and its size there. The engine is given no compressed byte
// and no entry that was not looked at.
func load(ctx context.Context, engine client.APIClient, b blobs, i checkedImage, tag string) (id string, size int64, err error) {
	archive, w := io.Pipe()
	go func() { w.CloseWithError(writeArchive(ctx, w, b, i, tag)) }()
	defer archive.Close()
	response, err := engine.ImageLoad(ctx, archive, client.ImageLoadWithQuiet(true))
	if err != nil {
		return "", 0, loadError(err)
	}
	defer response.Body.Close()
	if err := readProgress(response.Body, nil); err != nil {
		return "", 0, loadError(err)
	}
	found, err := engine.ImageInspect(ctx, tag)
	if err != nil {
		return "", 0, engineError("look at the loaded image", err)
	}
	var want []string
	for _, l := range i.content {
		want = append(want, l.diffID)
	}
	if !slices.Equal(found.RootFS.Layers, want) {
		return "", 0, engineError("load image", fmt.Errorf("it has layers %v instead of %v", found.RootFS.Layers, want))
	}
	return found.ID, found.Size, nil
}

// loadError keeps what we found wrong with the image apart from what the engine says.
func loadError(err error) error {
	var bad refusedWhileLoading
	if errors.As(err, &bad) {
		return bad.error
	}
	return engineError("load image", err)
}

// refusedWhileLoading marks errors of the image's own that come up while it is sent.
type refusedWhileLoading struct{ error }

// progressLine is one line of what the engine says while it loads or pulls.
type progressLine struct {
	Error          string `json:"error"`
	Status         string `json:"status"`
	ID             string `json:"id"`
	ProgressDetail struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
}

// readProgress reads to the end, or to the first error.
func readProgress(r io.Reader, each func(progressLine)) error {
	for lines := json.NewDecoder(r); ; {
		var line progressLine
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case line.Error != "":
			return errors.New(line.Error)
		}
		if each != nil {
			each(line)
		}
	}
}

// writeArchive writes the form that engines of every version load: `docker save`'s.
func writeArchive(ctx context.Context, out io.Writer, b blobs, i checkedImage, tag string) error {
	w := tar.NewWriter(out)
	configName := strings.TrimPrefix(i.configDigest, "sha256:") + ".json"
	manifest := []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{{Config: configName, RepoTags: []string{tag}, Layers: []string{}}}
	written := map[string]bool{}
	for _, l := range i.content {
		name := strings.TrimPrefix(l.diffID, "sha256:") + "/layer.tar"
		manifest[0].Layers = append(manifest[0].Layers, name)
		if written[name] {
			continue
		}
		written[name] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeLayer(w, b, l, name); err != nil {
			return err
		}
	}
	if err := writeFile(w, configName, i.configJSON); err != nil {
		return err
	}
	list, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := writeFile(w, "manifest.json", list); err != nil {
		return err
	}
	return w.Close()
}

func writeLayer(w *tar.Writer, b blobs, l layer, name string) error {
	packed, err := b.open(l.descriptor.Digest.String(), l.descriptor.Size)
	if err != nil {
		return refusedWhileLoading{err}
	}
	defer packed.Close()
	plain, err := decompress(packed, l.descriptor.MediaType)
	if err != nil {
		return refusedWhileLoading{err}
	}
	defer plain.Close()
	if err := w.WriteHeader(fileHeader(name, l.size)); err != nil {
		return err
	}
	if n, err := io.Copy(w, io.LimitReader(plain, l.size)); err != nil {
		return err
	} else if n != l.size {
		return refusedWhileLoading{refuse(ErrDigest, "layer %s changed while it was read", l.descriptor.Digest)}
	}
	return nil
}

func writeFile(w *tar.Writer, name string, content []byte) error {
	if err := w.WriteHeader(fileHeader(name, int64(len(content)))); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

func fileHeader(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)}
}
