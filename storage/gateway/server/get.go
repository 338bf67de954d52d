package server

import (
	"strconv"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
)

// maxPage is the most that one page of a list has.
const maxPage = 1000

// get hands out a presigned request for content that the account may read.
func (s *Server) get(c *call) (any, *gateway.Error) {
	var req gateway.GetRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	e, refusal := s.readable(c, req)
	if refusal != nil {
		return nil, refusal
	}
	download, err := shelf(s.cfg.Links, c.space).PresignGet(c.ctx(), req.Digest, s.cfg.DownloadLife)
	if err != nil {
		return nil, s.storeError("presign a get", err)
	}
	return gateway.GetAnswer{Size: e.Size, Download: download, ExpiresMs: s.ms() + s.cfg.DownloadLife.Milliseconds()}, nil
}

// readable returns what the space has under a digest that the account may read. Whether it may is asked first, and the
// space looked into only then: how long a refusal takes says nothing about what is there.
func (s *Server) readable(c *call, req gateway.GetRequest) (entry, *gateway.Error) {
	if refusal := checkDigest("digest", req.Digest); refusal != nil {
		return entry{}, refusal
	}
	named := req.Digest
	if req.Root != "" {
		if refusal := checkDigest("root", req.Root); refusal != nil {
			return entry{}, refusal
		}
		named = req.Root
	}
	access, refusal := s.rights.mayRead(c.ctx(), c.space, c.account, named)
	if refusal != nil {
		return entry{}, refusal
	}
	// Who names content in a room for many, or has a manifest name it, need not have it, and shares nothing then.
	if shared, err := s.index.shared(c.space, access.NamedBy, named, req.Digest); err != nil {
		return entry{}, s.internal("get", err)
	} else if !shared {
		return entry{}, errNothing
	}
	if req.Root != "" {
		if is, err := s.index.isPart(c.space, req.Digest, req.Root); err != nil {
			return entry{}, s.internal("get", err)
		} else if !is {
			return entry{}, errNothing
		}
	}
	e, found, _, err := s.index.entry(c.space, req.Digest, access.Acting)
	switch {
	case err != nil:
		return entry{}, s.internal("get", err)
	case !found:
		return entry{}, errNothing
	}
	return e, nil
}

// stat says whether the space has content, to those who may read it or have put it there themselves.
func (s *Server) stat(c *call) (any, *gateway.Error) {
	var req gateway.GetRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	e, refusal := s.readable(c, req)
	if refusal == nil {
		return gateway.StatAnswer{Size: e.Size}, nil
	}
	if refusal != errNothing {
		return nil, refusal
	}
	access, asked := s.rights.access(c.ctx(), c.space, c.account, "")
	if asked != nil || !access.Write {
		return nil, errNothing
	}
	e, _, claimed, err := s.index.entry(c.space, req.Digest, access.Acting)
	if err != nil {
		return nil, s.internal("stat", err)
	}
	if !claimed {
		return nil, errNothing
	}
	return gateway.StatAnswer{Size: e.Size}, nil
}

// list returns a page of what the space has, to those who may list it.
func (s *Server) list(c *call) (any, *gateway.Error) {
	query := c.URL.Query()
	limit := maxPage
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return nil, gateway.Errorf(gateway.CodeBadRequest, "limit %q: want 1 to %d", text, maxPage)
		}
		limit = n
	}
	after := storage.Digest(query.Get("after"))
	if after != "" {
		if refusal := checkDigest("after", after); refusal != nil {
			return nil, refusal
		}
	}
	if _, refusal := s.rights.mayRead(c.ctx(), c.space, c.account, ""); refusal != nil {
		return nil, refusal
	}
	items, more, err := s.index.list(c.space, after, limit)
	if err != nil {
		return nil, s.internal("list", err)
	}
	answer := gateway.ListAnswer{Objects: []gateway.Object{}}
	for _, one := range items {
		answer.Objects = append(answer.Objects, gateway.Object{Digest: one.digest, Size: one.size})
	}
	if more {
		answer.Next = items[len(items)-1].digest
	}
	return answer, nil
}

// usage says how full the space is, to those who may list it.
func (s *Server) usage(c *call) (any, *gateway.Error) {
	access, refusal := s.rights.mayRead(c.ctx(), c.space, c.account, "")
	if refusal != nil {
		return nil, refusal
	}
	u, err := s.index.usage(c.space)
	if err != nil {
		return nil, s.internal("usage", err)
	}
	return gateway.Usage{Reserved: access.SizeBytes, Stored: u.Stored, Pending: u.Pending, Objects: u.Objects}, nil
}

// remove takes content from the space: all of it for the owner, and what it has put there itself for another account that
// may write. Content that was not there is gone, too.
func (s *Server) remove(c *call) (any, *gateway.Error) {
	digest := storage.Digest(c.PathValue("digest"))
	if refusal := checkDigest("digest", digest); refusal != nil {
		return nil, refusal
	}
	access, refusal := s.rights.ask(c.ctx(), c.space, c.account, digest)
	if refusal != nil {
		return nil, refusal
	}
	only := ""
	if !access.Own {
		only = access.Acting
		if _, _, claimed, err := s.index.entry(c.space, digest, access.Acting); err != nil {
			return nil, s.internal("delete", err)
		} else if !claimed {
			return nil, errNothing
		}
	}
	if refusal := s.needed(c, digest, access); refusal != nil {
		return nil, refusal
	}
	doomed, err := s.index.remove(c.space, digest, only)
	if err != nil {
		return nil, s.internal("delete", err)
	}
	if !doomed {
		return nil, nil
	}
	if err := s.bury(c.ctx(), contentKey(c.space, digest)); err != nil {
		s.cfg.Log.Warn("an object is left to the sweeper", "digest", digest, "error", err)
	}
	return nil, nil
}
