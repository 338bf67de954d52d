// Package types holds the wire types of trees, nodes, applications and scores,
// the pure rules on them, and the digests that daemons and the chain must agree on.
package types
