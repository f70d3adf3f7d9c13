package connectidentity

import (
	"trunkline/iam"
	"trunkline/internal/integration"
)

func campaignsOnboarding() *integration.Policy {
	const broken = "The published text begins in the middle (E12). "
	return &integration.Policy{
		Name: "campaigns-onboarding", Title: "Outbound campaigns: set an instance up", Attached: "who sets campaigns up", Type: iam.IdentityPolicy, Published: []string{"campaigns-onboarding"},
		Statements: []integration.Statement{
			{Sid: "Onboarding", Why: "Starts the set-up and follows it. These take no resource.", Without: "Campaigns cannot be set up.", Differs: broken + "It is apart from what takes a resource."},
			{Sid: "Instance", Why: "Reads the instance, and turns outbound campaigns on.", Without: "The set-up fails.", Differs: "The attributes are the instance's, not those of all instances (O13)."},
			{Sid: "Lists", Why: "Lists the instances, and looks at the instance's directory, as the caller. These take no resource.", Without: "DescribeInstance is denied.", Differs: "Only what takes no resource is left on *."},
			{Sid: "Rule", Why: "The set-up makes a rule that brings contact events to campaigns, as the caller. Its name ends in the instance's id.", Without: "The set-up ends in EVENT_BRIDGE_ACCESS_DENIED.", Differs: "It names the rule: the published one can change any rule of the account (O13)."},
			{Sid: "CreateRole", Why: "Makes the role by which campaigns act.", Without: "The role has to be there.", Differs: "It is for the role of campaigns alone: the published one creates any service-linked role (S11)."},
			{Sid: "Role", Why: "The set-up writes into that role, as the caller, what it may do with the instance.", Without: "The set-up fails.", Differs: "It names the role. The published one attaches and writes policies of every role: full administrator (S10)."},
			{Sid: "Key", When: []string{"kms_key"}, Why: "Campaigns look the key up, as the caller.", Without: "The set-up with this key fails.", Differs: "It is apart from CreateGrant."},
			{Sid: "KeyGrant", When: []string{"kms_key"}, Why: "Campaigns are given the use of the key by a grant; only AWS services can be given one.", Without: "The set-up with this key fails.", Differs: "With the published one the use of the key can be given to anybody (S12)."},
			{Sid: "ChooseKey", When: []string{"kms_key", "console"}, Why: "The console shows the keys to choose from. It takes no resource.", Without: "The key has to be typed.", Differs: "It is for the console only."},
		},
		Omissions: []integration.Omission{
			{From: "campaigns-onboarding", Actions: []string{"kms:ListAliases"}, Why: "Only the console lists keys; with --set kms_key=ARN --set console=on it is there."},
			{From: "campaigns-onboarding", Actions: []string{"kms:DescribeKey", "kms:CreateGrant"}, Why: "No customer key is given; with --set kms_key=ARN they are there."},
		},
		Accepted: []integration.Accepted{
			{Code: "TL_MISSING_DEPENDENT", Sid: "Instance", Why: "Turning outbound campaigns on changes neither the instance's own role nor its flow logs, for which the others are."},
		},
	}
}

func campaignsDisable() *integration.Policy {
	return &integration.Policy{
		Name: "campaigns-disable", Title: "Outbound campaigns: take them away", Attached: "who takes campaigns away", Type: iam.IdentityPolicy, Published: []string{"campaigns-disable"},
		Statements: []integration.Statement{
			{Sid: "Configuration", Why: "Removes the configuration. It takes no resource.", Without: "Campaigns stay.", Differs: "The published text lacks its last brace (E13). It is apart from what takes a resource."},
			{Sid: "Rule", Why: "Removes the rule that brings contact events to campaigns, as the caller.", Without: "The rule stays behind.", Differs: "It names the rule: the published one removes any."},
			{Sid: "Role", Why: "Removes the role of campaigns.", Without: "The role stays behind.", Differs: "It names the role: the published one removes policies of any role, those that guard it among them, and any service-linked role (S13)."},
			{Sid: "Key", When: []string{"kms_key"}, Why: "Takes the use of the key away from campaigns.", Without: "The grant stays.", Differs: ""},
		},
		Omissions: []integration.Omission{
			{From: "campaigns-disable", Actions: []string{"kms:DescribeKey", "kms:RetireGrant"}, Why: "No customer key is given; with --set kms_key=ARN they are there."},
		},
	}
}

func campaignsManagement() *integration.Policy {
	const from = "campaigns-management"
	return &integration.Policy{
		Name: "campaigns-management", Title: "Outbound campaigns: all that can be done with campaigns", Attached: "who runs campaigns", Type: iam.IdentityPolicy, Published: []string{from},
		Statements: []integration.Statement{
			{Sid: "Campaigns", Why: "Every action on campaigns, read and write, as of today.", Without: "What is left out cannot be done.", Differs: "The published text says \"all read and write operations\" and has 10 of them; campaigns can be paused with it and not started: StartCampaign is missing (M12). It names the resource, and is a policy (E14, E17)."},
			{Sid: "List", Why: "Lists campaigns. It takes no resource.", Without: "One has to know their ids.", Differs: "Only what takes no resource is left on *."},
		},
		Omissions: []integration.Omission{
			{From: from, Actions: []string{"connect-campaigns:UpdateOutboundCallConfig"}, Defects: []string{"E15"}, Why: "There is no such action; UpdateCampaignOutboundCallConfig is there."},
			{From: from, Actions: []string{"connect-campaigns:UpdateDialerConfig"}, Defects: []string{"E16"}, Why: "There is no such action; UpdateCampaignDialerConfig is there."},
		},
	}
}

func campaignsReadOnly() *integration.Policy {
	return &integration.Policy{
		Name: "campaigns-read-only", Title: "Outbound campaigns: look at campaigns", Attached: "who may see campaigns", Type: iam.IdentityPolicy, Published: []string{"campaigns-read-only"},
		Statements: []integration.Statement{
			{Sid: "Campaigns", Why: "Shows campaigns and their states.", Without: "Campaigns are shown by name only.", Differs: "It names the resource, and is a policy (E18, E19)."},
			{Sid: "List", Why: "Lists campaigns. It takes no resource.", Without: "One has to know their ids.", Differs: "Only what takes no resource is left on *."},
		},
	}
}

func campaignsByTag() *integration.Policy {
	return &integration.Policy{
		Name: "campaigns-by-tag", Title: "Outbound campaigns: look at those of one instance, by their tag", Attached: "who may see an instance's campaigns", Type: iam.IdentityPolicy, Published: []string{"campaigns-by-tag"},
		Statements: []integration.Statement{
			{Sid: "WithTag", Why: "Shows campaigns whose tag owner is the instance's ARN, which campaigns have by themselves.", Without: "Campaigns are not shown.", Differs: "It names the resource, and is a policy (E20)."},
		},
	}
}
