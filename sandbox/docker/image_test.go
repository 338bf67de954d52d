package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker/layout"
)

// draft is an image that a case makes bad at one place.
type draft struct {
	t       *testing.T
	entries []layout.Entry
	config  ocispec.ImageConfig
	arch    string
	blobs   layout.Blobs
	file    []byte
	digest  string
	bounds  bounds
	entry   string
}

func newDraft(t *testing.T) *draft {
	return &draft{
		t: t, arch: runtime.GOARCH, config: ocispec.ImageConfig{Entrypoint: []string{"/program"}}, bounds: bounds{bytes: 1 << 20, files: 100},
		entries: []layout.Entry{{Name: "program", Mode: 0o755, Content: []byte("a program")}},
	}
}

// pack makes the parts from entries and config.
func (d *draft) pack() {
	packed, err := layout.Layer(d.entries...)
	require.NoError(d.t, err)
	d.packLayer(packed)
}

func (d *draft) packLayer(content []byte) {
	var err error
	d.blobs, err = layout.NewBlobs(layout.Image{Architecture: d.arch, Config: d.config, Layers: [][]byte{content}})
	require.NoError(d.t, err)
}

// write makes the artifact from the parts.
func (d *draft) write() {
	var buf bytes.Buffer
	require.NoError(d.t, d.blobs.Write(&buf))
	d.file = buf.Bytes()
}

// manifest changes the image's manifest and all that leads to it.
func (d *draft) manifest(change func(*ocispec.Manifest)) {
	var m ocispec.Manifest
	require.NoError(d.t, json.Unmarshal(d.blobs.Parts[d.blobs.Manifest.Digest], &m))
	change(&m)
	content, err := json.Marshal(m)
	require.NoError(d.t, err)
	d.blobs.Manifest = d.add(d.blobs.Manifest.MediaType, content)
	d.blobs.Index.Manifests = []ocispec.Descriptor{d.blobs.Manifest}
}

func (d *draft) add(mediaType string, content []byte) ocispec.Descriptor {
	id := digest.Digest(digestOf(content))
	d.blobs.Parts[id] = content
	d.blobs.Order = append(d.blobs.Order, id)
	return ocispec.Descriptor{MediaType: mediaType, Digest: id, Size: int64(len(content))}
}

