package lint

import (
	"os"
	"strings"
	"testing"

	"trunkline/iam"
)

// A policy that AWS would take needs a small part of the effort; one that it would not, however it is made, ends soon.
func TestEffort(t *testing.T) {
	src, err := os.ReadFile("testdata/published/administrator/instance.json")
	if err != nil {
		t.Fatal(err)
	}
	if spent := effortOf(string(src)); spent > effort/100 {
		t.Errorf("got %d comparisons for a policy of %d bytes, want at most %d", spent, len(src), effort/100)
	}
	const roles = `"Resource": "arn:aws:iam::111122223333:role/a*"`
	for name, src := range map[string]string{
		"actions":    hostile(`"iam:PassRole", "lambda:CreateFunction", `, 1<<14, roles),
		"patterns":   hostile(`"ec2:*", `, 1<<12, `"Resource": "arn:aws:ec2:*:*:instance/a*"`),
		"services":   hostile(`"connect:*", `, 1<<16, `"Resource": "arn:aws:connect:*:*:instance/a*"`),
		"resources":  hostile(`"iam:PassRole", "iam:PutRolePolicy", "iam:CreateRole", `, 1, `"Resource": [`+strings.Repeat(`"arn:aws:iam::*:role/a*b", `, 1<<14)+`"*b"]`),
		"one ARN":    hostile(`"iam:PutRolePolicy", "iam:CreateRole", `, 1, `"Resource": "arn:aws:iam::*:role/`+strings.Repeat("*a", 1<<18)+`"`),
		"one action": hostile(`"ec2:`+strings.Repeat("*a", 1<<18)+`", `, 1, roles),
	} {
		if spent := effortOf(src); spent > 2*effort {
			t.Errorf("%s: got %d comparisons, want at most %d", name, spent, 2*effort)
		}
	}
}

// hostile is a policy with an action, or some, many times over.
func hostile(actions string, times int, resource string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [` + strings.Repeat(actions, times) + `"sts:AssumeRole"], ` + resource + `}]}`
}

// effortOf is what our checks spend on a policy.
func effortOf(src string) int {
	p := newPass(iam.Parse([]byte(src)), Options{})
	for _, check := range own {
		p.check, p.reported = check, 0
		check.run(p)
	}
	p.allGrants()
	return p.grants.spent
}
