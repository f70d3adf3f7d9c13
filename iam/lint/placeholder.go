package lint

import (
	"strings"

	"trunkline/iam"
)

// hasPlaceholder tells whether a text holds a gap for the reader to fill, as published policies do: {AWS Account ID}, <region>,
// account-id. It is an unknown string: nothing is wrong with it that a check could know. ${…} is a policy variable and none.
func hasPlaceholder(text string) bool { return len(iam.Placeholders(text)) > 0 }

// hasBrackets tells the same of a text that is no ARN, where a bare word is nothing but a word.
func hasBrackets(text string) bool {
	return (strings.IndexByte(text, '{') >= 0 || strings.IndexByte(text, '<') >= 0) && hasPlaceholder(text)
}
