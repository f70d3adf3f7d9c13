package iam

import "strings"

// Placeholders finds what stands in text for something the reader has to fill in: {AWS Account ID}, <region>, and in an ARN the bare
// words that guides use, such as account-id. The spans are in order and do not overlap. ${…} is a policy variable, no placeholder.
//
// Text with a placeholder is an unknown string, not a wrong one: nothing can be said about the field of the ARN in which it stands.
func Placeholders(text string) []Span {
	if !strings.ContainsAny(text, "{<-_rR") { // each of them has one of these: most strings are done here
		return nil
	}
	var spans []Span
	inARN := strings.HasPrefix(text, "arn:")
	word := 0          // where the current field or path segment begins
	braceless := false // there is no } in what follows
	addWord := func(end int) {
		if bareWord(text[word:end], inARN) && (inARN || word == 0 && end == len(text)) {
			spans = append(spans, Span{word, end})
		}
	}
	for i := 0; i < len(text); {
		n := 0
		switch text[i] {
		case '$':
			if braceless || i+1 == len(text) || text[i+1] != '{' {
				break
			}
			if n = variableLen(text[i:]); n > 0 {
				i += n
				continue
			}
			braceless = true // to be found out once
		case '{':
			n = bracePlaceholder(text[i:])
		case '<':
			n = anglePlaceholder(text[i:])
		case ':', '/':
			addWord(i)
			word = i + 1
		}
		if n > 0 {
			spans = append(spans, Span{i, i + n})
			i += n
			continue
		}
		i++
	}
	addWord(len(text))
	return spans
}

// IsPlaceholder says whether text is one placeholder and nothing else, a bare word such as region included.
func IsPlaceholder(text string) bool {
	if text == "" {
		return false
	}
	return bracePlaceholder(text) == len(text) || anglePlaceholder(text) == len(text) || bareWord(text, true)
}

// variableLen is the length of the policy variable that s begins with, 0 when it begins with none.
func variableLen(s string) int {
	if strings.HasPrefix(s, "${") {
		return strings.IndexByte(s, '}') + 1
	}
	return 0
}

// bracePlaceholder is the length of the placeholder in braces that s begins with: {AWS Account ID}.
func bracePlaceholder(s string) int { return enclosed(s, '{', '}') }

// anglePlaceholder is the length of the placeholder in angle brackets that s begins with: <region>.
func anglePlaceholder(s string) int { return enclosed(s, '<', '>') }

// enclosed is the length of a name in brackets, 0 when there is none: a letter, then at most 64 letters, digits, spaces and the
// punctuation of names. (A colon would make it an object without quotes.)
func enclosed(s string, opener, closer byte) int {
	const most = 64
	if len(s) < 3 || s[0] != opener || !isLetter(s[1]) {
		return 0
	}
	for i := 2; i < min(len(s), most+3); i++ {
		switch c := s[i]; {
		case c == closer:
			return i + 1
		case isLetter(c), '0' <= c && c <= '9', c == ' ', c == '-', c == '_', c == '.', c == '/', c == '\'':
		default:
			return 0
		}
	}
	return 0
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// bareWord says whether s is a word that guides write in place of a value. Outside of an ARN a word that is an ordinary word too,
// such as region, is left alone.
func bareWord(s string, inARN bool) bool {
	const longest = len("customer_account_id")
	if len(s) < len("region") || len(s) > longest {
		return false
	}
	switch strings.ReplaceAll(strings.ToLower(s), "_", "-") {
	case "region", "bucket-name", "key-name", "role-name", "user-name", "function-name", "queue-name", "topic-name", "table-name", "secret-name":
		return inARN
	case "account-id", "aws-account-id", "customer-account-id", "aws-region", "instance-id", "connect-instance-id", "key-id",
		"s3-bucket-name", "stream-name":
		return true
	}
	return false
}
