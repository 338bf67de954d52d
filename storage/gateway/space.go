package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/s3"
)

// Space is a space of a gateway as a storage.Store. Its errors are those of the interface, and ErrOverQuota,
// ErrSpaceExpired and ErrKept. What may not be read is storage.ErrNotFound, as is what is not there.
type Space struct {
	client *Client
	id     uint64
	root   storage.Digest
}

var (
	_ storage.Store = (*Space)(nil)
	_ chunk.Rooted  = (*Space)(nil)
)

// Space returns the space of a number.
func (c *Client) Space(id uint64) *Space { return &Space{client: c, id: id} }

// Under returns the same space for reading the chunks of a manifest, where only the manifest is named by what lets the
// account read.
func (s *Space) Under(root storage.Digest) storage.Store {
	return &Space{client: s.client, id: s.id, root: root}
}

// Put implements storage.Store. Content that the space has already is sent again; ask Stat first to spare that.
func (s *Space) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	info, err := s.client.carrier.Put(ctx, src, opts, s.put)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put into space %d: %w", s.id, err)
	}
	return info, nil
}

// put asks for a presigned request, lets it be made, and tells the gateway. The content is stored when that is acknowledged.
func (s *Space) put(ctx context.Context, info storage.Info, upload func(s3.Presigned) error) error {
	var answer PutAnswer
	err := s.call(ctx, http.MethodPost, "put", PutRequest{Digest: info.Digest, Size: info.Size, Again: true}, &answer)
	if err != nil {
		return err
	}
	if answer.Upload == nil {
		return &storage.UnavailableError{Endpoint: s.client.base, Err: errors.New("answers nothing to upload with")}
	}
	link, err := s.client.link(*answer.Upload)
	if err != nil {
		return err
	}
	if err := upload(link); err != nil {
		return err
	}
	// Without this the content would not be the space's: it is not given up for an answer that was lost.
	return s.call(ctx, http.MethodPost, "commit", CommitRequest{Digest: info.Digest, Size: info.Size}, nil)
}

// Get implements storage.Store.
func (s *Space) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	body, info, err := s.get(ctx, d)
	if errors.Is(err, storage.ErrDenied) {
		body, info, err = s.get(ctx, d) // the presigned request may have expired on the way
	}
	if err != nil {
		return nil, storage.Info{}, fmt.Errorf("get %s from space %d: %w", d, s.id, err)
	}
	return body, info, nil
}

func (s *Space) get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if err := d.Validate(); err != nil {
		return nil, storage.Info{}, err
	}
	var answer GetAnswer
	if err := s.call(ctx, http.MethodPost, "get", GetRequest{Digest: d, Root: s.root}, &answer); err != nil {
		return nil, storage.Info{}, err
	}
	link, err := s.client.link(answer.Download)
	if err != nil {
		return nil, storage.Info{}, err
	}
	return s.client.carrier.Get(ctx, link, d)
}

// Stat implements storage.Store.
func (s *Space) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	if err := d.Validate(); err != nil {
		return storage.Info{}, fmt.Errorf("stat: %w", err)
	}
	var answer StatAnswer
	if err := s.call(ctx, http.MethodPost, "stat", GetRequest{Digest: d, Root: s.root}, &answer); err != nil {
		return storage.Info{}, fmt.Errorf("stat %s in space %d: %w", d, s.id, err)
	}
	return storage.Info{Digest: d, Size: answer.Size}, nil
}

// Delete implements storage.Store. The owner removes content, another account what it has put there itself.
func (s *Space) Delete(ctx context.Context, d storage.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	err := s.call(ctx, http.MethodDelete, d.String(), nil, nil)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("delete %s from space %d: %w", d, s.id, err)
	}
	return nil
}

// List returns a page of what the space has after a digest, "" for the first page, and at most limit objects, 0 for as many
// as the gateway gives.
func (s *Space) List(ctx context.Context, after storage.Digest, limit int) (ListAnswer, error) {
	query := url.Values{}
	if after != "" {
		query.Set("after", after.String())
	}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var answer ListAnswer
	if err := s.call(ctx, http.MethodGet, "list?"+query.Encode(), nil, &answer); err != nil {
		return ListAnswer{}, fmt.Errorf("list space %d: %w", s.id, err)
	}
	return answer, nil
}

// Usage says how full the space is.
func (s *Space) Usage(ctx context.Context) (Usage, error) {
	var answer Usage
	if err := s.call(ctx, http.MethodGet, "usage", nil, &answer); err != nil {
		return Usage{}, fmt.Errorf("usage of space %d: %w", s.id, err)
	}
	return answer, nil
}

func (s *Space) call(ctx context.Context, method, route string, request, answer any) error {
	return s.client.call(ctx, method, spacePath(s.id, route), request, answer)
}
