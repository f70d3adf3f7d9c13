// Package connectidentity describes the policies of AWS's own examples for Amazon Connect, each correct against today's actions: viewing
// one's own permissions and users, users by tag, external applications, assistants, outbound campaigns.
//
// Six of the twelve published texts are no policies as they stand, and most grant on * what takes a resource. Each of ours does what the
// title of the example says, on the instance's own resources:
//
//	identity.go    who is who: own permissions, users, users by tag
//	applications.go  external applications, assistants
//	campaigns.go   outbound campaigns
package connectidentity

import (
	"embed"

	"trunkline/internal/integration"
)

//go:embed policies/*.json published.tsv questions.txt
var files embed.FS

// Integration describes it.
func Integration() *integration.Integration {
	return &integration.Integration{
		Name:  "connect-identity",
		Title: "Amazon Connect: policies for people and applications",
		About: "The jobs of AWS's identity-based policy examples: viewing permissions and users, managing users by tag, external applications, assistants, outbound campaigns.",
		Guide: "the identity-policy examples: Amazon Connect identity-based policy examples",
		Files: files, Parameters: parameters(),
		Policies: []*integration.Policy{
			viewOwnPermissions(), viewUsers(), updateUsersByTag(), createUsersByTag(),
			externalApplications(), eventIntegrations(), assistants(),
			campaignsOnboarding(), campaignsDisable(), campaignsManagement(), campaignsReadOnly(), campaignsByTag(),
		},
	}
}

func parameters() []integration.Parameter {
	return []integration.Parameter{
		{Name: "instance", About: "the instance; its account and Region are those of everything else", Form: integration.Instance()},
		{Name: "tag", About: "key of the tag that decides", Form: integration.Word("the key of a tag, not aws:…", `[A-Za-z0-9_.=@-]+`, 128, "Department")},
		{Name: "value", About: "value of that tag", Form: integration.Word("the value of a tag", `[A-Za-z0-9 _.:/=+@-]+`, 256, "Support")},
		{Name: "campaigns_role", About: "the service-linked role of outbound campaigns; make it first with: aws iam create-service-linked-role --aws-service-name connect-campaigns.amazonaws.com", Form: integration.Word("name of the role", `AWSServiceRoleForConnectCampaigns(_[A-Za-z0-9+=,.@-]+)?`, 64, "AWSServiceRoleForConnectCampaigns_Ab12Cd34Ef56")},
		{Name: "kms_key", About: "customer key, where one is used", Form: integration.Key()},
		{Name: "buckets", About: "buckets that data integrations read", Form: integration.Bucket(), List: true},
		{Name: "domain", About: "Customer Profiles domain that data integrations fill", Form: integration.ARN("a Customer Profiles domain", "profile", `domains/[A-Za-z0-9_-]+`, "domains/amazon-connect-example")},
		{Name: "appflow", About: "data integrations come by AppFlow", Form: integration.Switch()},
		{Name: "console", About: "done in the console, which lists what there is", Form: integration.Switch()},
	}
}
