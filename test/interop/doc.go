// Package interop tests what needs more than Go, Node and Python: the questions that trunkline answers are put to AWS's own Java
// libraries as well, and no difference is left that is not explained; the pages that it writes are opened in a real browser. Its
// tests carry the build tag interop and run with make interop, which needs Java 17, Maven and Chromium.
package interop
