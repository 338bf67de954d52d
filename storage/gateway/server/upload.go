package server

import (
	"crypto/rand"
	"encoding/hex"

	"go.etcd.io/bbolt"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
)

// maxUploads is how many presigned PUTs of one space may be usable at one time.
const maxUploads = 4096

// wish is an upload that somebody wants to begin.
type wish struct {
	space   uint64
	info    storage.Info
	account string
	// knows says that the account may know what the space has. Content that is there already then needs no room.
	knows   bool
	quota   int64
	untilMs int64
}

// begin holds room for an upload and returns its word. One that the account has begun already goes on, with the same word.
func (x *index) begin(w wish) (word string, err error) {
	err = x.db.Update(func(tx *bbolt.Tx) error {
		key := accountKey(w.space, w.info.Digest, w.account)
		var before upload
		going, err := read(tx, uploadsBucket, key, &before)
		if err != nil {
			return err
		}
		var e entry
		there, err := read(tx, entriesBucket, contentKey(w.space, w.info.Digest), &e)
		if err != nil {
			return err
		}
		claimed := tx.Bucket(claimsBucket).Get(key) != nil
		now := upload{Size: w.info.Size, UntilMs: max(w.untilMs, before.UntilMs), Counts: !there || !w.knows && !claimed}
		now.Word = before.Word
		if !going {
			now.Word = newWord()
		}
		if err := x.fits(tx, w, before.counted(), now.counted(), going); err != nil {
			return err
		}
		word = now.Word
		if err := count(tx, w.space, 0, now.counted()-before.counted(), 0); err != nil {
			return err
		}
		return write(tx, uploadsBucket, key, now)
	})
	return word, err
}

// fits holds an upload to the space's quota, together with what is stored and under way.
func (x *index) fits(tx *bbolt.Tx, w wish, before, now int64, going bool) error {
	var u usage
	if _, err := read(tx, usageBucket, spaceKey(w.space), &u); err != nil {
		return err
	}
	if room := w.quota - u.Stored - u.Pending + before; now > room {
		return gateway.Errorf(gateway.CodeOverQuota, "space %d has room for %d bytes, the content has %d: %d are reserved, %d stored, %d under way",
			w.space, max(room, 0), w.info.Size, w.quota, u.Stored, u.Pending-before)
	}
	if going {
		return nil
	}
	uploads := 0
	cursor, prefix := tx.Bucket(uploadsBucket).Cursor(), spaceKey(w.space)
	for key, _ := cursor.Seek(prefix); key != nil && string(key[:spaceBytes]) == string(prefix); key, _ = cursor.Next() {
		if uploads++; uploads >= maxUploads {
			return gateway.Errorf(gateway.CodeTooMany, "space %d has %d uploads that may still be used, try again in some minutes", w.space, uploads)
		}
	}
	return nil
}

func (u upload) counted() int64 {
	if u.Counts {
		return u.Size
	}
	return 0
}

func newWord() string {
	word := make([]byte, 16)
	rand.Read(word) // never fails
	return hex.EncodeToString(word)
}

// upload returns an upload that an account has begun.
func (x *index) upload(space uint64, d storage.Digest, account string) (u upload, found bool, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		found, err = read(tx, uploadsBucket, accountKey(space, d, account), &u)
		return err
	})
	return u, found, err
}

var errNotBegun = gateway.Errorf(gateway.CodeUploadMissing, "no upload of this content, by this account, is under way: ask for one with put, send the content, then commit")

// commit makes an upload's content, which names chunks if it is a manifest, the space's own. Its URL may still be used, so
// the upload stays, without counting.
func (x *index) commit(space uint64, info storage.Info, account string, chunks []storage.Digest) error {
	return x.db.Update(func(tx *bbolt.Tx) error {
		key := accountKey(space, info.Digest, account)
		var u upload
		if _, err := read(tx, uploadsBucket, key, &u); err != nil {
			return err
		}
		var e entry
		there, err := read(tx, entriesBucket, contentKey(space, info.Digest), &e)
		if err != nil {
			return err
		}
		stored, objects := info.Size, int64(1)
		switch {
		case there:
			stored, objects = 0, 0
		case !u.Counts:
			return errNotBegun // the content has been removed since, and no room is held for it
		}
		if err := count(tx, space, stored, -u.counted(), objects); err != nil {
			return err
		}
		u.Counts = false
		if err := write(tx, uploadsBucket, key, u); err != nil {
			return err
		}
		if err := tx.Bucket(doomedBucket).Delete(contentKey(space, info.Digest)); err != nil {
			return err
		}
		if err := tx.Bucket(claimsBucket).Put(key, []byte{1}); err != nil {
			return err
		}
		if err := learn(tx, contentKey(space, info.Digest), chunks); err != nil {
			return err
		}
		return write(tx, entriesBucket, contentKey(space, info.Digest), entry{Size: info.Size})
	})
}
