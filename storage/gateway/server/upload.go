package server

import (
	"crypto/rand"
	"encoding/hex"

	"go.etcd.io/bbolt"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
)

// maxUploads is how many uploads into one space may be under way at one time.
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
	// uploads is how many the account may have under way, share how much of the free room they may hold, in percent.
	uploads int
	share   int
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
		if err := fits(tx, w, before, now); err != nil {
			return err
		}
		word = now.Word
		if err := hold(tx, w.space, w.account, before, now); err != nil {
			return err
		}
		return write(tx, uploadsBucket, key, now)
	})
	return word, err
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
		if err := count(tx, space, stored, 0, objects); err != nil {
			return err
		}
		before := u
		u.Counts = false
		if err := hold(tx, space, account, before, u); err != nil {
			return err
		}
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
