// Package scrub finds personal data inside free text.
package scrub
