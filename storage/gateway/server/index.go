package server

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/ain-network/aind/storage"
)

// The index says what each space has. It is one file, and every change of it is one transaction that is on disk before
// anybody is answered. Keys begin with the space's number and the sha256, so that a space lies together.
//
//	entries    space, sha256           what the space has: size
//	claims     space, sha256, account  who has put it there
//	manifests  space, sha256           the chunks that an entry names, as sums one after another
//	parts      space, chunk, manifest  the same from the other side
//	uploads    space, sha256, account  presigned PUTs that may still be used: size, until, word, whether they count
//	held       space, account          what uploads under way hold; without an account those of all
//	usage      space                   bytes stored and under way, number of entries
//	doomed     space, sha256           objects to remove from the S3 store
//	missing    space                   since when the chain does not know it
var (
	entriesBucket   = []byte("entries")
	claimsBucket    = []byte("claims")
	manifestsBucket = []byte("manifests")
	partsBucket     = []byte("parts")
	uploadsBucket   = []byte("uploads")
	heldBucket      = []byte("held")
	usageBucket     = []byte("usage")
	doomedBucket    = []byte("doomed")
	missingBucket   = []byte("missing")
	metaBucket      = []byte("meta")
	allBuckets      = [][]byte{
		entriesBucket, claimsBucket, manifestsBucket, partsBucket, uploadsBucket, heldBucket, usageBucket, doomedBucket, missingBucket, metaBucket,
	}

	versionKey = []byte("version")
)

const (
	version = "2"
	// withoutManifests is the version that knew nothing of them.
	withoutManifests = "1"

	spaceBytes = 8
	keyBytes   = spaceBytes + 32
	// openPatience is how long another gateway's hold on the index is waited for.
	openPatience = time.Second
)

type index struct{ db *bbolt.DB }

// upload is a presigned PUT that may still be used.
type upload struct {
	Size    int64  `json:"size"`
	UntilMs int64  `json:"until_ms"`
	Word    string `json:"word"`
	// Counts says that the size is held against the quota.
	Counts bool `json:"counts"`
}

type entry struct {
	Size int64 `json:"size"`
}

// usage is how full a space is.
type usage struct {
	Stored  int64 `json:"stored"`
	Pending int64 `json:"pending"`
	Objects int64 `json:"objects"`
}

// openIndex opens the index, and says of which version it is: "" for a new one.
func openIndex(path string) (*index, string, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: openPatience})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, "", fmt.Errorf("index %s is in use (is another gateway running on this folder?)", path)
	}
	if err != nil {
		return nil, "", fmt.Errorf("open index %s: %w", path, err)
	}
	found := ""
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range allBuckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		found = string(tx.Bucket(metaBucket).Get(versionKey))
		if found != "" && found != version && found != withoutManifests {
			return fmt.Errorf("it is of version %s, want %s", found, version)
		}
		return countHeld(tx)
	})
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("index %s: %w", path, err), db.Close())
	}
	return &index{db}, found, nil
}

// complete says that an index of another version has all that there is.
func (x *index) complete() error {
	return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(versionKey, []byte(version)) })
}

// shared says whether one of some accounts has put all of some contents into a space; nobody: it does not matter who has. Content of which it
// is not known who has put it there, since the index was lost, is everybody's.
func (x *index) shared(space uint64, accounts []string, all ...storage.Digest) (shared bool, err error) {
	if len(accounts) == 0 {
		return true, nil
	}
	err = x.db.View(func(tx *bbolt.Tx) error {
		claims := tx.Bucket(claimsBucket)
		shared = slices.ContainsFunc(accounts, func(account string) bool {
			return !slices.ContainsFunc(all, func(d storage.Digest) bool {
				return claims.Get(accountKey(space, d, account)) == nil && has(tx, claimsBucket, contentKey(space, d))
			})
		})
		return nil
	})
	return shared, err
}

