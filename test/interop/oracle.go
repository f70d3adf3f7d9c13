// Package interop holds AWS's own Java libraries against trunkline. Its tests have the build tag interop and need Java 17 and
// Maven: `make interop`. Each oracle is a Java class of this folder's Maven project that reads cases on standard input and answers
// on standard output.
package interop
