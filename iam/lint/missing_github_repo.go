package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var (
	missingGitHubRepo = &Check{
		Code: "MISSING_GITHUB_REPO_CONDITION_KEY", Severity: SecurityWarning, Title: "Every GitHub repository is trusted",
		Detail: "Granting a federated GitHub principal permissions without a condition key can allow more sources to assume the role than you intended. Add the token.actions.githubusercontent.com:sub condition key and specify the branch and repository name in the value.",
		Doc: `A role that trusts GitHub's OIDC provider without a condition on its sub key can be assumed by a workflow of anybody's repository.
Compare token.actions.githubusercontent.com:sub with the repository and branch that deploy.

Source: IAM User Guide, Create a role for OpenID Connect federation, Configuring a role for GitHub OIDC identity provider.`,
		Type: iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
 "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}`,
		Good: gitHubGood,
		run: func(p *Pass) {
			for n, name := range p.trustedProviders() {
				if isGitHub(name.provider) && name.statement.Tested(name.provider+":sub") == nil {
					p.Report(n, fmt.Sprintf("A workflow of any GitHub repository can assume this role: compare %s:sub with repository and branch.", name.provider))
				}
			}
		},
	}
	specificGitHubRepo = &Check{
		Code: "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", Severity: Warning, Title: "GitHub repository or branch with a wildcard",
		Detail: "Using a wildcard (*) in token.actions.githubusercontent.com:sub can allow requests from more sources than you intended. Specify the value of token.actions.githubusercontent.com:sub with the repository and branch name. If the subject claim does not include the branch, specify it in a token.actions.githubusercontent.com:ref condition key.",
		Doc: `A wildcard in the sub of GitHub's tokens lets in other branches, pull requests and environments, or other repositories than the one
that deploys. Name them in full.

Silent: a wildcard that stands only where the branch would, when a condition on token.actions.githubusercontent.com:ref says it.

Source: IAM User Guide, Create a role for OpenID Connect federation, Configuring a role for GitHub OIDC identity provider.`,
		Type: iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
 "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
  "StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/app:*"}}}`,
		Good: gitHubGood,
		run: func(p *Pass) {
			for _, name := range p.trustedProviders() {
				if !isGitHub(name.provider) {
					continue
				}
				for i := range name.statement.Tests {
					c := &name.statement.Tests[i]
					if c.Name != name.provider+":sub" || !c.Like || c.Negated {
						continue
					}
					for _, value := range c.Values {
						at := wildcard(value.Text)
						if at < 0 || inBranch(value.Text, at) && name.statement.Tested(name.provider+":ref") != nil {
							continue
						}
						p.ReportPart(value, at, 1, "The wildcard lets in more than one branch or repository: name them in full.")
					}
				}
			}
		},
	}
)

const gitHubGood = `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
 "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
  "token.actions.githubusercontent.com:sub": "repo:example/app:ref:refs/heads/main"}}}`

// isGitHub tells whether a provider is GitHub Actions, also with the path of an enterprise.
func isGitHub(provider string) bool {
	const host = "token.actions.githubusercontent.com"
	return provider == host || strings.HasPrefix(provider, host+"/")
}

// inBranch tells whether an offset into a subject stands behind the repository: repo:OWNER/NAME:here.
func inBranch(subject string, at int) bool {
	rest, found := strings.CutPrefix(subject, "repo:")
	repository, _, found2 := strings.Cut(rest, ":")
	return found && found2 && strings.Contains(repository, "/") && at > len("repo:")+len(repository)
}
