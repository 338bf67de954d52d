package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// pingEvery and silence: a connection that says nothing for as long as silence, not even an answer to a ping, is dead
// however alive the socket looks. They vary for tests, which cannot wait for seconds.
var (
	pingEvery = 4 * time.Second
	silence   = 10 * time.Second
)

const (
	// writeTimeout bounds a write into a full socket buffer.
	writeTimeout = 5 * time.Second
	redialFirst  = 200 * time.Millisecond
	redialMost   = 5 * time.Second
	// steady is how long a connection must have held for the next pause to be the shortest again.
	steady = 10 * time.Second
	// maxMessage bounds one event: a block's results can be large.
	maxMessage = 64 << 20
	// maxQueries is CometBFT's default limit of subscriptions on one connection, maxQuery that of a query's length.
	maxQueries = 5
)

// feed is one websocket connection with its subscriptions. It redials for as long as its context lives.
type feed struct {
	nodes   *pool
	log     *slog.Logger
	queries []string // at most maxQueries
	// connected is called when every subscription stands, after each dial. Events may have been missed before it.
	connected func()
	// event is called with the result of each event, undecoded.
	event func(json.RawMessage)
	// lost is called when the connection ends.
	lost func()
}

// run keeps the feed connected until ctx ends.
func (f *feed) run(ctx context.Context) {
	pause := redialFirst
	for ctx.Err() == nil {
		began := time.Now()
		n := f.nodes.node()
		err := f.connection(ctx, n)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			pause = redialFirst
		}
		f.log.Warn("events of the chain interrupted", "endpoint", n.url, "error", err, "pause", pause)
		f.nodes.next(n.url)
		sleep(ctx, jitter(pause))
		pause = min(2*pause, redialMost)
	}
}

// connection is the life of one connection; it always ends with an error.
func (f *feed) connection(ctx context.Context, n *node) error {
	checkCtx, cancelCheck := context.WithTimeout(ctx, callTimeout)
	defer cancelCheck()
	if err := f.nodes.check(checkCtx, n); err != nil {
		return err
	}
	dialer := websocket.Dialer{HandshakeTimeout: dialTimeout, Proxy: http.ProxyFromEnvironment}
	conn, response, err := dialer.DialContext(ctx, websocketURL(n.url), nil)
	if err != nil {
		if response != nil {
			return errors.Join(fmt.Errorf("dial events: %w (%s)", err, response.Status), response.Body.Close())
		}
		return fmt.Errorf("dial events: %w", err)
	}
	// Closing the connection is what ends a read, here and when ctx ends.
	ctx, cancel := context.WithCancel(ctx)
	pings := make(chan struct{})
	go func() {
		defer close(pings)
		f.ping(ctx, conn)
		hangUp(conn)
	}()
	defer func() { cancel(); <-pings }()

	conn.SetReadLimit(maxMessage)
	conn.SetPongHandler(func(string) error { return f.alive(conn) })
	if err := f.alive(conn); err != nil {
		return err
	}
	if err := f.subscribe(conn); err != nil {
		return err
	}
	return f.read(conn)
}

// hangUp says goodbye, so that the node does not take the end for a failure, and closes the connection. Nobody waits for
// the answer: the other side may be gone.
func hangUp(conn *websocket.Conn) {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(writeTimeout))
	_ = conn.Close()
}

// alive moves the read deadline: the other side has just shown that it is there.
func (f *feed) alive(conn *websocket.Conn) error {
	return conn.SetReadDeadline(time.Now().Add(silence))
}

// ping until ctx ends or a ping cannot be written. WriteControl may be called beside other writers.
func (f *feed) ping(ctx context.Context, conn *websocket.Conn) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		}
	}
}

type rpcCall struct {
	JSONRPC string            `json:"jsonrpc"`
	ID      int               `json:"id"`
	Method  string            `json:"method"`
	Params  map[string]string `json:"params"`
}

type rpcReply struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
		Data    string `json:"data"`
	} `json:"error"`
}

func (f *feed) subscribe(conn *websocket.Conn) error {
	for i, query := range f.queries {
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		call := rpcCall{JSONRPC: "2.0", ID: i + 1, Method: "subscribe", Params: map[string]string{"query": query}}
		if err := conn.WriteJSON(call); err != nil {
			return fmt.Errorf("subscribe to %s: %w", query, err)
		}
	}
	return nil
}

// read takes what comes. The first reply to a subscription confirms it; everything after that is its events.
func (f *feed) read(conn *websocket.Conn) error {
	pending := map[string]string{}
	for i, query := range f.queries {
		pending[strconv.Itoa(i+1)] = query
	}
	defer func() {
		if f.lost != nil {
			f.lost()
		}
	}()
	for {
		var reply rpcReply
		if err := conn.ReadJSON(&reply); err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		if err := f.alive(conn); err != nil {
			return err
		}
		id := string(reply.ID)
		if reply.Error != nil {
			// A subscription that the node ended has lost events: starting over is the only way to know what was missed.
			return fmt.Errorf("subscription %s: %s %s", id, reply.Error.Message, reply.Error.Data)
		}
		if _, ok := pending[id]; ok {
			delete(pending, id)
			if len(pending) == 0 {
				f.connected()
			}
			continue
		}
		f.event(reply.Result)
	}
}

// websocketURL is where an RPC endpoint serves events.
func websocketURL(base string) string {
	if rest, ok := strings.CutPrefix(base, "https://"); ok {
		return "wss://" + rest + "/websocket"
	}
	return "ws://" + strings.TrimPrefix(base, "http://") + "/websocket"
}
