// Package release is the way of a job's programs from their author to the nodes that run them: the paper's Binary
// Manager. It compiles schemas, packs and signs programs on the author's side, and fetches, verifies and keeps them on
// the node's side.
//
// What holds:
//   - A program is named by the digest of its bytes and signed by the key of the job's admin. The signature covers the
//     digest, the role, the version, how the program is run, and the schema that it serves.
//   - Nothing of a program is handed to anybody before its digest, its size and the signature were checked. Until then
//     its bytes lie under a name that ends in ".unverified".
//
// The store is not trusted. The chain is, for who a job's admin is.
package release
