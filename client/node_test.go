package client_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	rpctypes "github.com/cometbft/cometbft/rpc/jsonrpc/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

// fakeNode is a CometBFT node with one RPC endpoint, no index of transactions, and a block for every call of block. Like a
// real one it stores a block before it has run, and forgets its mempool when it restarts.
type fakeNode struct {
	t       *testing.T
	server  *httptest.Server
	chainID string

	mu     sync.Mutex
	now    time.Time
	blocks []fakeBlock // height 1 first
	// uncommitted are the latest blocks whose results are known, but not yet their state.
	uncommitted int64
	base        int64 // oldest block that is kept
	mempool     [][]byte
	seen        map[string]bool // in the mempool's cache
	used        map[string]bool // nonces
	accounts    map[string]uint64
	calls       map[string]int
	sockets     map[*socket]bool

	check      func() *abci.ResponseCheckTx // instead of taking a transaction
	result     func() *abci.ExecTxResult    // of transactions
	deaf       bool                         // subscriptions are refused
	lose       bool                         // takes transactions and forgets them
	hideResult bool                         // blocks are stored but have not run
	query      func(path string, data []byte) abci.ResponseQuery
}

type fakeBlock struct {
	time time.Time
	txs  []cmttypes.Tx
}

type socket struct {
	conn    *websocket.Conn
	writing sync.Mutex
	queries map[string]string // by id
}

func newFakeNode(t *testing.T) *fakeNode {
	t.Helper()
	n := &fakeNode{
		t: t, chainID: "fake-1", now: time.Unix(1_700_000_000, 0).UTC(), base: 1, seen: map[string]bool{}, used: map[string]bool{},
		accounts: map[string]uint64{}, calls: map[string]int{}, sockets: map[*socket]bool{},
	}
	n.server = httptest.NewServer(n)
	t.Cleanup(n.stop)
	n.block()
	return n
}

func (n *fakeNode) stop() {
	n.hangUp()
	n.server.Close()
}

// restart loses the mempool and comes back at the same address.
func (n *fakeNode) restart() {
	address := n.server.Listener.Addr().String()
	n.stop()
	n.mu.Lock()
	n.mempool, n.seen = nil, map[string]bool{}
	n.mu.Unlock()
	listener, err := net.Listen("tcp", address)
	require.NoError(n.t, err)
	n.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: n, ReadHeaderTimeout: time.Minute}}
	n.server.Start()
}

// hangUp ends every subscription.
func (n *fakeNode) hangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.sockets {
		_ = s.conn.Close()
	}
}

// set changes the node between two calls.
func (n *fakeNode) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

// block makes a block of the mempool, a second after the last, and tells the subscribers.
func (n *fakeNode) block() {
	n.mu.Lock()
	n.now = n.now.Add(time.Second)
	block := fakeBlock{time: n.now}
	for _, tx := range n.mempool {
		block.txs = append(block.txs, tx)
		n.used[nonce(tx)] = true
	}
	n.mempool = nil
	n.blocks = append(n.blocks, block)
	height := int64(len(n.blocks))
	sockets := make([]*socket, 0, len(n.sockets))
	for s := range n.sockets {
		sockets = append(sockets, s)
	}
	hidden := n.hideResult
	n.mu.Unlock()
	for _, s := range sockets {
		for id, query := range s.queries {
			if strings.Contains(query, "NewBlockHeader") {
				s.send(id, &coretypes.ResultEvent{Query: query, Data: cmttypes.EventDataNewBlockHeader{}})
			}
			for i, tx := range block.txs {
				if strings.Contains(query, "tm.event='Tx'") && !hidden {
					s.send(id, &coretypes.ResultEvent{Query: query, Data: cmttypes.EventDataTx{TxResult: abci.TxResult{
						Height: height, Index: uint32(i), Tx: tx, Result: *n.execution(),
					}}})
				}
			}
		}
	}
}

func (n *fakeNode) execution() *abci.ExecTxResult {
	if n.result != nil {
		return n.result()
	}
	data, err := proto.Marshal(&sdk.TxMsgData{})
	require.NoError(n.t, err)
	return &abci.ExecTxResult{Data: data}
}

func (n *fakeNode) count(method string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[method]
}

// subscribers counts the subscriptions that stand.
func (n *fakeNode) subscribers() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for s := range n.sockets {
		count += len(s.queries)
	}
	return count
}

func nonce(tx []byte) string {
	var raw txtypes.TxRaw
	var body txtypes.TxBody
	if raw.Unmarshal(tx) != nil || body.Unmarshal(raw.BodyBytes) != nil {
		return ""
	}
	return strconv.FormatInt(body.TimeoutTimestamp.UnixNano(), 10)
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/websocket" {
		n.serveSocket(w, r)
		return
	}
	var request struct {
		ID     json.RawMessage
		Method string
		Params map[string]json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	n.calls[request.Method]++
	result, err := n.answer(request.Method, request.Params)
	n.mu.Unlock()
	_, _ = w.Write(response(string(request.ID), result, err))
}

func response(id string, result any, err error) []byte {
	if err != nil {
		return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"Internal error","data":%q}}`, id, err)
	}
	text, encodeErr := cmtjson.Marshal(result)
	if encodeErr != nil {
		panic(encodeErr)
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":%s}`, id, text)
}

