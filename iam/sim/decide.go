package sim

// The whole decision, to be checked against the IAM User Guide. Quoted in brackets are the titles of its pages:
//
//	[logic]     Policy evaluation logic; How AWS enforcement code logic evaluates requests to allow or deny access
//	[within]    Policy evaluation for requests within a single account
//	[cross]     Cross-account policy evaluation logic
//	[deny]      The difference between explicit and implicit denies
//	[boundary]  Permissions boundaries for IAM entities
//	[session]   Policies and permissions in AWS IAM, section Session policies
//	[principal] AWS JSON policy elements: Principal
//	[trust]     Methods to assume a role; Grant a user permissions to switch roles
//	[federate]  Permissions for GetFederationToken
//	[scp]       AWS Organizations User Guide: Service control policies
//	[rcp]       AWS Organizations User Guide: Resource control policies
//	[key]       AWS KMS Developer Guide: Key policies in AWS KMS
//	[sts]       AWS STS API Reference: AssumeRole

// decide puts together what the layers say.
func (q *Query) decide(v *verdicts) Decision {
	deny := no
	for layer, d := range v.deny {
		if d == yes { // [deny] An explicit Deny in any policy overrides every Allow.
			return Decision{ExplicitDeny, q.name(Layer(layer))}
		}
		deny = or(deny, d)
	}
	switch allowed := q.allowed(v); {
	case allowed == no: // [logic] Deny by default, whatever becomes of a Deny that hangs on an unknown fact.
		return Decision{ImplicitDeny, q.lacking(v)}
	case allowed == yes && deny == no:
		return Decision{Allowed, q.granting(v)}
	default:
		return Decision{Undecided, NoLayer}
	}
}

// allowed tells whether every layer that has to allow does.
func (q *Query) allowed(v *verdicts) truth {
	guard := and(v.allow[RCPLayer], and(v.allow[SCPLayer], v.allow[EndpointLayer]))
	limits := and(v.allow[BoundaryLayer], v.allow[SessionLayer])
	own := v.allow[IdentityLayer]
	switch {
	case !q.Caller.member(): // [principal] Services, federated identities and anonymous callers have no policies of their own.
		return and(guard, v.named[direct])
	case q.trust && q.Caller.Kind == RootUser: // [sts] AssumeRole cannot be called by the root user.
		return no
	case q.cross: // [cross] Both accounts must allow; which form names the principal makes no difference.
		return and(guard, and(limits, and(own, or(v.named[direct], or(v.named[limited], v.named[delegated])))))
	case q.key || q.trust: // [key] [trust] Identity policies count only when the policy of the key or role delegates to the account.
		own = and(own, v.named[delegated])
	}
	// [within] An Allow of either side is enough. [boundary] [session] One that names the role, or the user behind a federated session,
	// is cut by boundary and session policy; one that names the user itself, the session or everybody is not.
	return and(guard, or(v.named[direct], and(limits, or(own, v.named[limited]))))
}

// consult asks every layer that has a say. The verdict of one that has none is yes. t may be nil.
func (p *Policies) consult(q *Query, t *trace) (v verdicts) {
	v.allow = [layerCount]truth{RCPLayer: yes, SCPLayer: yes, EndpointLayer: yes, IdentityLayer: yes, BoundaryLayer: yes, SessionLayer: yes}
	if q.rcp { // [rcp] At each level from the root to the account, one policy must allow.
		for level, policies := range p.RCP {
			v.and(RCPLayer, level, policies, q, t)
		}
	}
	if q.scp { // [scp] Likewise.
		for level, policies := range p.SCP {
			v.and(SCPLayer, level, policies, q, t)
		}
	}
	if p.Endpoint != nil {
		v.and(EndpointLayer, 0, []*Policy{p.Endpoint}, q, t)
	}
	switch {
	case p.Resource != nil:
		v.resource(p.Resource, q, t)
	case p.ResourceUnknown || q.key || q.trust: // [key] "Every KMS key must have exactly one key policy"; so must a role.
		v.named = [formCount]truth{delegated: unknown, limited: unknown, direct: unknown}
		v.deny[ResourceLayer] = unknown
	}
	switch q.Caller.Kind {
	case User, RoleSession, FederatedUser:
		v.and(IdentityLayer, 0, p.Identity, q, t)
		if p.Boundary != nil {
			v.and(BoundaryLayer, 0, p.Boundary, q, t)
		}
		if p.Session != nil || q.Caller.Kind == FederatedUser { // [federate] Without session policies the session has no permissions.
			v.and(SessionLayer, 0, p.Session, q, t)
		}
	case RootUser, Service, Identity, Anonymous: // [within] The root user is allowed by default; the others have no policies.
	}
	return v
}

// boundBySCP follows [scp], "Tasks and entities not restricted by SCPs": they bind users, roles and root of member accounts, not the
// management account and not service-linked roles. Services, identities and anonymous callers belong to no account.
func (r *Request) boundBySCP() bool {
	return r.Caller.member() && !r.Caller.serviceLinked() && !(r.ManagementAccount != "" && r.Caller.Account == r.ManagementAccount)
}

// boundByRCP follows [rcp], "Resources and entities not restricted by RCPs": they bind everybody who calls one of the services that
// take part, services and anonymous callers too; not service-linked roles, not on resources of the management account, and not
// kms:RetireGrant.
func (r *Request) boundByRCP(a *action, takesPart bool) bool {
	return takesPart && !r.Caller.serviceLinked() && a.key.name != "kms:retiregrant" && !(r.ManagementAccount != "" && r.ResourceAccount == r.ManagementAccount)
}

// lacking is the first layer without a needed Allow, in the order of [within] and [cross].
func (q *Query) lacking(v *verdicts) Layer {
	resource := or(v.named[direct], or(v.named[limited], v.named[delegated]))
	for _, l := range [...]Layer{RCPLayer, SCPLayer, EndpointLayer} {
		if v.allow[l] == no {
			return l
		}
	}
	switch {
	case !q.Caller.member() || q.trust && q.Caller.Kind == RootUser, (q.key || q.trust) && resource == no:
		return q.name(ResourceLayer)
	case v.allow[IdentityLayer] == no && (q.cross || v.named[limited] == no):
		return IdentityLayer
	case v.allow[BoundaryLayer] == no:
		return BoundaryLayer
	case v.allow[SessionLayer] == no:
		return SessionLayer
	default:
		return q.name(ResourceLayer)
	}
}

// granting is the layer that allows; between accounts it is the principal's own, which is needed there.
func (q *Query) granting(v *verdicts) Layer {
	own := q.Caller.member() && and(v.allow[IdentityLayer], and(v.allow[BoundaryLayer], v.allow[SessionLayer])) == yes
	switch {
	case !own, (q.key || q.trust) && !q.cross && v.named[delegated] != yes:
		return q.name(ResourceLayer)
	case q.Caller.Kind == RootUser:
		return RootLayer
	default:
		return IdentityLayer
	}
}
