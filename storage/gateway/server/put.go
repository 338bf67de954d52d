package server

import (
	"errors"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

// maxObject is the most that one request of S3 stores. Larger content goes as chunks.
const maxObject = s3.DefaultMultipartThreshold

// put hands out a presigned request for content of a digest and a size, for which there is room.
func (s *Server) put(c *call) (any, *gateway.Error) {
	var req gateway.PutRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	info := storage.Info{Digest: req.Digest, Size: req.Size}
	if refusal := checkContent(info); refusal != nil {
		return nil, refusal
	}
	access, refusal := s.rights.mayWrite(c.ctx(), c.space, c.account)
	if refusal != nil {
		return nil, refusal
	}
	knows, refusal := s.knows(c, req.Digest)
	if refusal != nil {
		return nil, refusal
	}
	e, found, claimed, err := s.index.entry(c.space, req.Digest, access.Acting)
	if err != nil {
		return nil, s.internal("put", err)
	}
	if found && (knows || claimed) {
		if e.Size != req.Size {
			return nil, gateway.Errorf(gateway.CodeBadRequest, "size %d: content of %s has %d bytes", req.Size, req.Digest, e.Size)
		}
		if !req.Again {
			return gateway.PutAnswer{Have: true}, s.claim(c, req.Digest, access, claimed)
		}
	}
	w := wish{
		space: c.space, info: info, account: access.Acting, knows: knows, quota: access.SizeBytes, untilMs: s.uploadUntil(req.Size),
		uploads: s.cfg.AccountUploads, share: s.cfg.AccountShare,
	}
	if access.Own {
		w.uploads, w.share = s.cfg.OwnerUploads, 100
	}
	word, err := s.index.begin(w)
	if err != nil {
		return nil, s.failed("put", err)
	}
	upload, err := s.link(c, info, word)
	if err != nil {
		return nil, s.storeError("presign a put", err)
	}
	return gateway.PutAnswer{Upload: &upload, ExpiresMs: s.ms() + s.cfg.UploadLife.Milliseconds()}, nil
}

func checkContent(info storage.Info) *gateway.Error {
	if refusal := checkDigest("digest", info.Digest); refusal != nil {
		return refusal
	}
	if info.Size < 0 {
		return gateway.Errorf(gateway.CodeBadRequest, "size %d: want 0 or more bytes", info.Size)
	}
	if info.Size > maxObject {
		return gateway.Errorf(gateway.CodeTooLarge, "size %d: one object has at most %d bytes (send the content in chunks)", info.Size, maxObject)
	}
	return nil
}

// knows says whether an account may know what a space has under a digest: it may read it.
func (s *Server) knows(c *call, d storage.Digest) (bool, *gateway.Error) {
	access, refusal := s.rights.access(c.ctx(), c.space, c.account, d)
	if refusal != nil || !access.Read {
		return false, refusal
	}
	shared, err := s.index.shared(c.space, access.NamedBy, d)
	if err != nil {
		return false, s.internal("put", err)
	}
	return shared, nil
}

// claim notes that an account wants to have content in the space which it may read there, as if it had sent it.
func (s *Server) claim(c *call, d storage.Digest, access gateway.Access, claimed bool) *gateway.Error {
	if claimed || access.Own {
		return nil
	}
	if err := s.index.claim(c.space, d, access.Acting); err != nil {
		return s.failed("put", err)
	}
	return nil
}

// commit makes content that was sent the space's own, after the store has been asked what it got.
func (s *Server) commit(c *call) (any, *gateway.Error) {
	var req gateway.CommitRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	info := storage.Info{Digest: req.Digest, Size: req.Size}
	if refusal := checkContent(info); refusal != nil {
		return nil, refusal
	}
	access, refusal := s.rights.mayWrite(c.ctx(), c.space, c.account)
	if refusal != nil {
		return nil, refusal
	}
	// Whoever removes the object waits, so that what is seen here is there when it is acknowledged.
	defer s.lock(c.space, info.Digest)()
	e, _, claimed, err := s.index.entry(c.space, info.Digest, access.Acting)
	if err != nil {
		return nil, s.internal("commit", err)
	}
	if claimed && e.Size == info.Size {
		return nil, nil // it was acknowledged before, and is so again
	}
	if refusal := s.uploaded(c, info, access.Acting); refusal != nil {
		return nil, refusal
	}
	chunks, err := s.chunksOf(c.ctx(), c.space, info)
	if err != nil {
		return nil, s.storeError("read what may be a manifest", err)
	}
	if err := s.index.commit(c.space, info, access.Acting, chunks); err != nil {
		return nil, s.failed("commit", err)
	}
	return nil, nil
}

// uploaded says whether the store has the content, sent with the presigned request that the account was given. That there
// is an object is not enough: another account may have sent it, who has the content, as this one need not.
func (s *Server) uploaded(c *call, info storage.Info, account string) *gateway.Error {
	u, begun, err := s.index.upload(c.space, info.Digest, account)
	if err != nil {
		return s.internal("commit", err)
	}
	if !begun || u.Size != info.Size {
		return errNotBegun
	}
	object, err := shelf(s.cfg.Store, c.space).Inspect(c.ctx(), info.Digest)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return errNotBegun
	case err != nil:
		return s.storeError("inspect", err)
	case object.Proof != u.Word:
		return errNotBegun
	case object.Size != info.Size || !object.Checked:
		return gateway.Errorf(gateway.CodeStoreUnchecked, "the store behind the gateway does not say that it has checked the content: it takes no x-amz-checksum-sha256, or does not keep it")
	}
	return nil
}
