package release

import "errors"

// Errors of this package. They come wrapped with the file, the digest or the signer concerned, and the fix. Those of the
// first group are about what the author wrote.
var (
	// ErrSchema: the schema does not compile.
	ErrSchema = errors.New("schema does not compile")
	// ErrProgram: the file is no program that can be published.
	ErrProgram = errors.New("not a program")
	// ErrSource: it is not known where the source of the programs is.
	ErrSource = errors.New("source of the programs is not known")

	// ErrSignature: a release's signature is missing or not over this program.
	ErrSignature = errors.New("signature does not match")
	// ErrSigner: a release is signed by somebody else than the job's admin.
	ErrSigner = errors.New("not signed by the job's admin")
	// ErrAttestation: what a builder is said to have signed is something else, or in another form.
	ErrAttestation = errors.New("attestation does not hold")
	// ErrBuilder: the program was built by nobody who is trusted.
	ErrBuilder = errors.New("not built by a builder that is trusted")
	// ErrRevoked: the job's admin has taken the release back.
	ErrRevoked = errors.New("release is revoked")
	// ErrExpired: the release was good until a time that is over.
	ErrExpired = errors.New("release has expired")
	// ErrCacheFull: the programs in use leave no room for another one.
	ErrCacheFull = errors.New("program cache is full")
)
