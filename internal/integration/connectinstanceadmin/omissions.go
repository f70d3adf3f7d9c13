package connectinstanceadmin

import "trunkline/internal/integration"

// omissions are what the article grants and we do not: what serves something that it cannot do, and what a module adds.
func omissions() []integration.Omission {
	const from = "instance-administrator"
	omit := func(why string, defects []string, actions ...string) integration.Omission {
		return integration.Omission{From: from, Actions: actions, Defects: defects, Why: why}
	}
	return []integration.Omission{
		omit("They serve the creation of an instance, which the policy cannot do.", []string{"O14"}, "ds:CreateAlias", "ds:CreateIdentityPoolDirectory", "ds:AuthorizeApplication", "ds:CheckAlias"),
		omit("They serve the deletion of an instance, and on * any directory of the account can be deleted with them.", []string{"S14"}, "ds:DeleteDirectory", "ds:UnauthorizeApplication"),
		omit("Bots of Lex V1, which AWS has ended.", nil, "lex:GetBots"),
		omit("The alias is given by its ARN.", nil, "lex:ListBotAliases"),
		omit("A key's description is enough to choose it; its policy and tags are not looked at.", nil, "kms:Get*"),
		omit("With --set alias=NAME what reads the flow log is there.", nil, "logs:Describe*", "logs:Get*", "logs:CreateLogGroup", "logs:DescribeLogGroups"),
		omit("With --set buckets=NAME, and recordings=on, what is needed of them is there.", nil, "s3:Get*", "s3:List*", "s3:GetBucketLocation"),
		omit("With --set functions=ARN it is there, on these functions.", nil, "lambda:AddPermission"),
		omit("With --set bot_aliases=ARN they are there, on these aliases.", nil, "lex:DescribeBotAlias", "lex:CreateResourcePolicy", "lex:UpdateResourcePolicy"),
		omit("With --set profile_domain=ARN they are there, on this domain.", nil, "profile:AddProfileKey", "profile:CreateDomain", "profile:CreateProfile", "profile:DeleteDomain",
			"profile:DeleteIntegration", "profile:DeleteProfile", "profile:DeleteProfileKey", "profile:DeleteProfileObject", "profile:DeleteProfileObjectType",
			"profile:GetDomain", "profile:GetIntegration", "profile:GetMatches", "profile:GetProfileObjectType", "profile:ListAccountIntegrations",
			"profile:ListDomains", "profile:ListIntegrations", "profile:ListProfileObjectTypeTemplates", "profile:ListProfileObjectTypes",
			"profile:ListProfileObjects", "profile:ListTagsForResource", "profile:MergeProfiles", "profile:PutIntegration", "profile:PutProfileObject",
			"profile:PutProfileObjectType", "profile:SearchProfiles", "profile:TagResource", "profile:UntagResource", "profile:UpdateDomain", "profile:UpdateProfile"),
		omit("With --set console=on they are there.", nil, "firehose:ListDeliveryStreams", "kinesis:ListStreams", "kms:List*", "lex:ListBots", "s3:ListAllMyBuckets", "lambda:ListFunctions"),
		omit("With --set streams=ARN, delivery_streams=ARN, kms_keys=ARN they are there, on these.", nil, "kinesis:DescribeStream", "firehose:DescribeDeliveryStream", "kms:Describe*", "kms:Decrypt"),
		omit("With --set voice_id=on they are there.", nil, "voiceid:Describe*", "voiceid:List*"),
		omit("With --set quotas=on they are there.", nil, "servicequotas:List*", "servicequotas:Get*", "cloudwatch:GetMetricData", "servicequotas:RequestServiceQuotaIncrease"),
	}
}
