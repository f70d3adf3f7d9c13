package diagnose

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
)

// reader takes a message apart, from the phrase of its form on. Its methods read what stands at the place that it has come to; those
// that return false have read nothing.
type reader struct {
	text  string
	floor int // what stands before belongs to another message
	start int // of the message
	at    int // read up to here
	quality
	catalog *catalog.Catalog
	m       Message
}

// Bounds of what a field may be, in bytes: see the API references of IAM (ARN), S3 (key, percent-encoded) and STS (EncodedMessage).
const (
	maxPrincipal = 2048
	maxResource  = 4096
	maxEncoded   = 10240
)

func (r *reader) rest() string { return r.text[r.at:] }

// near is what remains, as far as a resource and what follows it can go: a text with many messages is not gone through for each.
func (r *reader) near() string { return r.rest()[:min(len(r.rest()), maxResource+maxWrapper)] }

// skip reads a text.
func (r *reader) skip(literal string) bool {
	if !strings.HasPrefix(r.rest(), literal) {
		return false
	}
	r.at += len(literal)
	return true
}

// ends tells whether what remains is the begin of one of the phrases, which something has cut off.
func (r *reader) ends(phrases ...string) bool {
	rest := r.rest()
	for _, phrase := range phrases {
		if rest != "" && len(rest) < len(phrase) && strings.HasPrefix(phrase, rest) {
			r.at, r.m.Truncated = len(r.text), true
			return true
		}
	}
	return false
}

// word reads letters, digits and the other characters given. A word that something may have cut off is none.
func (r *reader) word(also string) string {
	n := strings.IndexFunc(r.rest(), func(c rune) bool { return !isAlphanumeric(c) && !strings.ContainsRune(also, c) })
	if n < 0 {
		if n = len(r.rest()); r.cut {
			r.at, r.m.Truncated = len(r.text), true
			return ""
		}
	}
	word := r.rest()[:n]
	r.at += n
	return word
}