// claim notes that an account has content in a space, if it is still there.
func (x *index) claim(space uint64, d storage.Digest, account string) error {
	return x.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(entriesBucket).Get(contentKey(space, d)) == nil {
			return errNotBegun // it was removed since
		}
		return tx.Bucket(claimsBucket).Put(accountKey(space, d, account), []byte{1})
	})
}

func (x *index) close() error { return x.db.Close() }

func spaceKey(space uint64) []byte { return binary.BigEndian.AppendUint64(nil, space) }

// contentKey is the key of a valid digest in a space.
func contentKey(space uint64, d storage.Digest) []byte {
	sum, err := hex.DecodeString(d.Hex())
	if err != nil {
		panic(fmt.Sprintf("digest %s was not validated", d)) // would mix contents up
	}
	return append(spaceKey(space), sum...)
}

func accountKey(space uint64, d storage.Digest, account string) []byte {
	return append(contentKey(space, d), account...)
}

// content reads a key back.
func content(key []byte) (uint64, storage.Digest) {
	return binary.BigEndian.Uint64(key), storage.Digest("sha256:" + hex.EncodeToString(key[spaceBytes:keyBytes]))
}

// read reads a value; false: there is none.
func read(tx *bbolt.Tx, bucket, key []byte, into any) (bool, error) {
	raw := tx.Bucket(bucket).Get(key)
	if raw == nil {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("index: %s %x: %w", bucket, key, err)
	}
	return true, nil
}

func write(tx *bbolt.Tx, bucket, key []byte, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, raw)
}

// has says whether any key of a bucket begins with prefix.
func has(tx *bbolt.Tx, bucket, prefix []byte) bool {
	key, _ := tx.Bucket(bucket).Cursor().Seek(prefix)
	return key != nil && bytes.HasPrefix(key, prefix)
}

// count changes the usage of a space.
func count(tx *bbolt.Tx, space uint64, stored, pending, objects int64) error {
	var u usage
	if _, err := read(tx, usageBucket, spaceKey(space), &u); err != nil {
		return err
	}
	u.Stored, u.Pending, u.Objects = u.Stored+stored, u.Pending+pending, u.Objects+objects
	if u == (usage{}) {
		return tx.Bucket(usageBucket).Delete(spaceKey(space))
	}
	return write(tx, usageBucket, spaceKey(space), u)
}

// usage says how full a space is.
func (x *index) usage(space uint64) (u usage, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		_, err := read(tx, usageBucket, spaceKey(space), &u)
		return err
	})
	return u, err
}

// entry says what the space has under a digest, and whether an account has put it there.
func (x *index) entry(space uint64, d storage.Digest, account string) (e entry, found, claimed bool, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		found, err = read(tx, entriesBucket, contentKey(space, d), &e)
		claimed = found && tx.Bucket(claimsBucket).Get(accountKey(space, d, account)) != nil
		return err
	})
	return e, found, claimed, err
}

// item is an entry with its name.
type item struct {
	digest storage.Digest
	size   int64
}

// list returns up to limit entries of a space after a digest, "" for the first, and whether there are more.
func (x *index) list(space uint64, after storage.Digest, limit int) (items []item, more bool, err error) {
	prefix := spaceKey(space)
	err = x.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(entriesBucket).Cursor()
		key, raw := cursor.Seek(prefix)
		if after != "" {
			last := contentKey(space, after)
			if key, raw = cursor.Seek(last); bytes.Equal(key, last) {
				key, raw = cursor.Next()
			}
		}
		for ; bytes.HasPrefix(key, prefix) && key != nil; key, raw = cursor.Next() {
			if len(items) == limit {
				more = true
				return nil
			}
			var e entry
			if err := json.Unmarshal(raw, &e); err != nil {
				return fmt.Errorf("index: entry %x: %w", key, err)
			}
			_, digest := content(key)
			items = append(items, item{digest, e.Size})
		}
		return nil
	})
	return items, more, err
}

// spaces lists the spaces that have anything.
func (x *index) spaces() (ids []uint64, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(usageBucket).ForEach(func(key, _ []byte) error {
			ids = append(ids, binary.BigEndian.Uint64(key))
			return nil
		})
	})
	return ids, err
}