func (n *fakeNode) answer(method string, params map[string]json.RawMessage) (any, error) {
	switch method {
	case "status":
		return n.status(), nil
	case "abci_info":
		return &coretypes.ResultABCIInfo{Response: abci.ResponseInfo{LastBlockHeight: int64(len(n.blocks)) - n.uncommitted}}, nil
	case "abci_query":
		return n.abciQuery(params)
	case "broadcast_tx_sync":
		var tx []byte
		if err := cmtjson.Unmarshal(params["tx"], &tx); err != nil {
			return nil, err
		}
		return n.broadcast(tx)
	case "blockchain":
		return n.headers(number(params["minHeight"]), number(params["maxHeight"]))
	case "block":
		height := number(params["height"])
		return &coretypes.ResultBlock{Block: &cmttypes.Block{Data: cmttypes.Data{Txs: n.blocks[height-1].txs}}}, nil
	case "block_results":
		if n.hideResult {
			return nil, errors.New("could not find results for height")
		}
		height := number(params["height"])
		results := &coretypes.ResultBlockResults{Height: height}
		for range n.blocks[height-1].txs {
			results.TxsResults = append(results.TxsResults, n.execution())
		}
		return results, nil
	}
	return nil, errors.New("method not found")
}

func number(text json.RawMessage) int64 {
	value, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func (n *fakeNode) status() *coretypes.ResultStatus {
	return &coretypes.ResultStatus{
		NodeInfo:      p2p.DefaultNodeInfo{Network: n.chainID},
		SyncInfo:      coretypes.SyncInfo{LatestBlockHeight: int64(len(n.blocks)), LatestBlockTime: n.now, EarliestBlockHeight: n.base},
		ValidatorInfo: coretypes.ValidatorInfo{},
	}
}

func (n *fakeNode) abciQuery(params map[string]json.RawMessage) (any, error) {
	var path, data string
	if err := errors.Join(json.Unmarshal(params["path"], &path), json.Unmarshal(params["data"], &data)); err != nil {
		return nil, err
	}
	decoded := make([]byte, len(data)/2)
	if _, err := fmt.Sscanf(data, "%x", &decoded); err != nil && data != "" {
		return nil, err
	}
	if n.query != nil {
		return &coretypes.ResultABCIQuery{Response: n.query(path, decoded)}, nil
	}
	var ask authtypes.QueryAccountInfoRequest
	if err := proto.Unmarshal(decoded, &ask); err != nil {
		return nil, err
	}
	account, ok := n.accounts[ask.Address]
	if !ok {
		return &coretypes.ResultABCIQuery{Response: abci.ResponseQuery{
			Codespace: sdkerrors.RootCodespace, Code: sdkerrors.ErrKeyNotFound.ABCICode(),
			Log: "rpc error: code = NotFound desc = account " + ask.Address + " not found: key not found",
		}}, nil
	}
	value, err := proto.Marshal(&authtypes.QueryAccountInfoResponse{Info: &authtypes.BaseAccount{Address: ask.Address, AccountNumber: account}})
	return &coretypes.ResultABCIQuery{Response: abci.ResponseQuery{Value: value}}, err
}

func (n *fakeNode) broadcast(tx []byte) (any, error) {
	sum := sha256.Sum256(tx)
	key := base64.StdEncoding.EncodeToString(sum[:])
	switch {
	case n.check != nil:
		res := n.check()
		return &coretypes.ResultBroadcastTx{Code: res.Code, Codespace: res.Codespace, Log: res.Log}, nil
	case n.seen[key]:
		return nil, errors.New("tx already exists in cache")
	case n.used[nonce(tx)]:
		return &coretypes.ResultBroadcastTx{
			Code: sdkerrors.ErrInvalidRequest.ABCICode(), Codespace: sdkerrors.RootCodespace,
			Log: "failed to add unordered nonce: sender has already used timeout",
		}, nil
	}
	if !n.lose {
		n.seen[key] = true
		n.mempool = append(n.mempool, tx)
	}
	return &coretypes.ResultBroadcastTx{}, nil
}

func (n *fakeNode) headers(low, high int64) (any, error) {
	height := int64(len(n.blocks))
	high = min(high, height)
	low = max(low, n.base, high-19)
	if low > high {
		return nil, fmt.Errorf("min height %d can't be greater than max height %d", low, high)
	}
	info := &coretypes.ResultBlockchainInfo{LastHeight: height}
	for h := high; h >= low; h-- {
		block := n.blocks[h-1]
		info.BlockMetas = append(info.BlockMetas, &cmttypes.BlockMeta{
			Header: cmttypes.Header{ChainID: n.chainID, Height: h, Time: block.time}, NumTxs: len(block.txs),
		})
	}
	return info, nil
}

func (n *fakeNode) serveSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &socket{conn: conn, queries: map[string]string{}}
	n.set(func() { n.sockets[s] = true })
	defer func() {
		n.set(func() { delete(n.sockets, s) })
		_ = conn.Close()
	}()
	for {
		var request struct {
			ID     json.RawMessage
			Params struct{ Query string }
		}
		if conn.ReadJSON(&request) != nil {
			return
		}
		if n.deaf {
			s.write(response(string(request.ID), nil, errors.New("max_subscription_clients 100 reached")))
			continue
		}
		n.set(func() { s.queries[string(request.ID)] = request.Params.Query })
		s.write(response(string(request.ID), struct{}{}, nil))
	}
}

func (s *socket) send(id string, event *coretypes.ResultEvent) {
	text, err := json.Marshal(rpctypes.NewRPCSuccessResponse(nil, event).Result)
	if err != nil {
		panic(err)
	}
	s.write(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":%s}`, id, text))
}

func (s *socket) write(text []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.WriteMessage(websocket.TextMessage, text)
}
