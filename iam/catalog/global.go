package catalog

import "strings"

// Presence says which requests carry a global key.
type Presence uint8

// When a global key is in the context of a request.
const (
	Unstated             Presence = iota // a key of a service: its actions tell
	Always                               // every request
	SignedRequests                       // not anonymous ones
	OrganizationMember                   // the principal's account is in an organization
	ResourceOrganization                 // the resource's account is in an organization
	MostActions                          // the documentation lists the few that lack it
	Users                                // the principal is an IAM user
	TaggedPrincipal                      // the principal or its session has the tag
	Session                              // temporary credentials; absent, not false, for long-term keys
	MFA                                  // the session was made with a second factor
	NotThroughEndpoint                   // the call did not come through a VPC endpoint
	ThroughEndpoint                      // it did
	ServiceForResource                   // a service calls on behalf of a resource
	ByService                            // the principal is a service
	ForwardAccess                        // a service calls on with the caller's credentials
	TagsInRequest                        // the action passes, or could pass, tags
	TaggedResource                       // the resource has the tag, and its type supports the key
	Link                                 // a browser followed a link
	SessionOfService                     // the session was issued by a service such as EC2, Lambda or Glue
	ThroughMCP                           // the call came through an MCP server of AWS
)

// String says when, for people.
func (p Presence) String() string {
	return [...]string{
		Unstated: "as its actions tell", Always: "in every request", SignedRequests: "in signed requests",
		OrganizationMember:   "when the principal's account is in an organization",
		ResourceOrganization: "when the resource's account is in an organization",
		MostActions:          "for most actions", Users: "when an IAM user calls",
		TaggedPrincipal: "when the principal or its session has the tag", Session: "with temporary credentials",
		MFA: "when a second factor was used", NotThroughEndpoint: "when the call does not come through a VPC endpoint",
		ThroughEndpoint:    "when the call comes through a VPC endpoint",
		ServiceForResource: "when a service calls on behalf of a resource", ByService: "when a service calls",
		ForwardAccess: "when a service calls on with the caller's credentials",
		TagsInRequest: "when the action can pass tags", TaggedResource: "when the resource has the tag",
		Link: "when a browser followed a link", SessionOfService: "in sessions that a service issued",
		ThroughMCP: "when the call comes through an MCP server of AWS",
	}[p]
}

// GlobalKey returns a key that requests to any service may carry: aws:… and the session keys of a few services. A tag's key may
// stand behind the slash: aws:PrincipalTag/Team.
//
// They are those of "AWS global condition context keys" in the IAM user guide. aws:SourceOwner, which that page no longer lists, is
// not among them.
func (c *Catalog) GlobalKey(name string) (*Key, bool) {
	if i := strings.IndexByte(name, '/'); i >= 0 && len(name) > i+1 {
		for k := range globalKeys {
			if k := &globalKeys[k]; strings.HasSuffix(k.Name, "/tag-key") && k.Matches(name) {
				return k, true
			}
		}
		return nil, false
	}
	for k := range globalKeys {
		if k := &globalKeys[k]; len(k.Name) == len(name) && compareFold(k.Name, name) == 0 {
			return k, true
		}
	}
	return nil, false
}

