// Package types holds the permissions module's wire types, the classes of messages, and what a valid rule is.
package types
