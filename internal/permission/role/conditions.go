package role

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trunkline/iam/generate"
)

// Conditions are limits that the published guides recommend. Each holds for all statements where it has a meaning.
type Conditions struct {
	MFA             bool
	SecureTransport bool
	Endpoints       []string          // VPC endpoints that requests come through: vpce-…
	Addresses       []string          // CIDR ranges that requests come from
	Organizations   []string          // of the resources, and in policies of resources, of the principal: o-…
	Tags            map[string]string // that the principal has: a session's or the role's
}

const hexadecimal, lowerOrDigit = "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyz"

// isID tells whether a text is a prefix and so many of some characters.
func isID(text, prefix, characters string, least, most int) bool {
	rest, found := strings.CutPrefix(text, prefix)
	return found && least <= len(rest) && len(rest) <= most && strings.Trim(rest, characters) == ""
}

// isTag tells whether a text may be the key or value of a tag.
func isTag(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return least <= n && n <= most && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Z, r) && !strings.ContainsRune("_.:/=+@-", r)
	})
}

// check says which condition cannot be.
func (c *Conditions) check() error {
	for _, id := range c.Endpoints {
		if !isID(id, "vpce-", hexadecimal, 8, 17) {
			return fmt.Errorf("VPC endpoint %s: want an id such as vpce-0123456789abcdef0", id)
		}
	}
	for _, text := range c.Addresses {
		if _, err := netip.ParsePrefix(text); err != nil {
			if _, err := netip.ParseAddr(text); err != nil {
				return fmt.Errorf("address %s: want a range such as 203.0.113.0/24", text)
			}
		}
	}
	if len(c.Endpoints) > 0 && len(c.Addresses) > 0 {
		return errors.New("a VPC endpoint and an address: a request that comes through an endpoint carries no aws:SourceIp, so nothing would be allowed; choose one")
	}
	for _, id := range c.Organizations {
		if !isID(id, "o-", lowerOrDigit, 10, 32) {
			return fmt.Errorf("organization %s: want an id such as o-a1b2c3d4e5", id)
		}
	}
	for key, value := range c.Tags {
		if !isTag(key, 1, 128) || !isTag(value, 0, 256) {
			return fmt.Errorf("tag %s=%s: want a key of 1 to 128 and a value of at most 256 letters, digits, spaces and _ . : / = + @ -", key, value)
		}
	}
	return nil
}

// identity are the conditions of a policy of an identity, and those of its direct requests.
func (c *Conditions) identity() (always, direct []generate.Condition) {
	always = c.principal()
	always = appendSome(always, "StringEquals", "aws:ResourceOrgID", c.Organizations)
	return always, c.network()
}

// resource are the conditions of a policy of a resource. Direct are those of requests that no service makes for the principal.
func (c *Conditions) resource() (always, direct []generate.Condition) {
	always = c.principal()
	always = appendSome(always, "StringEquals", "aws:PrincipalOrgID", c.Organizations)
	return always, c.network()
}

// principal are about who asks.
func (c *Conditions) principal() (all []generate.Condition) {
	if c.MFA {
		all = append(all, generate.Condition{Operator: "Bool", Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}})
	}
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		all = append(all, generate.Condition{Operator: "StringEquals", Key: "aws:PrincipalTag/" + key, Values: []string{c.Tags[key]}})
	}
	return all
}

// network are about where requests come from. A service that asks for the principal has a network of its own.
func (c *Conditions) network() (all []generate.Condition) {
	if c.SecureTransport {
		all = append(all, generate.Condition{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}})
	}
	all = appendSome(all, "StringEquals", "aws:SourceVpce", c.Endpoints)
	return appendSome(all, "IpAddress", "aws:SourceIp", c.Addresses)
}

// warnings say what has to be true for the conditions to be met.
func (c *Conditions) warnings() (all []string) {
	if c.MFA {
		all = append(all, "MFA is asked for: only a session that a person began with a second factor has it, and no role of a machine")
	}
	if len(c.Tags) > 0 {
		all = append(all, "tags are asked for: the role has to have them, or who assumes it passes them; trunkline passes none")
	}
	if len(c.Endpoints) > 0 {
		all = append(all, "a VPC endpoint is asked for: every service that the config uses has to be reached through one of them")
	}
	return all
}

func appendSome(all []generate.Condition, operator, key string, values []string) []generate.Condition {
	if len(values) == 0 {
		return all
	}
	values = slices.Clone(values)
	slices.Sort(values)
	return append(all, generate.Condition{Operator: operator, Key: key, Values: slices.Compact(values)})
}
