package lint

import "net/netip"

var (
	privateIPAddress = &Check{
		Code: "PRIVATE_IP_ADDRESS", Severity: Error, Title: "aws:SourceIp with private addresses only",
		Detail: "aws:SourceIp works only for public IP address ranges. The values for condition key aws:SourceIp include only private IP addresses and will not have the desired effect. Update the value to include only public IP addresses.",
		Doc:    privateDoc,
		Bad:    `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`,
		Good:   privateGood,
		run: func(p *Pass) {
			p.reportPrivate(false, true, "AWS never sees a private address in aws:SourceIp, so this matches no request: use public addresses, or aws:VpcSourceIp behind a VPC endpoint.")
		},
	}
	privateNotIPAddress = &Check{
		Code: "PRIVATE_NOT_IP_ADDRESS", Severity: Error, Title: "Not aws:SourceIp with private addresses only",
		Detail: "The values for condition key aws:SourceIp include only private IP addresses and has no effect. aws:SourceIp works only for public IP address ranges. Update the value to include only public IP addresses.",
		Doc:    privateDoc,
		Bad:    `{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`,
		Good:   privateGood,
		run: func(p *Pass) {
			p.reportPrivate(true, true, "AWS never sees a private address in aws:SourceIp, so this matches every request: use public addresses, or aws:VpcSourceIp behind a VPC endpoint.")
		},
	}
	privateIPAddressSubset = &Check{
		Code: "PRIVATE_IP_ADDRESS_SUBSET", Severity: Suggestion, Title: "aws:SourceIp with a private address",
		Detail: "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses will not have the desired effect. aws:SourceIp works only for public IP address ranges. To define permissions for private IP ranges, use aws:VpcSourceIp.",
		Doc:    privateDoc,
		Bad: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}}}`,
		Good: privateGood,
		run: func(p *Pass) {
			p.reportPrivate(false, false, "AWS never sees a private address in aws:SourceIp: remove it, or use aws:VpcSourceIp behind a VPC endpoint.")
		},
	}
	privateNotIPAddressSubset = &Check{
		Code: "PRIVATE_NOT_IP_ADDRESS_SUBSET", Severity: Suggestion, Title: "Not aws:SourceIp with a private address",
		Detail: "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses have no effect. aws:SourceIp works only for public IP address ranges. To define permissions for private IP ranges, use aws:VpcSourceIp.",
		Doc:    privateDoc,
		Bad: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}}}`,
		Good: privateGood,
		run: func(p *Pass) {
			p.reportPrivate(true, false, "AWS never sees a private address in aws:SourceIp: remove it, or use aws:VpcSourceIp behind a VPC endpoint.")
		},
	}
)

const (
	privateDoc = `aws:SourceIp is the public address that a request comes from. A request through a VPC endpoint does not carry it, so a private address
never stands in it: with IpAddress a private range never matches, with NotIpAddress it always does. The four PRIVATE_… checks say
which operator it is, and whether all the values are private or some.

Use the public addresses of the NAT gateway or of the office; or aws:VpcSourceIp together with aws:SourceVpc, for requests through a
VPC endpoint.

Where public ranges stand beside the private ones the fix removes those, which changes nothing. Private are the ranges of RFC 1918 and
RFC 4193, loopback and link-local addresses.

Silent: where a value is a placeholder or no address.

Source: IAM User Guide, AWS global condition context keys.`
	privateGood = `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}}`
)

// reportPrivate reports conditions on aws:SourceIp whose values are all private, or some of them.
func (p *Pass) reportPrivate(negated, all bool, message string) {
	for s := range p.Each() {
		for i := range s.Tests {
			c := &s.Tests[i]
			if c.Name != "aws:sourceip" || c.Family != IPFamily || c.Negated != negated || len(c.Values) == 0 {
				continue
			}
			private, known := 0, true
			for _, n := range c.Values {
				r, ok := parseRange(n.Text)
				known = known && ok
				if ok && isPrivate(r) {
					private++
				}
			}
			switch {
			case !known || private == 0:
			case all && private == len(c.Values):
				p.Report(c.Value, message)
			case !all && private < len(c.Values):
				for _, n := range c.Values {
					if r, _ := parseRange(n.Text); isPrivate(r) {
						edits, ok := remove(p.Source, n)
						p.Report(n, message).safeFix("remove the private range", edits, ok)
					}
				}
			}
		}
	}
}

// isPrivate tells whether all addresses of a range are private, loopback or link-local.
func isPrivate(r netip.Prefix) bool {
	for _, private := range privateRanges {
		if private.Bits() <= r.Bits() && private.Contains(r.Addr()) {
			return true
		}
	}
	return false
}

var privateRanges = [...]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fe80::/10"),
}
