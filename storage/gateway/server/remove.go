package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"github.com/ain-network/aind/storage"
)

// batch is how much of a space one transaction takes away.
const batch = 1000

// remove takes content from a space, or with account only what that account has of it: what others have put there stays.
// It says whether the object is to go.
func (x *index) remove(space uint64, d storage.Digest, account string) (doomed bool, err error) {
	err = x.db.Update(func(tx *bbolt.Tx) error {
		key := contentKey(space, d)
		if account != "" {
			if err := tx.Bucket(claimsBucket).Delete(accountKey(space, d, account)); err != nil {
				return err
			}
			if has(tx, claimsBucket, key) {
				return nil
			}
		}
		doomed, err = doom(tx, key)
		return err
	})
	return doomed, err
}

// doom takes an entry away and notes that its object has to go.
func doom(tx *bbolt.Tx, key []byte) (bool, error) {
	var e entry
	there, err := read(tx, entriesBucket, key, &e)
	if err != nil || !there {
		return false, err
	}
	space, _ := content(key)
	if err := count(tx, space, -e.Size, 0, -1); err != nil {
		return false, err
	}
	if err := deleteBelow(tx, claimsBucket, key); err != nil {
		return false, err
	}
	if err := forget(tx, key); err != nil {
		return false, err
	}
	if err := tx.Bucket(entriesBucket).Delete(key); err != nil {
		return false, err
	}
	return true, tx.Bucket(doomedBucket).Put(key, []byte{1})
}

func deleteBelow(tx *bbolt.Tx, bucket, prefix []byte) error {
	cursor := tx.Bucket(bucket).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Seek(prefix) {
		if err := cursor.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// dropSpace takes away up to batch entries of a space, and says whether there are more. With the last go its uploads.
func (x *index) dropSpace(space uint64) (more bool, err error) {
	err = x.db.Update(func(tx *bbolt.Tx) error {
		prefix := spaceKey(space)
		cursor := tx.Bucket(entriesBucket).Cursor()
		for range batch {
			key, _ := cursor.Seek(prefix)
			if key == nil || !bytes.HasPrefix(key, prefix) {
				return forgetSpace(tx, space)
			}
			if _, err := doom(tx, bytes.Clone(key)); err != nil {
				return err
			}
		}
		more = true
		return nil
	})
	return more, err
}

// forgetSpace takes away what a space without entries has left. Objects of its uploads are doomed.
func forgetSpace(tx *bbolt.Tx, space uint64) error {
	prefix := spaceKey(space)
	cursor := tx.Bucket(uploadsBucket).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Seek(prefix) {
		if err := tx.Bucket(doomedBucket).Put(bytes.Clone(key[:keyBytes]), []byte{1}); err != nil {
			return err
		}
		if err := cursor.Delete(); err != nil {
			return err
		}
	}
	if err := deleteBelow(tx, heldBucket, prefix); err != nil {
		return err
	}
	if err := tx.Bucket(missingBucket).Delete(prefix); err != nil {
		return err
	}
	return tx.Bucket(usageBucket).Delete(prefix)
}

// expire ends the uploads whose time is over, up to batch, and says how many. Their content is doomed: whoever buries it
// looks whether it is held.
func (x *index) expire(nowMs int64) (int, error) {
	var over [][]byte
	err := x.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(uploadsBucket).Cursor()
		for key, raw := cursor.First(); key != nil && len(over) < batch; key, raw = cursor.Next() {
			var u upload
			if err := json.Unmarshal(raw, &u); err != nil {
				return fmt.Errorf("index: upload %x: %w", key, err)
			}
			if u.UntilMs <= nowMs {
				over = append(over, bytes.Clone(key))
			}
		}
		return nil
	})
	if err != nil || len(over) == 0 {
		return 0, err
	}
	return len(over), x.db.Update(func(tx *bbolt.Tx) error {
		for _, key := range over {
			if err := endUpload(tx, key, nowMs); err != nil {
				return err
			}
		}
		return nil
	})
}

// endUpload ends an upload whose time is over, unless it was begun anew since that was seen.
func endUpload(tx *bbolt.Tx, key []byte, nowMs int64) error {
	var u upload
	there, err := read(tx, uploadsBucket, key, &u)
	if err != nil || !there || u.UntilMs > nowMs {
		return err
	}
	space, _ := content(key)
	if err := hold(tx, space, string(key[keyBytes:]), u, upload{}); err != nil {
		return err
	}
	if err := tx.Bucket(uploadsBucket).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(doomedBucket).Put(key[:keyBytes], []byte{1})
}

// held says whether a space has content or somebody is about to send it. A presigned PUT that has done its work does not
// count: what it stores once more goes when it has expired.
func (x *index) held(space uint64, d storage.Digest) (held bool, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		key := contentKey(space, d)
		held = tx.Bucket(entriesBucket).Get(key) != nil
		cursor := tx.Bucket(uploadsBucket).Cursor()
		for k, raw := cursor.Seek(key); !held && k != nil && bytes.HasPrefix(k, key); k, raw = cursor.Next() {
			var u upload
			if err := json.Unmarshal(raw, &u); err != nil {
				return fmt.Errorf("index: upload %x: %w", k, err)
			}
			held = u.Counts
		}
		return nil
	})
	return held, err
}

// doomed lists content whose object is to go, up to batch.
func (x *index) doomed() (keys [][]byte, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(doomedBucket).Cursor()
		for key, _ := cursor.First(); key != nil && len(keys) < batch; key, _ = cursor.Next() {
			keys = append(keys, bytes.Clone(key))
		}
		return nil
	})
	return keys, err
}

// buried forgets content whose object has gone, or need not go.
func (x *index) buried(key []byte) error {
	return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(doomedBucket).Delete(key) })
}

// missing notes that the chain does not know a space, and says since when that is. known forgets it.
func (x *index) missing(space uint64, nowMs int64) (sinceMs int64, err error) {
	err = x.db.Update(func(tx *bbolt.Tx) error {
		raw := tx.Bucket(missingBucket).Get(spaceKey(space))
		if raw != nil {
			sinceMs, err = strconv.ParseInt(string(raw), 10, 64)
			return err
		}
		sinceMs = nowMs
		return tx.Bucket(missingBucket).Put(spaceKey(space), strconv.AppendInt(nil, nowMs, 10))
	})
	return sinceMs, err
}

func (x *index) known(space uint64) error {
	missed := false
	err := x.db.View(func(tx *bbolt.Tx) error {
		missed = tx.Bucket(missingBucket).Get(spaceKey(space)) != nil
		return nil
	})
	if err != nil || !missed {
		return err // nothing to write, as nearly always
	}
	return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(missingBucket).Delete(spaceKey(space)) })
}

// adopt takes what an S3 store has into a new index. Nobody is known to have put it there, so only the space's owner can
// take it away.
func (x *index) adopt(items map[uint64][]item) error {
	return x.db.Update(func(tx *bbolt.Tx) error {
		for space, list := range items {
			for _, one := range list {
				if err := count(tx, space, one.size, 0, 1); err != nil {
					return err
				}
				if err := write(tx, entriesBucket, contentKey(space, one.digest), entry{Size: one.size}); err != nil {
					return err
				}
			}
		}
		return tx.Bucket(metaBucket).Put(versionKey, []byte(withoutManifests)) // a crash has nothing counted twice
	})
}
