// Package client is the Go client of the chain: what daemons, the console and other programs use to ask it, to send
// transactions to it, and to be woken when something happened.
//
// One CometBFT RPC endpoint is all that it needs, and every connection is outbound: queries go through abci_query,
// events come through the endpoint's websocket. Several endpoints are tried in order; the one that answers is kept.
//
// What holds:
//   - A transaction is reported as done only from the result of its block. Its bytes may be sent any number of times,
//     by this process or a later one: the chain executes them at most once.
//   - Events are wake-ups, never the truth: they can be late, doubled or lost. Whoever is woken asks the chain.
//   - Private keys stay in memory and are never logged.
//
// The endpoint is trusted to tell the truth about the chain; nobody else is.
package client