// only leaves entries of the artifact's own tar file out or adds to them.
func (d *draft) tarOf(entries ...layout.Entry) {
	var err error
	d.file, err = layout.Layer(entries...)
	require.NoError(d.t, err)
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// check does with the draft what is done with every program's artifact.
func (d *draft) check() (checkedImage, error) {
	if d.blobs.Parts == nil {
		d.pack()
	}
	if d.file == nil {
		d.write()
	}
	if d.digest == "" {
		d.digest = digestOf(d.file)
	}
	path := filepath.Join(d.t.TempDir(), "image.tar")
	require.NoError(d.t, os.WriteFile(path, d.file, 0o600))
	a, err := openArtifact(path, d.digest)
	if err != nil {
		return checkedImage{}, err
	}
	defer a.close()
	return inspect(context.Background(), a, a.index, d.entry, d.bounds)
}

func TestBadImagesAreRefusedByName(t *testing.T) {
	oci := layout.Entry{Name: "oci-layout", Content: []byte("{}")}
	index := layout.Entry{Name: "index.json", Content: []byte("{}")}
	entry := func(e layout.Entry) func(*draft) { return func(d *draft) { d.entries = append(d.entries, e) } }
	start := func(args ...string) func(*draft) { return func(d *draft) { d.config.Entrypoint = args } }
	user := func(name string) func(*draft) { return func(d *draft) { d.config.User = name } }
	dir := func(name string) func(*draft) { return func(d *draft) { d.config.WorkingDir = name } }
	whole := func(entries ...layout.Entry) func(*draft) { return func(d *draft) { d.tarOf(entries...) } }
	for name, c := range map[string]struct {
		change func(*draft)
		want   error
	}{
		"a tampered artifact": {func(d *draft) { d.pack(); d.write(); d.digest = digestOf(d.file); d.file[600] ^= 1 }, ErrDigest},
		"another artifact":    {func(d *draft) { d.digest = "sha256:" + strings.Repeat("0", 64) }, ErrDigest},
		"a tampered layer": {func(d *draft) {
			d.pack()
			d.blobs.Parts[d.blobs.Order[0]][20] ^= 1
		}, ErrDigest},
		"a tampered config": {func(d *draft) {
			d.pack()
			config := d.blobs.Parts[d.blobs.Order[1]]
			copy(config[bytes.Index(config, []byte("/program")):], "/another")
		}, ErrDigest},
		"a tampered manifest": {func(d *draft) {
			d.pack()
			d.blobs.Parts[d.blobs.Manifest.Digest][1] = ' '
		}, ErrDigest},
		"a layer that unpacks to something else": {func(d *draft) {
			d.pack()
			other := newDraft(t)
			other.entries[0].Content = []byte("evil")
			other.pack()
			d.manifest(func(m *ocispec.Manifest) {
				m.Layers[0] = d.add(ocispec.MediaTypeImageLayerGzip, other.blobs.Parts[other.blobs.Order[0]])
			})
		}, ErrDigest},
		"a size that is not the blob's": {func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) { m.Layers[0].Size-- })
		}, ErrDigest},

		"no tar file":          {func(d *draft) { d.file = []byte(strings.Repeat("no tar ", 200)) }, ErrLayout},
		"nothing":              {func(d *draft) { d.file = []byte{} }, ErrLayout},
		"no index":             {whole(oci), ErrLayout},
		"no version":           {whole(index), ErrLayout},
		"two indexes":          {whole(oci, index, index), ErrLayout},
		"a link in the layout": {whole(oci, index, layout.Entry{Name: "blobs", Type: tar.TypeSymlink, Link: "/etc"}), ErrLayout},
		"a blob that is gone":  {func(d *draft) { d.pack(); d.blobs.Order = d.blobs.Order[1:] }, ErrLayout},
		"an index of nonsense": {whole(oci, layout.Entry{Name: "index.json", Content: []byte("nonsense")}), ErrLayout},
		"a layer of odd type": {func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) { m.Layers[0].MediaType = "text/plain" })
		}, ErrLayout},
		"a layer not in config": {func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) })
		}, ErrLayout},
		"a layer that is none": {func(d *draft) { d.packLayer([]byte(strings.Repeat("junk", 500))) }, ErrLayout},
		"too many layers": {func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) {
				for range maxLayers {
					m.Layers = append(m.Layers, m.Layers[0])
				}
			})
		}, ErrLayout},
		"a digest that is a path": {func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) { m.Layers[0].Digest = "sha256:../../../etc/passwd" })
		}, ErrLayout},
		"another architecture": {func(d *draft) { d.arch = "s390x" }, ErrPlatform},

		"a path out of the layout":           {whole(oci, index, layout.Entry{Name: "../evil"}), ErrPath},
		"a full path in the layout":          {whole(oci, index, layout.Entry{Name: "/etc/evil"}), ErrPath},
		"a path out of a layer":              {entry(layout.Entry{Name: "../evil"}), ErrPath},
		"a path out of a layer, on a detour": {entry(layout.Entry{Name: "a/../../evil"}), ErrPath},
		"a hard link out of a layer":         {entry(layout.Entry{Name: "evil", Type: tar.TypeLink, Link: "../../etc/shadow"}), ErrPath},
		"a device":                           {entry(layout.Entry{Name: "sda", Type: tar.TypeBlock}), ErrSpecial},
		"a character device":                 {entry(layout.Entry{Name: "mem", Type: tar.TypeChar}), ErrSpecial},
		"a pipe":                             {entry(layout.Entry{Name: "pipe", Type: tar.TypeFifo}), ErrSpecial},

		"a decompression bomb":  {entry(layout.Entry{Name: "zeros", Content: make([]byte, 2<<20)}), ErrBomb},
		"zeros after the files": {func(d *draft) { d.packLayer(make([]byte, 8<<20)) }, ErrBomb},
		"more files than allowed": {func(d *draft) {
			for range 101 {
				d.entries = append(d.entries, layout.Entry{Name: "dir", Type: tar.TypeDir})
			}
		}, ErrBomb},
		"an endless manifest": {func(d *draft) {
			d.pack()
			d.blobs.Index.Manifests[0].Size = 1 << 40
		}, ErrBomb},
		"a huge index": {whole(oci, layout.Entry{Name: "index.json", Content: make([]byte, maxMetadata+1)}), ErrBomb},

		"no entry point":                      {start(), ErrEntryPoint},
		"an empty entry point":                {start(""), ErrEntryPoint},
		"the engine's own tool":               {start("/proc/self/exe"), ErrEntryPoint},
		"an open file of the engine's":        {start("/proc/self/fd/7"), ErrEntryPoint},
		"a device for a program":              {start("/dev/fd/3"), ErrEntryPoint},
		"our warden":                          {start("/ain/warden"), ErrEntryPoint},
		"a way up":                            {start("/bin/../../../bin/sh"), ErrEntryPoint},
		"NUL in an argument":                  {start("/program", "a\x00b"), ErrEntryPoint},
		"very many arguments":                 {start(make([]string, 1)[0] + "/p" + strings.Repeat("x", maxText)), ErrEntryPoint},
		"a bad entry point of the release":    {func(d *draft) { d.entry = "/proc/1/exe" }, ErrEntryPoint},
		"root by name":                        {user("root"), ErrUser},
		"root by number":                      {user("0"), ErrUser},
		"root in disguise":                    {user("000"), ErrUser},
		"the group of root":                   {user("1000:0"), ErrUser},
		"the group of root by name":           {user("1000:root"), ErrUser},
		"a number that wraps around to root":  {user("4294967296"), ErrUser},
		"a number beyond all":                 {user("99999999999999999999999"), ErrUser},
		"a negative user":                     {user("-1"), ErrUser},
		"a user with a line of its own":       {user("a\nroot:x:0"), ErrUser},
		"a working folder that is not whole":  {dir("here"), ErrWorkingDir},
		"a working folder of the engine's":    {dir("/proc/self/fd/8"), ErrWorkingDir},
		"a working folder above":              {dir("/work/../../etc"), ErrWorkingDir},
		"a working folder among our own":      {dir("/ain/out"), ErrWorkingDir},
		"a volume":                            {func(d *draft) { d.config.Volumes = map[string]struct{}{"/data": {}} }, ErrVolumes},
		"a variable that is none":             {func(d *draft) { d.config.Env = []string{"PATH"} }, ErrLayout},
		"more variables than anybody can use": {func(d *draft) { d.config.Env = make([]string, maxVariables+1) }, ErrLayout},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDraft(t)
			c.change(d)
			_, err := d.check()
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, sandbox.ErrBadProgram)
			for _, other := range []error{
				ErrLayout, ErrDigest, ErrPlatform, ErrPath, ErrSpecial, ErrBomb, ErrEntryPoint, ErrUser, ErrWorkingDir, ErrVolumes, ErrReference,
			} {
				if !errors.Is(other, c.want) {
					assert.NotErrorIs(t, err, other)
				}
			}
			if _, could, err := d.pulled(); could {
				require.ErrorIs(t, err, c.want, "from a registry, too")
				require.ErrorIs(t, err, sandbox.ErrBadProgram)
			}
		})
	}
}

