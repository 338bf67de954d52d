// Package builder turns a commit of a public repository into a program, so that anybody who does it again gets the same
// bytes: a clean checkout, modules by the checksums that the source names, a compiler in a container without a network.
//
// What holds:
//   - What is built is the commit that was asked for, whole: git checks the content against its hash. No hook, no
//     submodule, no filter and no configuration of this machine takes part.
//   - Nothing of the repository runs outside of the container, and nothing in the container reaches a network or sees
//     more than the source, the modules, the toolchain and a folder for what comes out.
//   - The source, the recipe, the toolchain's files and the program's bytes are all that the attestation is about.
//
// Trusted: git, Go's toolchain and the container engine of this machine. The repository is not.
package builder
