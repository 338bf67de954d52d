// Package daemon is what the worker, the evaluator and the admin daemon share: the journal, the failpoints, the loop, the
// outbox of transactions, the programs of releases and how applicants are tested on them, the owner's policy.
//
// Invariants:
//
//   - The truth is what a query of the chain says. The journal holds what the chain cannot know (a result and its salt, a
//     transaction that may be on its way) and the step that was under way; events only make a daemon ask earlier.
//   - Every step is journaled before it begins and after it is done, and may be begun again after a crash at any point.
//   - A transaction's signed bytes are on disk before they are sent, and the same bytes are sent again.
//   - Time left is measured on the chain clock.
//
// Trusted: this machine's disk, the sandbox, and the chain's nodes that the owner configured. Not trusted: programs, inputs,
// results of others, and the store, whose every byte is checked by digest.
package daemon
