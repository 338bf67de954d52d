package app

import (
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"

	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"

	"github.com/ain-network/aind/chain"
)

// Pace is how fast blocks follow each other. A job needs about seven blocks in sequence.
type Pace time.Duration

const (
	// PaceNetwork is for validators on several machines: about five blocks a second.
	PaceNetwork = Pace(200 * time.Millisecond)

	// PaceLocal is for a network on one machine: about forty blocks a second, at a sixth of a core when idle.
	PaceLocal = Pace(20 * time.Millisecond)
)

// patience with a proposal, and with votes. Where they turn out too short, CometBFT waits longer from round to round.
func (p Pace) patience() (proposal, votes time.Duration) {
	if p <= PaceLocal {
		return 400 * time.Millisecond, 100 * time.Millisecond
	}
	return time.Second, 500 * time.Millisecond
}

// queryGasLimit bounds the work of one query; the SDK's default is no bound.
const queryGasLimit = 50_000_000

// CometConfig is how the consensus engine runs under our chain, where its own defaults do not fit.
func CometConfig(pace Pace) *cmtcfg.Config {
	config := cmtcfg.DefaultConfig()
	config.DBBackend = cometBackend
	// Daemons are woken by events. The bus drops what it has no room for, and its default room is one.
	config.EventBusBufferCapacity = 1000

	config.RPC.MaxOpenConnections = 2000
	config.RPC.MaxSubscriptionClients = 1000
	config.RPC.SubscriptionBufferSize = 1000
	config.RPC.WebSocketWriteBufferSize = 1000

	config.Consensus.TimeoutCommit = time.Duration(pace)
	// A validator that is down costs the others a proposal's and a vote's patience whenever it is its turn: with the
	// defaults four seconds, which is longer than some windows of a request.
	config.Consensus.TimeoutPropose, config.Consensus.TimeoutPrevote = pace.patience()
	config.Consensus.TimeoutPrecommit = config.Consensus.TimeoutPrevote
	// The default of 100 ms decides the time of a block in a small network.
	config.Consensus.PeerGossipSleepDuration = 10 * time.Millisecond

	// A transaction larger than this could never pay for its bytes within the gas of one transaction.
	config.Mempool.MaxTxBytes = 1 << 20
	config.Mempool.MaxTxsBytes = 256 << 20
	config.Mempool.Size = 20_000
	config.Mempool.CacheSize = 40_000

	// Clients find their transactions in the block results; an index would double what is written.
	config.TxIndex.Indexer = "null"
	return config
}

// ServerConfig is how a node keeps and serves the state, where the SDK's defaults do not fit.
func ServerConfig() *serverconfig.Config {
	config := serverconfig.DefaultConfig()
	config.MinGasPrices = "0" + chain.Denom
	config.QueryGasLimit = queryGasLimit
	config.AppDBBackend = "pebbledb"
	config.API.Enable = true
	return config
}

// KeepOnlyRecent lets a node forget what a network on one machine has no use for: states and blocks older than some
// minutes. The blocks kept also depend on the age of evidence in the consensus params.
func KeepOnlyRecent(config *serverconfig.Config) {
	config.Pruning = pruningtypes.PruningOptionCustom
	config.PruningKeepRecent = "1000"
	config.PruningInterval = "100"
	config.MinRetainBlocks = RecentBlocks
}

// RecentBlocks is how many blocks KeepOnlyRecent keeps: about four minutes at PaceLocal, enough for a client that lost
// its connection to find out what became of its transactions.
const RecentBlocks = 10_000
