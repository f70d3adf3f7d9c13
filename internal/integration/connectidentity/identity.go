package connectidentity

import (
	"trunkline/iam"
	"trunkline/internal/integration"
)

func viewOwnPermissions() *integration.Policy {
	return &integration.Policy{
		Name: "view-own-permissions", Title: "Users view their own permissions", Attached: "IAM users, or a group of them", Type: iam.IdentityPolicy, Published: []string{"view-own-permissions"},
		Statements: []integration.Statement{
			{Sid: "Oneself", Why: "The user's own policies and groups. Names of users are unique in an account, so the second pattern is the same user below a path.", Without: "The console shows an error in place of the own permissions.", Differs: "It is for the own account, and also for users below a path, whom the published pattern leaves out."},
			{Sid: "Groups", Why: "The policies of the groups that one is in.", Without: "Permissions that come by a group are not shown.", Differs: "It names groups instead of *."},
			{Sid: "Policies", Why: "What managed policies say, one's own and AWS's.", Without: "Managed policies are shown by name only.", Differs: "It names policies instead of *."},
			{Sid: "Lists", Why: "The console's way there. These take no resource.", Without: "One has to know the address of the page.", Differs: "Only what takes no resource is left on *."},
		},
	}
}

func viewUsers() *integration.Policy {
	return &integration.Policy{
		Name: "view-users", Title: "View the users of an instance", Attached: "who may see users", Type: iam.IdentityPolicy, Published: []string{"view-users"},
		Statements: []integration.Statement{
			{Sid: "List", Why: "Lists the instance's users.", Without: "No user is found.", Differs: "It is for the one instance, not for all (O10)."},
			{Sid: "Describe", Why: "Shows one of them.", Without: "Users are shown by name only.", Differs: "It is for the users of the one instance (O10)."},
		},
	}
}

func updateUsersByTag() *integration.Policy {
	return &integration.Policy{
		Name: "update-users-by-tag", Title: "View and change users that have a tag", Attached: "who looks after these users", Type: iam.IdentityPolicy, Published: []string{"describe-update-users-by-tag"},
		Statements: []integration.Statement{{
			Sid: "WithTag", Why: "Changes users with the tag. Routing profiles, security profiles and hierarchy groups that are given to a user are authorized too, and need the tag as well: else one could give a user any profile, an administrator's for example.",
			Without: "No user can be changed.",
			Differs: "It lists the actions that are about users: UpdateUser* also covers UpdateUserHierarchyGroupName and UpdateUserHierarchyStructure, which are not (O12), and whatever AWS adds. UpdateUserProficiencies and UpdateUserConfig are not authorized by tags. It is for one instance.",
		}},
	}
}

func createUsersByTag() *integration.Policy {
	return &integration.Policy{
		Name: "create-users-by-tag", Title: "Create users that get a tag", Attached: "who adds these users", Type: iam.IdentityPolicy, Published: []string{"create-users-by-tag"},
		Statements: []integration.Statement{
			{Sid: "Create", Why: "Creates users, with this tag and no other. A user is created with profiles, which are authorized too.", Without: "No user can be created.", Differs: "No other tag can be set in the same call. It is for one instance."},
			{Sid: "TagUsers", Why: "Tagging is authorized by itself, also on creation.", Without: "CreateUser with a tag is denied.", Differs: "Only this tag can be set, and on users: with the published one any tag can be added to anything, and with it what another policy allows by that tag (S9)."},
		},
	}
}
