package catalog

import (
	"iter"
	"strings"
)

// Key is a condition key.
type Key struct {
	Name     string // as published; a part of the caller's choosing is a placeholder: aws:ResourceTag/${TagKey}
	Type     KeyType
	Multi    bool     // ArrayOf…: a set of values, to be tested with ForAllValues or ForAnyValue
	Presence Presence // of a global key; Unstated for a key of a service

	// Sensitive marks a global key that Access Analyzer wants without wildcards and variables.
	Sensitive bool
}

// KeyType is what the values of a key are.
type KeyType uint8

// The types of keys.
const (
	String KeyType = iota + 1
	ARN
	Bool
	Numeric
	Date
	IPAddress
	Binary
)

// String is the type as the Service Authorization Reference writes it.
func (t KeyType) String() string {
	switch t {
	case String:
		return "String"
	case ARN:
		return "ARN"
	case Bool:
		return "Bool"
	case Numeric:
		return "Numeric"
	case Date:
		return "Date"
	case IPAddress:
		return "IPAddress"
	case Binary:
		return "Binary"
	}
	return "unknown"
}

func parseKeyType(text string) (t KeyType, multi, ok bool) {
	text, multi = strings.CutPrefix(text, "ArrayOf")
	for t := String; t <= Binary; t++ {
		if t.String() == text {
			return t, multi, true
		}
	}
	return 0, false, false
}

// Matches tells that a key as policies write it is this one: without regard to case, with any text that is not empty for a placeholder.
func (k *Key) Matches(name string) bool { return matchKey(k.Name, name) }

// Open tells that a part of the key is of the caller's choosing, such as the key of a tag.
func (k *Key) Open() bool {
	_, _, ok := placeholder(k.Name)
	return ok
}

// placeholder finds the first part of a key's name that is of the caller's choosing: ${TagKey}, <key> or tag-key.
func placeholder(name string) (before, after string, ok bool) {
	for i := range len(name) {
		switch {
		case strings.HasPrefix(name[i:], "${"):
			if n := strings.IndexByte(name[i:], '}'); n > 0 {
				return name[:i], name[i+n+1:], true
			}
		case name[i] == '<':
			if n := strings.IndexByte(name[i:], '>'); n > 0 {
				return name[:i], name[i+n+1:], true
			}
		case name[i] == '/' && name[i+1:] == "tag-key":
			return name[:i+1], "", true
		}
	}
	return name, "", false
}

func matchKey(template, name string) bool {
	literal, after, open := placeholder(template)
	if !open {
		return compareFold(template, name) == 0
	}
	if len(name) <= len(literal) || compareFold(literal, name[:len(literal)]) != 0 {
		return false
	}
	for i := len(literal) + 1; i <= len(name); i++ {
		if matchKey(after, name[i:]) {
			return true
		}
	}
	return false
}

// Key returns a condition key as a policy writes it: a global key, or a service's. Of keys that a service and the global ones both
// have, such as aws:ResourceTag, it is the global one.
func (c *Catalog) Key(name string) (*Key, bool) {
	if k, ok := c.GlobalKey(name); ok {
		return k, true
	}
	for s := range c.declarers(name) {
		if k, ok := s.Key(name); ok {
			return k, true
		}
	}
	return federatedKey(name)
}

// Keys of any OpenID Connect provider, in the trust policies of roles: "Available keys for AWS OIDC federation" in the IAM user guide.
// The reference lists those of a few providers, and not all of theirs. It is never written to.
var federated = [...]Key{
	{Name: "${Provider}:amr", Type: String, Multi: true},
	{Name: "${Provider}:aud", Type: String},
	{Name: "${Provider}:sub", Type: String},
}

// federatedKey returns a claim that every provider has. A provider is named by its URL without the scheme.
func federatedKey(name string) (*Key, bool) {
	i := strings.LastIndexByte(name, ':')
	if i < 0 || !strings.Contains(name[:i], ".") {
		return nil, false
	}
	for k := range federated {
		if k := &federated[k]; k.Matches(name) {
			return k, true
		}
	}
	return nil, false
}

// declarers yields the services that may declare a key: the one of its prefix, then those with keys of that prefix in their tables.
func (c *Catalog) declarers(name string) iter.Seq[*Service] {
	return func(yield func(*Service) bool) {
		prefix, _, ok := strings.Cut(name, ":")
		if !ok {
			return
		}
		if e := c.entry(prefix); e != nil && !yield(e.load()) {
			return
		}
		for _, a := range c.aliases {
			// The prefix of an identity provider may hold a placeholder.
			if !matchKey(a.prefix, prefix) {
				continue
			}
			if e := c.entry(a.service); e != nil && !yield(e.load()) {
				return
			}
		}
	}
}

// Key returns a condition key that the service declares: the one of that very name, or the first whose placeholder takes it.
func (s *Service) Key(name string) (*Key, bool) {
	var open *Key
	for i := range s.Keys {
		k := &s.Keys[i]
		if len(k.Name) == len(name) && compareFold(k.Name, name) == 0 {
			return k, true
		}
		if open == nil && k.Matches(name) {
			open = k
		}
	}
	return open, open != nil
}
