package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/s3err"
)

// partsAttribute is the last attribute the gateway sets on the file of an upload
// in parts before it gives the file its object's name.
const partsAttribute = "mp-metadata"

// checkedMetadata is where the gateway keeps the attributes of objects. It also
// is the one place that sees the assembled file of an upload in parts before the
// file becomes visible, so it is here that such a file is hashed and flushed.
type checkedMetadata struct {
	meta.MetadataStorer
}

// StoreAttribute implements meta.MetadataStorer. For the last attribute of an
// upload in parts it first checks that the file is what its key promises.
func (m checkedMetadata) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	if attribute == partsAttribute {
		if err := checkFile(f, object); err != nil {
			return err
		}
	}
	return m.MetadataStorer.StoreAttribute(f, bucket, object, attribute, value)
}

// checkFile hashes f, holds it to the promise of key, and flushes it to disk.
func checkFile(f *os.File, key string) error {
	want, err := wantedHash(key)
	if err != nil {
		return err
	}
	if f == nil {
		return fmt.Errorf("object %q is assembled without a file to check", key)
	}
	if want != "" {
		stat, err := f.Stat()
		if err != nil {
			return fmt.Errorf("size of object %q: %w", key, err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(f, 0, stat.Size())); err != nil {
			return fmt.Errorf("hash object %q: %w", key, err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			return s3err.GetContentSHA256MismatchErr(want, got)
		}
	}
	return flush(f)
}

// flush writes f's bytes to disk.
func flush(f *os.File) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("flush object to disk: %w", err)
	}
	return nil
}

// openMetadata keeps attributes in the files' extended attributes where the file
// system has them, and in files of their own below sidecarDir where it has not
// or forceSidecar says so. It returns the folder in use, or "".
func openMetadata(objectsDir, sidecarDir string, forceSidecar bool) (meta.MetadataStorer, string, error) {
	if !forceSidecar && xattrsWork(objectsDir) {
		return checkedMetadata{meta.XattrMeta{}}, "", nil
	}
	if err := os.MkdirAll(sidecarDir, 0o700); err != nil {
		return nil, "", fmt.Errorf("make folder for metadata: %w", err)
	}
	sidecar, err := meta.NewSideCar(sidecarDir)
	if err != nil {
		return nil, "", fmt.Errorf("open folder for metadata: %w", err)
	}
	return checkedMetadata{sidecar}, sidecarDir, nil
}

// xattrsWork tries what the gateway will do: it is not enough that the file
// system knows attributes, it must let us set one.
func xattrsWork(dir string) bool {
	f, err := os.CreateTemp(dir, ".xattr-*")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	x := meta.XattrMeta{}
	return x.StoreAttribute(f, "", "", "probe", []byte{1}) == nil
}
