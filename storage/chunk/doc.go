// Package chunk moves large content as chunks, each an object of a store by itself.
//
// Content of more than [Threshold] bytes is cut into chunks of [Size] bytes, and a manifest names them. The manifest is
// an object too, and its digest stands for the content. So a transfer uses several connections and cores, a break costs
// at most the chunks that were under way, and whoever has checked the manifest can check every chunk by itself.
//
// Invariants:
//
//   - The manifest is stored after all of its chunks were acknowledged. A digest that [Put] has returned can be fetched.
//   - Bytes have a name that does not end in ".unverified", or come out of [Open], only when they are right.
//   - Equal contents have equal digests: there is one chunk size, one threshold and one way to write a manifest.
//
// Nothing that a store says is trusted: Stat spares a chunk from being sent again, but what is fetched is always hashed.
package chunk
