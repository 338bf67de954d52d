package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

// stall is how long an upload through the gateway may stand still.
const stall = 30 * time.Second

// probe is content that says how the store takes presigned requests.
var probe = []byte("may headers be added to a presigned request?\n")

// isLax asks the store to store something with presigned requests to which headers have been added that are not signed. A
// store that does so is given no request that a client can change. MinIO does, for the header that copies another object in
// place of the body: with it a client would have in its own space what it may not read.
func (s *Server) isLax(ctx context.Context) (bool, error) {
	own := s.cfg.Store.Shelf(ownerPrefix + s.cfg.Provider + "/")
	for _, added := range []map[string]string{
		{"X-Amz-Copy-Source": own.Path(storage.DigestOf(s.marker())), "X-Amz-Metadata-Directive": "REPLACE"},
		{"X-Amz-Meta-Unsigned": "1"}, // others of this kind unpack archives to places of the client's choice
	} {
		err := s.probe(ctx, own, added)
		switch {
		case errors.Is(err, storage.ErrDenied):
			continue
		case errors.Is(err, storage.ErrUnavailable), ctx.Err() != nil:
			return false, err
		}
		// Stored, or refused for another reason than the signature: the header was heeded.
		return true, own.Delete(ctx, storage.DigestOf(probe))
	}
	return false, nil
}

// probe makes a presigned request with more headers than are signed.
func (s *Server) probe(ctx context.Context, own *s3.Store, added map[string]string) error {
	info := []storage.PutOption{storage.ExpectDigest(storage.DigestOf(probe)), storage.ExpectSize(int64(len(probe)))}
	_, err := s.carrier.Put(ctx, onlyReader{bytes.NewReader(probe)}, info,
		func(ctx context.Context, info storage.Info, upload func(s3.Presigned) error) error {
			p, err := own.PresignPut(ctx, info, time.Minute, "probe")
			if err != nil {
				return err
			}
			p.Header = maps.Clone(p.Header)
			maps.Copy(p.Header, added)
			return upload(p)
		})
	return err
}

// link is the request with which a client is to send its content: one of the store, or of the gateway for a lax store.
func (s *Server) link(c *call, info storage.Info, word string) (s3.Presigned, error) {
	if !s.lax {
		return shelf(s.cfg.Links, c.space).PresignPut(c.ctx(), info, s.cfg.UploadLife, word)
	}
	return s3.Presigned{
		Method: http.MethodPut,
		URL:    c.URL.Path[:strings.LastIndexByte(c.URL.Path, '/')] + "/content/" + info.Digest.String(),
		Header: map[string]string{"Authorization": "Bearer " + c.token},
	}, nil
}

// relay takes the content of an upload that the account has begun, and hands it on to the store.
func (s *Server) relay(c *call) (any, *gateway.Error) {
	digest := storage.Digest(c.PathValue("digest"))
	if refusal := checkDigest("digest", digest); refusal != nil {
		return nil, refusal
	}
	access, refusal := s.rights.mayWrite(c.ctx(), c.space, c.account)
	if refusal != nil {
		return nil, refusal
	}
	u, begun, err := s.index.upload(c.space, digest, access.Acting)
	if err != nil {
		return nil, s.internal("content", err)
	}
	if !begun || u.UntilMs <= s.ms() {
		return nil, errNotBegun
	}
	if c.ContentLength != u.Size {
		return nil, gateway.Errorf(gateway.CodeBadRequest, "content-length %d: the upload is of %d bytes", c.ContentLength, u.Size)
	}
	info := []storage.PutOption{storage.ExpectDigest(digest), storage.ExpectSize(u.Size)}
	_, err = s.carrier.Put(c.ctx(), onlyReader{c.Body}, info, func(ctx context.Context, info storage.Info, upload func(s3.Presigned) error) error {
		p, err := shelf(s.cfg.Store, c.space).PresignPut(ctx, info, s.cfg.UploadLife, u.Word)
		if err != nil {
			return err
		}
		return upload(p)
	})
	switch {
	case errors.Is(err, storage.ErrDigestMismatch), errors.Is(err, storage.ErrSizeMismatch):
		return nil, gateway.Errorf(gateway.CodeBadRequest, "body: it is not the content of %s", digest)
	case err != nil:
		return nil, s.storeError("hand content on", err)
	}
	return struct{}{}, nil
}

// flowing lets a request take as long as its body moves.
func flowing(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	r.Body = &flow{ReadCloser: r.Body, control: control}
	_ = control.SetWriteDeadline(time.Time{}) // servers that have no deadlines need none lifted
}

// flow gives every read of a body some time of its own.
type flow struct {
	io.ReadCloser

	control *http.ResponseController
}

func (f *flow) Read(p []byte) (int, error) {
	_ = f.control.SetReadDeadline(time.Now().Add(stall)) // as above
	return f.ReadCloser.Read(p)
}

// onlyReader hides that a body might be rewound: it is sent once.
type onlyReader struct{ io.Reader }
