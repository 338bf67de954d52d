package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/ain-network/aind/storage/gateway"
)

// holding is what the uploads of somebody hold that are under way.
type holding struct {
	Bytes   int64 `json:"bytes"`
	Uploads int64 `json:"uploads"`
}

func heldKey(space uint64, account string) []byte { return append(spaceKey(space), account...) }

// hold notes that an upload of an account holds something else than before.
func hold(tx *bbolt.Tx, space uint64, account string, before, now upload) error {
	if err := count(tx, space, 0, now.counted()-before.counted(), 0); err != nil {
		return err
	}
	return holdMore(tx, space, account, holding{now.counted() - before.counted(), now.number() - before.number()})
}

// holdMore counts what an account's uploads hold, and what those of all do.
func holdMore(tx *bbolt.Tx, space uint64, account string, more holding) error {
	for _, key := range [][]byte{heldKey(space, account), heldKey(space, "")} {
		var h holding
		if _, err := read(tx, heldBucket, key, &h); err != nil {
			return err
		}
		h.Bytes, h.Uploads = h.Bytes+more.Bytes, h.Uploads+more.Uploads
		err := tx.Bucket(heldBucket).Delete(key)
		if err == nil && h != (holding{}) {
			err = write(tx, heldBucket, key, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// countHeld counts anew what uploads hold: an index of before did not.
func countHeld(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket(heldBucket); err != nil && !errors.Is(err, bbolterrors.ErrBucketNotFound) {
		return err
	}
	if _, err := tx.CreateBucket(heldBucket); err != nil {
		return err
	}
	return tx.Bucket(uploadsBucket).ForEach(func(key, raw []byte) error {
		var u upload
		if err := json.Unmarshal(raw, &u); err != nil {
			return fmt.Errorf("upload %x: %w", key, err)
		}
		space, _ := content(key)
		return holdMore(tx, space, string(bytes.Clone(key[keyBytes:])), holding{u.counted(), u.number()})
	})
}

// fits holds an upload to the space's quota, together with what is stored and under way, and its account to what its
// uploads may hold: who begins them and never sends anything is in nobody's way for long.
func fits(tx *bbolt.Tx, w wish, before, now upload) error {
	var u usage
	if _, err := read(tx, usageBucket, spaceKey(w.space), &u); err != nil {
		return err
	}
	room := w.quota - u.Stored - u.Pending + before.counted()
	if now.counted() > room {
		return gateway.Errorf(gateway.CodeOverQuota, "space %d has room for %d bytes, the content has %d: %d are reserved, %d stored, %d under way",
			w.space, max(room, 0), w.info.Size, w.quota, u.Stored, u.Pending-before.counted())
	}
	if now.counted() <= before.counted() && now.number() <= before.number() {
		return nil
	}
	var own, all holding
	if _, err := read(tx, heldBucket, heldKey(w.space, w.account), &own); err != nil {
		return err
	}
	if _, err := read(tx, heldBucket, heldKey(w.space, ""), &all); err != nil {
		return err
	}
	return w.within(own, all, room, before, now)
}

// within holds an account to its share. room is what nobody holds.
func (w wish) within(own, all holding, room int64, before, now upload) error {
	others := own.Bytes - before.counted() // by other uploads of the account
	free := room + others
	switch most := free/100*int64(w.share) + free%100*int64(w.share)/100; {
	case now.number() > before.number() && own.Uploads >= int64(w.uploads):
		return gateway.Errorf(gateway.CodeOverQuota, "%s has %d uploads into space %d under way, and may have %d: send and commit those, or wait until their time is over",
			w.account, own.Uploads, w.space, w.uploads)
	case now.number() > before.number() && all.Uploads >= maxUploads:
		return gateway.Errorf(gateway.CodeOverQuota, "space %d has %d uploads under way, and may have %d: try again in some minutes", w.space, all.Uploads, maxUploads)
	case others+now.counted() > most:
		return gateway.Errorf(gateway.CodeOverQuota, "uploads of %s into space %d may hold %d bytes, %d %% of what others leave free: %d are under way, the content has %d (commit those first, send it in chunks, or ask for a larger space)",
			w.account, w.space, most, w.share, others, w.info.Size)
	}
	return nil
}

func (u upload) counted() int64 {
	if u.Counts {
		return u.Size
	}
	return 0
}

func (u upload) number() int64 {
	if u.Counts {
		return 1
	}
	return 0
}
