package config

import (
	"net/netip"
	"net/url"
	"strings"

	"trunkline/contact"
	"trunkline/internal/secret"
)

// check looks at what one key says about another.
func (c *Config) check(r *reader) {
	fail := func(key, format string, args ...any) { r.fail(where(r.where, key), key, format, args...) }
	if f := c.Source.File; f != nil && f.Stdin() {
		if f.Follow {
			fail("source.file.follow", "standard input is always read to its end; remove follow")
		}
		if c.DeadLetter.Recipient == "" && !r.has("dead_letter.recipient") {
			fail("source.file.path", "standard input cannot be read again: add dead_letter.recipient, so that dead letters can hold the record")
		}
	}
	c.checkStream(r, fail)
	c.checkLetters(r, fail)
	c.checkDeploy(r, fail)
	if a := c.Enrich.Agents; a != nil && a.Column == "" && len(a.Match) > 0 {
		a.Column = a.Match[len(a.Match)-1].Name
	}
	if h := c.Destination.HTTP; h != nil {
		if !h.Plaintext && readable(h.URL) {
			fail("destination.http.url", "http would send records and key readable over the network; use https, or allow it with destination.http.plaintext: true")
		}
		if r.has("destination.http.key") && !r.has("destination.http.header") {
			fail("destination.http.key", "add header: the name of the header that carries the key")
		}
		if r.has("destination.http.header") && !r.has("destination.http.key") {
			fail("destination.http.header", "add key: the secret that the header carries")
		}
	}
	c.checkPrivacy(fail)
	c.checkPaths(r)
	for i := range c.Redact.Rules {
		c.checkRule(r, i)
	}
}

// checkStream looks at what reading a stream needs elsewhere.
func (c *Config) checkStream(r *reader, fail func(key, format string, args ...any)) {
	k, d := c.Source.Kinesis, c.State.DynamoDB
	if k != nil {
		if strings.HasPrefix(k.Consumer, "arn:") && !strings.HasPrefix(k.Consumer, k.Stream+"/consumer/") {
			fail("source.kinesis.consumer", "is a consumer of another stream than source.kinesis.stream")
		}
		if k.Consumer == FanOut && len(k.Application) > 128 {
			fail("source.kinesis.application", "is too long for a fan-out consumer, whose name has at most 128 characters")
		}
	}
	if d == nil {
		return
	}
	if k == nil {
		if c.Source.File != nil {
			fail("state.dynamodb", "is for source.kinesis: files are read by one worker; remove it")
		}
		return
	}
	if d.Table == "" {
		d.Table = k.Application
	}
	if !r.has("redact.key") {
		fail("state.dynamodb", "needs redact.key, the same for all workers: each must give a record the same Idempotency-Key")
	}
}

// checkLetters looks where dead letters go: into a folder, or encrypted away from this machine.
func (c *Config) checkLetters(r *reader, fail func(key, format string, args ...any)) {
	d := &c.DeadLetter
	for key, place := range map[string]string{"dead_letter.s3": d.S3, "dead_letter.sqs": d.SQS} {
		if place != "" && !r.has("dead_letter.recipient") {
			fail(key, "needs dead_letter.recipient: records leave this machine encrypted only; make a key pair with: age-keygen")
		}
	}
	if d.S3 == "" || d.SQS != "" {
		return
	}
	if r.has("dead_letter.folder") {
		fail("dead_letter.folder", "dead_letter has s3 already; keep one")
	}
	d.Folder = ""
}

// readable tells whether what is sent to a URL can be read on a network.
func readable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

// has tells whether the file has the key.
func (r *reader) has(key string) bool {
	_, found := r.where[key]
	return found
}

func (c *Config) checkPrivacy(fail func(key, format string, args ...any)) {
	d := &c.Redact
	if d.Privacy == nil {
		return
	}
	for _, key := range []string{"redact.keep", "redact.allow", "redact.deny"} {
		if _, found := c.where[key]; found {
			fail(key, "redact.privacy decides this already; remove one of them")
		}
	}
	d.Keep = ""
}

// checkPaths looks for paths that are told two things.
func (c *Config) checkPaths(r *reader) {
	denied := map[string]string{}
	for i, p := range c.Redact.Deny {
		denied[p.String()] = element("redact.deny", i)
	}
	if p := c.Redact.Privacy; p != nil && p.Type == Blacklist {
		for _, f := range p.Fields {
			denied[f.String()] = "redact.privacy"
		}
	}
	refuse := func(key string, p contact.Path) {
		if by, found := denied[p.String()]; found && p != nil {
			r.fail(where(r.where, key), key, "%s is denied by %s (line %d); remove one of them", p, by, where(r.where, by).Line)
		}
	}
	for i, p := range c.Redact.Allow {
		refuse(element("redact.allow", i), p)
	}
	ruled := map[string]string{}
	for i, rule := range c.Redact.Rules {
		key := element("redact.rules", i) + ".path"
		refuse(key, rule.Path)
		if first, found := ruled[rule.Path.String()]; found && rule.Path != nil {
			r.fail(where(r.where, key), key, "%s has a rule already, in line %d", rule.Path, where(r.where, first).Line)
			continue
		}
		ruled[rule.Path.String()] = key
	}
}

// checkRule looks whether a rule has what its action needs, and nothing that it has no use for.
func (c *Config) checkRule(r *reader, i int) {
	rule, at := &c.Redact.Rules[i], element("redact.rules", i)
	if rule.Action == "" { // reported already
		return
	}
	fail := func(name, format string, args ...any) {
		key := at + "." + name
		r.fail(where(r.where, key), key, format, args...)
	}
	for _, option := range []struct {
		name string
		of   Action
	}{{"first", ActionMask}, {"last", ActionMask}, {"to", ActionTruncate}, {"with", ActionScrub}} {
		if rule.Action != option.of && r.has(at+"."+option.name) {
			fail(option.name, "is for the action %s, not for %s", option.of, rule.Action)
		}
	}
	tokens := rule.Action == ActionScrub && rule.With == "token"
	if (rule.Action == ActionHash || rule.Action == ActionPseudonymize || tokens) && !r.has("redact.key") {
		fail("action", "%s needs a key: add redact.key, %s", strings.TrimSuffix(string(rule.Action)+" "+rule.With, " "), secret.Forms)
	}
	if rule.Action == ActionEncrypt && !r.has("redact.recipient") {
		fail("action", "encrypt needs a recipient: add redact.recipient, age1…")
	}
	if rule.Action == ActionTruncate && !r.has(at+".to") {
		fail("action", "truncate needs to: year, month, day, hour, minute or a whole number")
	}
}
