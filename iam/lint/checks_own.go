package lint

// own are our checks: what Access Analyzer does not see.
var own = []*Check{
	malformedAction,
	actionWithoutResourceType,
	missingRequiredResource,
	unusedResource,
	missingDependent,
	privilegeEscalation,
	serviceTrustWithoutSource,
	accountTrustWithoutExternalID,
	claimableBucketName,
	secretSuffixWildcard,
	tagKeysNotLimited,
	addPermissionWithoutPrincipal,
	associationNotLimited,
	createGrantWithoutLimit,
	decryptOnAllKeys,
	deletesGuardingPolicies,
	serviceLinkedRolePolicy,
	destructiveOnStar,
	starWithResourceType,
	redundantGrant,
	wildcardBeyondNoun,
	hardCodedPartition,
}