// globalKeys is never written to. aws:EpochTime is also numeric. No key is known to be Binary.
var globalKeys = [...]Key{
	{Name: "aws:CurrentTime", Type: Date, Presence: Always},
	{Name: "aws:EpochTime", Type: Date, Presence: Always},
	{Name: "aws:PrincipalAccount", Type: String, Presence: Always, Sensitive: true},
	{Name: "aws:PrincipalType", Type: String, Presence: Always},
	{Name: "aws:RequestedRegion", Type: String, Presence: Always},
	{Name: "aws:SecureTransport", Type: Bool, Presence: Always},
	{Name: "aws:UserAgent", Type: String, Presence: Always},
	{Name: "aws:userid", Type: String, Presence: Always},
	{Name: "aws:ViaAWSService", Type: Bool, Presence: Always},

	{Name: "aws:PrincipalArn", Type: ARN, Presence: SignedRequests},
	{Name: "aws:PrincipalIsAWSService", Type: Bool, Presence: SignedRequests},

	{Name: "aws:PrincipalOrgID", Type: String, Presence: OrganizationMember, Sensitive: true},
	{Name: "aws:PrincipalOrgPaths", Type: String, Multi: true, Presence: OrganizationMember},
	{Name: "aws:ResourceOrgID", Type: String, Presence: ResourceOrganization, Sensitive: true},
	{Name: "aws:ResourceOrgPaths", Type: String, Multi: true, Presence: ResourceOrganization},
	{Name: "aws:ResourceAccount", Type: String, Presence: MostActions, Sensitive: true},

	{Name: "aws:username", Type: String, Presence: Users},
	{Name: "aws:PrincipalTag/tag-key", Type: String, Presence: TaggedPrincipal},

	{Name: "aws:AssumedRoot", Type: Bool, Presence: Session},
	{Name: "aws:ChatbotSourceArn", Type: ARN, Presence: Session},
	{Name: "aws:Ec2InstanceSourcePrivateIPv4", Type: IPAddress, Presence: Session},
	{Name: "aws:Ec2InstanceSourceVpc", Type: String, Presence: Session},
	{Name: "aws:FederatedProvider", Type: String, Presence: Session},
	{Name: "aws:MultiFactorAuthPresent", Type: Bool, Presence: Session},
	{Name: "aws:SignInSessionArn", Type: ARN, Presence: Session},
	{Name: "aws:SourceIdentity", Type: String, Presence: Session},
	{Name: "aws:TokenIssueTime", Type: Date, Presence: Session},
	{Name: "aws:MultiFactorAuthAge", Type: Numeric, Presence: MFA},

	{Name: "aws:SourceIp", Type: IPAddress, Presence: NotThroughEndpoint},
	{Name: "aws:SourceVpc", Type: String, Presence: ThroughEndpoint, Sensitive: true},
	{Name: "aws:SourceVpcArn", Type: ARN, Presence: ThroughEndpoint},
	{Name: "aws:SourceVpce", Type: String, Presence: ThroughEndpoint, Sensitive: true},
	{Name: "aws:VpceAccount", Type: String, Presence: ThroughEndpoint, Sensitive: true},
	{Name: "aws:VpceOrgID", Type: String, Presence: ThroughEndpoint, Sensitive: true},
	{Name: "aws:VpceOrgPaths", Type: String, Multi: true, Presence: ThroughEndpoint},
	{Name: "aws:VpcSourceIp", Type: IPAddress, Presence: ThroughEndpoint},

	{Name: "aws:SourceAccount", Type: String, Presence: ServiceForResource, Sensitive: true},
	{Name: "aws:SourceArn", Type: ARN, Presence: ServiceForResource},
	{Name: "aws:SourceOrgID", Type: String, Presence: ServiceForResource, Sensitive: true},
	{Name: "aws:SourceOrgPaths", Type: String, Multi: true, Presence: ServiceForResource},
	{Name: "aws:PrincipalServiceName", Type: String, Presence: ByService},
	{Name: "aws:PrincipalServiceNamesList", Type: String, Multi: true, Presence: ByService},

	{Name: "aws:CalledVia", Type: String, Multi: true, Presence: ForwardAccess},
	{Name: "aws:CalledViaFirst", Type: String, Presence: ForwardAccess},
	{Name: "aws:CalledViaLast", Type: String, Presence: ForwardAccess},

	{Name: "aws:RequestTag/tag-key", Type: String, Presence: TagsInRequest},
	{Name: "aws:TagKeys", Type: String, Multi: true, Presence: TagsInRequest},
	{Name: "aws:ResourceTag/tag-key", Type: String, Presence: TaggedResource},
	{Name: "aws:referer", Type: String, Presence: Link},

	{Name: "codebuild:BuildArn", Type: ARN, Presence: SessionOfService},
	{Name: "codebuild:ProjectArn", Type: ARN, Presence: SessionOfService},
	{Name: "ec2:RoleDelivery", Type: Numeric, Presence: SessionOfService},
	{Name: "ec2:SourceInstanceArn", Type: ARN, Presence: SessionOfService},
	{Name: "glue:CredentialIssuingService", Type: String, Presence: SessionOfService},
	{Name: "glue:RoleAssumedBy", Type: String, Presence: SessionOfService},
	{Name: "identitystore:UserId", Type: String, Presence: SessionOfService},
	{Name: "lambda:SourceFunctionArn", Type: ARN, Presence: SessionOfService},
	{Name: "ssm:SourceInstanceArn", Type: ARN, Presence: SessionOfService},

	{Name: "aws:CalledViaAWSMCP", Type: String, Presence: ThroughMCP},
	{Name: "aws:IsMcpServiceAction", Type: Bool, Presence: ThroughMCP},
	{Name: "aws:ViaAWSMCPService", Type: Bool, Presence: ThroughMCP},
}