// known tells whether there is such an action.
func known(c *catalog.Catalog, action string) bool {
	_, ok := c.Action(action)
	return ok
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// principal reads backwards what stands in front of the phrase: User: ARN, Role ARN, or an ARN alone.
func (r *reader) principal() {
	before := r.text[max(r.floor, r.at-maxPrincipal):r.at]
	from := strings.LastIndexFunc(before, unicode.IsSpace) + 1
	word := strings.TrimLeft(before[from:], `"'([`)
	start := r.at - len(word)
	role := ""
	for _, label := range []string{"User: ", "User ", "Role ", "role "} {
		if strings.HasSuffix(r.text[r.floor:start], label) {
			role, start = label, start-len(label)
			break
		}
	}
	switch {
	case isPrincipal(word), role != "" && word == "anonymous":
		r.m.Principal, r.start = word, start
	case role == "" && from == 0 && r.floor == 0 && word != "":
		r.m.Truncated = true // its front is cut off
	}
}

// isPrincipal tells whether a text is the ARN of something that can call.
func isPrincipal(s string) bool {
	fields, n := arn.Split(s)
	return n == 6 && fields[0] == "arn" && (fields[2] == "iam" || fields[2] == "sts") && fields[5] != "" && isPlain(s)
}

// isService tells whether SDKs have a service of that name.
func isService(c *catalog.Catalog, name string) bool {
	_, ok := c.Prefix(name)
	return ok
}

// isPlain tells whether a text holds nothing that could steer a terminal.
func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// action reads SERVICE:NAME. A cut one is not taken; then nothing follows.
func (r *reader) action() bool {
	from := r.at
	action := r.word("-:*")
	atEnd := r.at == len(r.text)
	service, name, found := strings.Cut(action, ":")
	switch {
	case atEnd && (action == "" || !found || !known(r.catalog, action)): // cut off before its end
		r.m.Truncated = true
		return true
	case !found || service == "" || name == "" || strings.ContainsAny(name, ":-"):
		r.at = from
		return false
	}
	if name != "*" {
		r.m.Action = action
	}
	return true
}

// Phrases that may follow a resource. Those of the first kind belong to the message, so that the resource may hold spaces before
// them; before the others stands perhaps something else.
var (
	afterResource = []string{
		" because no ", " with an explicit deny", ", with policy ARN: ", ". Encoded authorization failure message: ",
		" Encoded authorization failure message: ", " (Service: ", " (SDK Attempt Count: ", " (RequestToken: ",
	}
	aroundMessage = []string{`\"`, `"`, "'", "\n", "\r", "</", "User: ", " is not authorized to ", "You are not authorized to "}
)

// resource reads what the action was to be done on: quoted, or up to the phrase that follows.
func (r *reader) resource() {
	for _, quote := range []string{`\"`, `"`} {
		if r.skip(quote) {
			r.quoted(quote)
			return
		}
	}
	rest := r.near()
	end, sure := len(rest), r.whole
	for _, phrase := range aroundMessage {
		if i := strings.Index(rest[:end], phrase); i >= 0 {
			end, sure = i, false
		}
	}
	for _, phrase := range afterResource {
		// What a phrase begins in front of the end may go on behind it.
		if i := strings.Index(rest[:min(len(rest), end+len(phrase))], phrase); i >= 0 && i <= end {
			end, sure = i, true
		}
	}
	if end == len(rest) {
		for _, phrase := range afterResource {
			for n := len(phrase) - 1; n > 1; n-- { // the begin of a phrase, at the very end
				if strings.HasSuffix(rest[:end], phrase[:n]) {
					end, sure, r.m.Truncated = end-n, true, true
					break
				}
			}
		}
	}
	value := rest[:end]
	if !sure {
		if i := strings.IndexFunc(value, unicode.IsSpace); i >= 0 {
			// What stands behind need not belong to it.
			value, r.m.Truncated = value[:i], true
		}
		value = strings.TrimRight(value, ",;)]}")
	}
	if end == len(rest) || !sure {
		value = strings.TrimSuffix(value, ".")
	}
	full := r.at+len(value) == len(r.text)
	r.at += len(value)
	if sure {
		r.at += end - len(value)
	}
	r.setResource(value, full)
}

// quoted reads up to the closing quote. S3 keys may hold quotes: one in front of a known phrase closes.
func (r *reader) quoted(quote string) {
	rest := r.near()
	end := strings.Index(rest, quote)
	for _, phrase := range afterResource {
		if i := strings.Index(rest, quote+phrase); i >= 0 && i < maxResource && !strings.Contains(rest[:i], " is not authorized to ") {
			end = i
			break
		}
	}
	if end < 0 { // cut off
		r.at, r.m.Truncated = r.at+len(rest), true
		return
	}
	r.at += end + len(quote)
	r.setResource(rest[:end], false)
}

// setResource takes a resource as it stands. One that ends where a cut text ends may be longer.
func (r *reader) setResource(value string, atEnd bool) {
	fields, n := arn.Split(value)
	switch {
	case value == "" || len(value) > maxResource,
		atEnd && (r.cut || fields[0] == "arn" && (n < 6 || fields[5] == "")):
		r.m.Truncated = true
		return
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		value = decoded
	}
	if !isPlain(value) {
		r.m.Truncated = true
		return
	}
	r.m.Resource = value
}

// arn reads an ARN up to what cannot be part of it.
func (r *reader) arn() string {
	rest := r.rest()
	if !strings.HasPrefix(rest, "arn:") {
		return ""
	}
	end := strings.IndexFunc(rest, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("\"'<>,()\\", c) })
	atEnd := end < 0
	if atEnd {
		end = len(rest)
	}
	value := strings.TrimRight(rest[:end], ".:;")
	r.at += len(value)
	if fields, n := arn.Split(value); atEnd && r.cut || n < 6 || fields[5] == "" || !isPlain(value) || len(value) > maxPrincipal {
		r.m.Truncated = true
		return ""
	}
	return value
}

