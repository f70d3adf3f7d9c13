package config

import "slices"

// ParseLambda checks the text of a Lambda's config: a trunkline.yaml without what a Lambda cannot keep (source, deduplicate, state, a
// folder of dead letters), or the published privacy object, bare or as it is handed out. In one that names an integration, source and
// destination are those of the pipe that the function stands behind: they are checked, and left out. name stands for the text in messages. Only a
// privacy file that redact.privacy names is opened. The error is a *[Problems] or says why that file cannot be read.
func ParseLambda(name string, text []byte) (*Config, error) {
	r := &reader{name: name, ifEmpty: "; write a config, or leave the file out to send the minimum set", where: map[string]Position{}}
	root, ok := r.parse(text)
	c := &Config{name: name, where: r.where}
	if ok && isPrivacy(root) {
		p := &Privacy{File: name}
		if err := p.parse(text); err != nil {
			return nil, err
		}
		p.File = ""
		section{keyed: lambdaKeys{c}}.absent(r, "", Position{1, 1})
		c.Version, c.Redact.Privacy, c.Redact.Keep = 1, p, ""
		c.checkPaths(r)
		return c, r.err()
	}
	if ok {
		section{keyed: lambdaKeys{c}}.read(r, "", root)
		c.check(r)
		c.checkLambda(r)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	c.DeadLetter.Folder, c.State.File = "", ""
	if err := c.loadPrivacy(); err != nil {
		return nil, err
	}
	return c, nil
}

// isPrivacy tells the published privacy object from a trunkline.yaml by its keys.
func isPrivacy(root node) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(root.members, func(m member) bool { return m.name == name })
	}
	return !has("version") && (has("fields") || has("key") && has("value"))
}

// lambdaKeys are the keys of a Lambda's config: those of the daemon's, of which it must have fewer.
type lambdaKeys struct{ *Config }

func (l lambdaKeys) keys() []key {
	all := l.Config.keys()
	for i := range all {
		if all[i].name == "source" || all[i].name == "destination" {
			all[i].need = false
		}
	}
	return all
}

// checkLambda refuses by name what a Lambda cannot do.
func (c *Config) checkLambda(r *reader) {
	for _, refused := range []struct{ key, why string }{
		{"source", "a Lambda is handed its records by a pipe or an event source mapping; remove it"},
		{"deduplicate", "needs a state file, which a Lambda has not; remove it, and let the receiver keep the Idempotency-Key"},
		{"state", "a Lambda keeps no state; remove it"},
		{"dead_letter.folder", "a Lambda's disk is gone with it; remove it"},
		{"destination.file", "a Lambda's disk is gone with it; write destination.http, or leave destination out behind a pipe"},
		{"destination.stdout", "what a Lambda prints is its log; write destination.http, or leave destination out behind a pipe"},
		{"observe.listen", "nobody can reach a Lambda; remove it"},
		{"observe.traces", "a Lambda sleeps between invocations and cannot send traces in time; remove it"},
	} {
		if r.has(refused.key) && !(refused.key == "source" && c.behindPipe()) {
			r.fail(where(r.where, refused.key), refused.key, "%s", refused.why)
		}
	}
	if (c.DeadLetter.S3 != "" || c.DeadLetter.SQS != "") && !r.has("redact.key") {
		r.fail(where(r.where, "dead_letter"), "dead_letter", "a Lambda needs redact.key for it: the same record must be the same dead letter from every instance")
	}
	if c.behindPipe() {
		c.Source, c.Destination, c.Deploy = Source{}, Destination{}, nil
		return
	}
	if c.Destination.HTTP != nil && !r.has("redact.key") {
		r.fail(where(r.where, "destination.http"), "destination.http", "a Lambda needs redact.key for it: the same record must get the same Idempotency-Key from every instance")
	}
}
