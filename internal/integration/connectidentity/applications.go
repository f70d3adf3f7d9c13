package connectidentity

import (
	"trunkline/iam"
	"trunkline/internal/integration"
)

func role(defect string) []integration.Statement {
	return []integration.Statement{
		{Sid: "CreateRole", Why: "The first integration of an account makes the role by which AppIntegrations acts, as the caller.", Without: "The first integration is denied.", Differs: "The published policy lacks it (" + defect + ")."},
		{Sid: "Role", Why: "AppIntegrations writes into its role, as the caller, what the integration needs.", Without: "CreateEventIntegration is denied.", Differs: "The published policy lacks it (" + defect + ")."},
	}
}

func externalApplications() *integration.Policy {
	return &integration.Policy{
		Name: "external-applications", Title: "Integrate external applications", Attached: "who integrates applications", Type: iam.IdentityPolicy, Published: []string{"app-integrations"},
		Statements: append(append([]integration.Statement{
			{Sid: "EventIntegrations", Why: "Makes, reads, changes and removes event integrations.", Without: "There are none.", Differs: "It names the resource, and has DeleteEventIntegration, which is misspelt in the published policy (E7)."},
			{Sid: "DataIntegrations", Why: "Makes, reads, changes and removes data integrations.", Without: "There are none.", Differs: "It names the resource, and has DeleteDataIntegration, which is misspelt in the published policy (E8)."},
			{Sid: "Lists", Why: "Lists them. These take no resource.", Without: "One has to know their names.", Differs: "Only what takes no resource is left on *."},
		}, role("M10")...), []integration.Statement{
			{Sid: "Connectors", When: []string{"appflow"}, Why: "A data integration by AppFlow looks connectors up, as the caller. It takes no resource.", Without: "CreateDataIntegration is denied.", Differs: "The published policy lacks it (M10)."},
			{Sid: "Flows", When: []string{"appflow"}, Why: "A data integration that fails to be made removes its flow, as the caller.", Without: "A flow is left behind.", Differs: "The published policy lacks it (M10)."},
			{Sid: "Bucket", When: []string{"buckets"}, Why: "A data integration from S3 looks at the bucket and asks to be told of new files, as the caller.", Without: "CreateDataIntegration is denied.", Differs: "The published policy lacks it (M10)."},
			{Sid: "KeyGrant", When: []string{"kms_key"}, Why: "A data integration is given the use of its key by a grant, as the caller; only AWS services can be given one.", Without: "CreateDataIntegration with this key is denied.", Differs: "The published policy lacks it (M10)."},
			{Sid: "Profiles", When: []string{"domain"}, Why: "A data integration into Customer Profiles looks at the domain, as the caller.", Without: "CreateDataIntegration is denied.", Differs: "The published policy lacks it (M10)."},
		}...),
		Omissions: []integration.Omission{
			{From: "app-integrations", Actions: []string{"app-integartions:DeleteEventIntegration"}, Defects: []string{"E7"}, Why: "No service has this prefix: it grants nothing. EventIntegrations has the action as it is spelt."},
			{From: "app-integrations", Actions: []string{"app-integartions:DeleteDataIntegration"}, Defects: []string{"E8"}, Why: "No service has this prefix: it grants nothing. DataIntegrations has the action as it is spelt."},
		},
		Accepted: []integration.Accepted{
			{Code: "TL_MISSING_DEPENDENT", Sid: "DataIntegrations", Why: "What CreateDataIntegration needs depends on where data comes from; appflow, buckets, kms_key and domain add it."},
		},
	}
}

func eventIntegrations() *integration.Policy {
	return &integration.Policy{
		Name: "app-integrations", Title: "Create and view AppIntegrations resources", Attached: "who sets up event integrations", Type: iam.IdentityPolicy, Published: []string{"app-integrations-create-view"},
		Statements: append([]integration.Statement{
			{Sid: "EventIntegrations", Why: "Makes and shows event integrations.", Without: "There are none.", Differs: "It names the resource. The published text is no JSON (E9)."},
			{Sid: "List", Why: "Lists them. It takes no resource.", Without: "One has to know their names.", Differs: "The published action has two colons, for which IAM refuses the policy (E10)."},
		}, role("M11")...),
	}
}

func assistants() *integration.Policy {
	return &integration.Policy{
		Name: "assistants", Title: "Create and view assistants", Attached: "who sets up assistants", Type: iam.IdentityPolicy, Published: []string{"wisdom-assistants"},
		Statements: []integration.Statement{
			{Sid: "Assistants", Why: "Shows and removes assistants.", Without: "An assistant cannot be looked at.", Differs: "It names the resource (O11). The published text is no JSON (E11)."},
			{Sid: "CreateAndList", Why: "Makes and lists assistants. These take no resource.", Without: "There are none.", Differs: "Only what takes no resource is left on *."},
		},
	}
}
