package iam

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
)

// legacy is what an older parser of the service still insists on: the case of the Effect, dates, and ARNs that have their fields.
func (c *checker) legacy() *Rejection {
	for _, s := range c.doc.Statements {
		if s.Effect.Text != "Allow" && s.Effect.Text != "Deny" {
			return c.reject(s.Effect, legacyParsing, `Effect is "Allow" or "Deny", in this case`)
		}
		for _, condition := range s.Conditions {
			if o, _ := ParseOperator(condition.Operator.Text); !strings.HasPrefix(o.Name, "Date") {
				continue
			}
			for _, v := range condition.Values {
				if !isDate(v.Text) {
					return c.reject(v, legacyParsing, "no date: write 2026-01-31T12:00:00Z, or seconds since 1970")
				}
			}
		}
		for _, resource := range s.resources() {
			fields, n := arn.Split(resource.Text)
			if n < 6 && strings.Contains(resource.Text, "::") || n > 2 && fields[2] == "" {
				return c.reject(resource, legacyParsing, "the ARN lacks fields")
			}
		}
	}
	return nil
}

// resources is the strings of Resource or NotResource.
func (s *Statement) resources() []*Node {
	if v := s.Resource.or(s.NotResource); v != nil {
		return v.List
	}
	return nil
}

// actions is the strings of Action or NotAction.
func (s *Statement) actions() []*Node {
	if v := s.Action.or(s.NotAction); v != nil {
		return v.List
	}
	return nil
}

func (c *checker) actionFormats() *Rejection {
	for _, s := range c.doc.Statements {
		for _, action := range s.actions() {
			vendor, _, found := strings.Cut(action.Text, ":")
			switch {
			case action.Text == "*":
			case !found:
				return c.reject(action, noVendor, "")
			case strings.Count(action.Text, ":") > 1:
				return c.reject(action, twoColons, "")
			case vendor != "*" && strings.IndexFunc(vendor, notInVendor) >= 0:
				return c.reject(action, "Vendor "+vendor+" is not valid", "")
			}
		}
	}
	return nil
}

// notInVendor says whether r cannot stand in the prefix of an action.
func notInVendor(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '.'
}

func (c *checker) resourceFormats() *Rejection {
	if c.kind == TrustPolicy {
		return nil
	}
	for _, s := range c.doc.Statements {
		for _, resource := range s.resources() {
			if message := resourceFault(resource.Text); message != "" {
				return c.reject(resource, message, "")
			}
		}
	}
	return nil
}

// resourceFault is what the service says about a resource that it does not take; empty when it takes it.
func resourceFault(text string) string {
	fields, n := arn.Split(text)
	switch partition, service := fields[1], fields[2]; {
	case text == "*":
		return ""
	case n == 1:
		return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, text)
	case fields[0] == "execute-api" && strings.HasPrefix(fields[1], "/"):
		return "" // API Gateway's short form
	case partition != "*" && !arn.IsPartition(partition):
		padded := [6]string{"arn", partition, "*", "*", "*", "*"}
		for i := 2; i < n; i++ {
			if fields[i] != "" || n > 3 {
				padded[i] = fields[i]
			}
		}
		return fmt.Sprintf(`Partition "%s" is not valid for resource "%s".`, partition, strings.Join(padded[:], ":"))
	case n == 2, strings.ContainsAny(service, "*?"):
		return resourceVendor
	case service == "iam" && (n == 3 || fields[3] != ""):
		return fmt.Sprintf("IAM resource %s cannot contain region information.", text)
	case service == "iam" && !iamPath(fields[5]):
		return `IAM resource path must either be "*" or start with ` + strings.Join(iamPaths(), ", ") + "."
	case service == "s3" && (n == 3 || fields[3] != "") && !strings.HasPrefix(fields[5], "accesspoint/"):
		return fmt.Sprintf("Resource %s can not contain region information.", text)
	}
	return ""
}

// iamPaths is what resources of IAM begin with.
func iamPaths() []string {
	return []string{
		"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
		"saml-provider/", "oidc-provider/", "report/", "access-report/",
	}
}

func iamPath(resource string) bool {
	for _, path := range iamPaths() {
		if strings.HasPrefix(resource, path) {
			return true
		}
	}
	return resource == "*"
}