func TestGoodImages(t *testing.T) {
	for name, change := range map[string]func(*draft){
		"plain": func(*draft) {},
		"Docker's types": func(d *draft) {
			d.pack()
			d.manifest(func(m *ocispec.Manifest) { m.Layers[0].MediaType = dockerLayer })
		},
		"not compressed": func(d *draft) {
			d.pack()
			plain, err := layout.Layer(d.entries...)
			require.NoError(t, err)
			d.manifest(func(m *ocispec.Manifest) { m.Layers[0] = d.add(ocispec.MediaTypeImageLayer, plain) })
		},
		"zstd": func(d *draft) {
			d.pack()
			plain, err := layout.Layer(d.entries...)
			require.NoError(t, err)
			w, err := zstd.NewWriter(nil)
			require.NoError(t, err)
			d.manifest(func(m *ocispec.Manifest) {
				m.Layers[0] = d.add(ocispec.MediaTypeImageLayerZstd, w.EncodeAll(plain, nil))
			})
		},
		"an index of platforms": func(d *draft) {
			d.pack()
			other := d.blobs.Manifest
			other.Platform = &ocispec.Platform{OS: "linux", Architecture: "s390x"}
			unknown := other
			unknown.Platform = &ocispec.Platform{OS: "unknown", Architecture: "unknown"} // where builders put attestations
			d.blobs.Index.Manifests = []ocispec.Descriptor{other, d.blobs.Manifest, unknown}
		},
		"an index in the index": func(d *draft) {
			d.pack()
			inner, err := json.Marshal(d.blobs.Index)
			require.NoError(t, err)
			d.blobs.Index.Manifests = []ocispec.Descriptor{d.add(ocispec.MediaTypeImageIndex, inner)}
		},
		"symbolic links, to wherever": func(d *draft) {
			d.entries = append(d.entries, layout.Entry{Name: "bin", Type: tar.TypeSymlink, Link: "/usr/bin"})
		},
		"a user of its own": func(d *draft) { d.config.User = "app:1000" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDraft(t)
			change(d)
			checked, err := d.check()
			require.NoError(t, err)
			require.Len(t, checked.content, 1)
			assert.Equal(t, command{Args: []string{"/program"}, Own: 1, Dir: "/"}, checked.command)
			if pulled, could, err := d.pulled(); could {
				require.NoError(t, err)
				assert.Equal(t, checked, pulled, "from a registry, too")
			}
		})
	}
}

func TestAnImageMayNotAskForDevicesOrSpeakForUs(t *testing.T) {
	d := newDraft(t)
	d.config.Env = []string{"PATH=/bin", "NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all", "AIN_SEED=1"}
	d.config.Cmd, d.config.WorkingDir = []string{"-v"}, "/work"
	checked, err := d.check()
	require.NoError(t, err)
	assert.Equal(t, command{Args: []string{"/program", "-v"}, Env: []string{"PATH=/bin"}, Own: 1, Dir: "/work"}, checked.command)
	other, err := checked.command.starting("other", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"other"}, other.Args)
}

// FuzzArtifact: no file makes the checks panic, or passes them without being an image.
func FuzzArtifact(f *testing.F) {
	d := newDraft(&testing.T{})
	layer, err := layout.Layer(d.entries...)
	if err != nil {
		f.Fatal(err)
	}
	var good bytes.Buffer
	if err := layout.Write(&good, layout.Image{Architecture: runtime.GOARCH, Config: d.config, Layers: [][]byte{layer}}); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "image.tar")
		require.NoError(t, os.WriteFile(path, file, 0o600))
		a, err := openArtifact(path, digestOf(file))
		if err != nil {
			return
		}
		defer a.close()
		checked, err := inspect(context.Background(), a, a.index, "", bounds{bytes: 1 << 20, files: 100})
		if err == nil && len(checked.content) != len(checked.image.layers) {
			t.Fatal("a layer was not checked")
		}
	})
}