// reason reads why: that no policy of a type allows it, or that one denies.
func (r *reader) reason() {
	switch {
	case r.skip(" because no "):
		r.m.Effect = Implicit
		r.m.Policy = r.policy()
		if r.m.Policy != "" && r.skip(" allows the ") {
			_ = r.word("-:*")
			_ = r.skip(" action")
		}
	case r.skip(" with an explicit deny"):
		r.m.Effect = Explicit
		if slices.ContainsFunc([]string{" in a ", " in an ", " in the "}, r.skip) {
			r.m.Policy = r.policy()
		}
		if r.m.Policy == "" {
			r.ends(" in a ", " in an ", " in the ")
		}
	default:
		r.ends(" because no ", " with an explicit deny")
		return
	}
	for _, through := range []string{" transitively through a ", " transitively through an "} {
		if r.skip(through) {
			r.m.Through = r.policy()
		}
	}
	if r.skip(", with policy ARN: ") || strings.HasPrefix(r.rest(), ": arn:") && r.skip(": ") {
		r.m.PolicyARN = r.arn()
	}
}

// policy reads the name of a type of policies.
func (r *reader) policy() PolicyType {
	for _, p := range policyWords {
		if r.skip(p.word) {
			return p.is
		}
	}
	for _, p := range policyWords {
		if r.ends(p.word) {
			break
		}
	}
	if r.rest() == "" {
		r.m.Truncated = true
	}
	return ""
}

// tail reads an encoded authorization message.
func (r *reader) tail() {
	if slices.ContainsFunc([]string{". Encoded authorization failure message: ", " Encoded authorization failure message: ", "Encoded authorization failure message: "}, r.skip) {
		r.m.Encoded = r.word("-_=")
		if len(r.m.Encoded) > maxEncoded {
			r.m.Encoded, r.m.Truncated = "", true
		}
	}
}

// act reads who wanted to do what.
func (r *reader) act() bool {
	r.principal()
	return r.skip(performs) && r.action()
}

// cause reads how KMS says that a key cannot be used, in the place of a resource.
func (r *reader) cause(on string) bool {
	if !r.skip(on) {
		return false
	}
	if !r.skip(kmsCauses) {
		r.ends(kmsCauses)
	}
	return true
}

// calls reads the operation and the service behind a phrase: GetRecords on Kinesis.
func (r *reader) calls(phrase string) bool {
	r.skip(phrase)
	operation := r.word("")
	if operation == "" {
		return r.m.Truncated
	}
	r.m.Operation = operation
	if r.skip(" on ") {
		r.m.Service = r.service()
	}
	return true
}

// service reads the name of a service, which may have several words.
func (r *reader) service() (name string) {
	from := r.at
	for words, end := 0, 0; words < 4; words++ {
		r.word("-")
		if text := r.text[from:r.at]; words == 0 || isService(r.catalog, text) {
			name, end = text, r.at
		}
		if words == 3 || !r.skip(" ") {
			r.at = end
			break
		}
	}
	return name
}

// upTo is what stands in front of a phrase, or all.
func (r *reader) upTo(phrase string) string {
	before, _, _ := strings.Cut(r.near(), phrase)
	return before
}

// host reads the name or address of a host that ends at a port, a path or a quote.
func (r *reader) host() bool {
	r.m.Host = strings.TrimRight(r.word(".-"), ".")
	if r.m.Host == "" && r.skip("[") { // IPv6
		r.m.Host = r.word(":")
	}
	return r.m.Host != ""
}

// dialled reads backwards which host Go's net package dialled: dial tcp HOST:443, and the name in the URL before it, where it is there.
func (r *reader) dialled() string {
	before := r.text[max(r.floor, r.at-maxWrapper):r.at]
	i := strings.LastIndex(before, "dial tcp ")
	if i < 0 {
		return ""
	}
	r.start = r.at - len(before) + i
	address := before[i+len("dial tcp "):]
	if from := strings.LastIndex(address, "->"); from >= 0 {
		address = address[from+2:] // behind the own address
	}
	if port := strings.LastIndexByte(address, ':'); port >= 0 {
		address = address[:port]
	}
	if j := strings.LastIndex(before[:i], "https://"); j >= 0 && i-j < 256 {
		url := reader{text: before[:i], at: j + len("https://")}
		if url.host() {
			return url.m.Host
		}
	}
	address = strings.Trim(address, "[]")
	if strings.ContainsFunc(address, func(c rune) bool { return !isAlphanumeric(c) && !strings.ContainsRune(".:-", c) }) {
		return ""
	}
	return address
}
