// Package types holds the messages, records and pure rules of the jobs module:
// what a schema may look like, what a commitment, a seed and a release statement
// are, how a reward is split, and which fields are honored.
//
// Everything here is deterministic and free of I/O, so that the keeper, the
// daemons and the command line come to the same answer. Nothing that arrives in
// a message is trusted; what a keeper reads back from its own state is.
package types
