// Package gateway lets accounts of the chain into storage without a secret of the S3 store behind it.
//
// The server (in server/) asks the chain who may read and write a space and hands out presigned requests of the S3 store,
// good for one object and a short time. [Client] logs in with the key of an account, as wallets sign, and its Space is a
// [storage.Store]: nothing that it reads is trusted but the bytes themselves.
//
// README.md is the specification.
package gateway
