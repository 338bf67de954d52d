// Package chunk moves large content as chunks, each an object of a store by itself.
//
// Content of more than [Threshold] bytes is cut into chunks of [Size] bytes, and a manifest names them. The manifest is
// an object too, and its digest stands for the content. So a transfer uses several connections and cores, a break costs
// at most the chunks that were under way, and whoever has checked the manifest can check every chunk by itself.
package chunk
