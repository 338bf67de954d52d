package warden

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How a program's answer can be wrong.
var (
	errTooLarge = errors.New("the reply is larger than allowed")
	errNotGRPC  = errors.New("not an answer of gRPC")
)

const (
	prefixSize     = 5        // of a message: one byte for its compression, four for its length
	maxHeaderBytes = 64 << 10 // of an answer
	maxStatusText  = 1000     // of an error's message
	dialPause      = 2 * time.Millisecond
)

// statusError is a call's status other than OK.
type statusError struct {
	code uint64
	text string
}

// statusNames are gRPC's, in the order of their codes.
var statusNames = strings.Fields(`OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
	RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED`)

// Error implements error.
func (e statusError) Error() string {
	name := strconv.FormatUint(e.code, 10)
	if e.code < uint64(len(statusNames)) {
		name = statusNames[e.code]
	}
	return fmt.Sprintf("it answered with status %s: %s", name, e.text)
}

// caller makes unary gRPC calls over a Unix socket. Messages are bytes to it.
//
// It is the plain HTTP/2 of the standard library: all of gRPC's own package that a unary call needs is five bytes and two trailers.
type caller struct {
	socket    string
	transport *http.Transport
}

func newCaller(socket string) *caller {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	dialer := new(net.Dialer)
	return &caller{socket: socket, transport: &http.Transport{
		Protocols: protocols, DisableCompression: true, MaxResponseHeaderBytes: maxHeaderBytes,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}
}

// await returns when somebody listens on the socket.
func (c *caller) await(ctx context.Context) error {
	pause := time.NewTicker(dialPause)
	defer pause.Stop()
	for {
		if conn, err := net.Dial("unix", c.socket); err == nil {
			return conn.Close()
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// call makes one call, of service/method, and returns the reply of at most limit bytes.
func (c *caller) call(ctx context.Context, method string, metadata map[string]string, input []byte, limit int64) ([]byte, error) {
	body := make([]byte, prefixSize, prefixSize+len(input))
	binary.BigEndian.PutUint32(body[1:], uint32(len(input)))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://program/"+method, bytes.NewReader(append(body, input...)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	for name, value := range metadata {
		request.Header.Set(name, value)
	}
	answer, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/grpc") {
		return nil, fmt.Errorf("%w: HTTP status %d, content type %.100q", errNotGRPC, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	reply, err := readMessage(answer.Body, limit)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if status := statusOf(answer); status != nil {
		return nil, status
	}
	if err != nil {
		return nil, fmt.Errorf("%w: status OK without a message", errNotGRPC)
	}
	return reply, nil
}

// readMessage reads the only message of an answer, to the end. io.EOF: there is none.
func readMessage(r io.Reader, limit int64) ([]byte, error) {
	var prefix [prefixSize]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(prefix[1:]))
	if prefix[0] != 0 {
		return nil, fmt.Errorf("%w: its message is compressed", errNotGRPC)
	}
	if size > limit {
		return nil, errTooLarge
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("%w: its message is cut short: %w", errNotGRPC, io.ErrUnexpectedEOF)
	}
	switch n, err := io.ReadFull(r, prefix[:1]); {
	case n > 0:
		return nil, fmt.Errorf("%w: more than one message", errNotGRPC)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return message, nil
}

// statusOf an answer that was read to its end.
func statusOf(answer *http.Response) error {
	found := answer.Trailer
	if found.Get("Grpc-Status") == "" {
		found = answer.Header // an answer without a message may have everything there
	}
	code, err := strconv.ParseUint(found.Get("Grpc-Status"), 10, 32)
	switch {
	case err != nil:
		return fmt.Errorf("%w: status %.100q", errNotGRPC, found.Get("Grpc-Status"))
	case code == 0:
		return nil
	}
	text := found.Get("Grpc-Message")
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	text = strings.ToValidUTF8(text, "?")
	return statusError{code, text[:min(len(text), maxStatusText)]}
}
