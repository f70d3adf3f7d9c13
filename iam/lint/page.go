package lint

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"trunkline/iam"
)

// Page is the check's page: its code and title, what it finds and why, and its examples. It is Markdown but for the mark of the
// heading, and for asterisks, which mean themselves.
func (c *Check) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", c.Code, c.Title)
	fmt.Fprintf(&b, "%s. The examples are %s.\n\n", c.Severity, c.examples())
	fmt.Fprintf(&b, "%s\n\n", c.Doc)
	fmt.Fprintf(&b, "Found in:\n\n```json\n%s\n```\n\nNot in:\n\n```json\n%s\n```\n", shortened(c.Bad), shortened(c.Good))
	if link := c.Link(); link != "" {
		fmt.Fprintf(&b, "\nAccess Analyzer's page: <%s>\n", link)
	}
	return b.String()
}

// examples names the kind of policy that the examples are.
func (c *Check) examples() string {
	if int(c.Type) >= len(policyKinds) {
		return ""
	}
	if c.Resource != "" {
		return policyKinds[c.Type] + " of " + c.Resource
	}
	return policyKinds[c.Type]
}

var policyKinds = [...]string{
	iam.IdentityPolicy: "identity policies", iam.ResourcePolicy: "resource policies", iam.TrustPolicy: "role trust policies",
	iam.PermissionsBoundary: "permissions boundaries", iam.SessionPolicy: "session policies", iam.ServiceControlPolicy: "service control policies",
	iam.ResourceControlPolicy: "resource control policies", iam.EndpointPolicy: "VPC endpoint policies",
}

// shortened is an example that is short enough to be read: those about size are not.
func shortened(example string) string {
	const most, shown = 1500, 300
	if len(example) <= most {
		return example
	}
	return fmt.Sprintf("%s … (%d characters)", example[:shown], utf8.RuneCountInString(example))
}
