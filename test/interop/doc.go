// Package interop puts the questions that trunkline answers to AWS's own Java libraries as well, and finds no difference
// that is not explained. Its tests carry the build tag interop and run with make interop, which needs Java 17 and Maven.
package interop
