package lint

import (
	"fmt"
	"net/netip"
)

var (
	typeMismatchIPRange = &Check{
		Code: "TYPE_MISMATCH_IP_RANGE", Severity: Error, Title: "Value is no IP address range",
		Detail: "The condition operator {{operator}} is used with an invalid IP range value. Specify the IP range in standard CIDR format.",
		Doc: `IpAddress and NotIpAddress compare with an IPv4 or IPv6 address or a range in CIDR notation: 203.0.113.0/24, 2001:db8::/32. Another
value matches no address.

Silent: policy variables, which INVALID_VARIABLE_FOR_OPERATOR reports; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"NotIpAddress": {"aws:SourceIp": "203.0.113.*"}`),
		Good: typedExample(`"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`),
		run: func(p *Pass) {
			for c, n := range p.typedValues(IPFamily, IPFamily) {
				if _, ok := parseRange(n.Text); !ok {
					p.Report(n, fmt.Sprintf("%q is no IP address and no range in CIDR notation, such as 203.0.113.0/24.", n.Text), "operator", c.Condition.Operator.Text)
				}
			}
		},
	}
	improveIPRange = &Check{
		Code: "IMPROVE_IP_RANGE", Severity: Suggestion, Title: "Address range with bits behind the mask",
		Detail: "The non-zero bits in the IP address after the masked bits are ignored. Replace address with {{addr}}.",
		Doc: `The bits of an address behind the mask are ignored: 203.0.113.77/24 is 203.0.113.0/24. Either the mask is not the one that was meant,
or the range is clearer without those bits. The fix writes what IAM reads.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"NotIpAddress": {"aws:SourceIp": "203.0.113.77/24"}`),
		Good: typedExample(`"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`),
		run: func(p *Pass) {
			for _, n := range p.typedValues(IPFamily, IPFamily) {
				if r, ok := parseRange(n.Text); ok && r.Masked() != r {
					masked := r.Masked().String()
					edits, ok := replace(n, masked)
					p.Report(n, fmt.Sprintf("The bits behind the mask do not count: this is %s.", masked), "addr", masked).
						safeFix("write "+masked, edits, ok)
				}
			}
		},
	}
)

// parseRange reads an address or a range as IAM does: an address alone is a range of one.
func parseRange(text string) (netip.Prefix, bool) {
	if r, err := netip.ParsePrefix(text); err == nil {
		return r, true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}
