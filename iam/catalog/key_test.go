package catalog

import "testing"

func TestKey(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		typ        KeyType
		multi      bool
	}{
		{"aws:PrincipalArn", "aws:PrincipalArn", ARN, false},
		{"AWS:principalarn", "aws:PrincipalArn", ARN, false},
		{"aws:PrincipalTag/Team", "aws:PrincipalTag/tag-key", String, false},
		{"aws:RequestTag/cost/center", "aws:RequestTag/tag-key", String, false},
		{"aws:ResourceTag/Team", "aws:ResourceTag/tag-key", String, false},
		{"aws:TagKeys", "aws:TagKeys", String, true},
		{"aws:SignInSessionArn", "aws:SignInSessionArn", ARN, false},
		{"aws:SourceIp", "aws:SourceIp", IPAddress, false},
		{"lambda:SourceFunctionArn", "lambda:SourceFunctionArn", ARN, false},

		{"s3:prefix", "s3:prefix", String, false},
		{"s3:ExistingObjectTag/Class", "s3:ExistingObjectTag/<key>", String, false},
		{"S3:existingobjecttag/Class", "s3:ExistingObjectTag/<key>", String, false},
		{"kms:EncryptionContext:aws:logs:arn", "kms:EncryptionContext:${EncryptionContextKey}", String, false},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys", String, true},
		{"codebuild:environment.environmentVariables/HOME.value", "codebuild:environment.environmentVariables/${name}.value", String, false},
		{"iam:PassedToService", "iam:PassedToService", String, false},

		// Of identity providers, declared by sts.
		{"saml:sub", "saml:sub", String, false},
		{"accounts.google.com:aud", "accounts.google.com:aud", String, false},
		{"token.actions.githubusercontent.com:repository", "token.actions.githubusercontent.com:repository", String, false},
		{"token.actions.githubusercontent.com:sub", "${Provider}:sub", String, false},
		{"oidc.eks.eu-west-2.amazonaws.com/id/0A1B:aud", "${Provider}:aud", String, false},
		{"idcs-0a1b.identity.oraclecloud.com:rpst_id", "idcs-${OciUniqueIdentifier}.identity.oraclecloud.com:rpst_id", String, false},
		// Of a service whose prefix another one's key has.
		{"ec2:osuser", "ec2:osuser", String, false},

		{name: "aws:PrincipalTag/"},
		{name: "aws:PrincipalTag"},
		{name: "aws:Nothing"},
		{name: "aws:SourceOwner"},
		{name: "s3:nothing"},
		{name: "nothing:key"},
		{name: "s3"},
		{name: ""},
		{name: ":"},
		{name: "s3:ExistingObjectTag/"},
		{name: "provider:sub"},
		{name: "provider.example:claim"},
	} {
		k, ok := Default().Key(tt.name)
		if ok != (tt.want != "") {
			t.Errorf("Key(%q): got %+v, %t, want %q", tt.name, k, ok, tt.want)
			continue
		}
		if ok && (k.Name != tt.want || k.Type != tt.typ || k.Multi != tt.multi) {
			t.Errorf("Key(%q): got %s %v multi %t, want %s %v multi %t", tt.name, k.Name, k.Type, k.Multi, tt.want, tt.typ, tt.multi)
		}
	}
}

// TestKeyTypes counts the types of the services' keys, as the reference had them at the date of the facts.
func TestKeyTypes(t *testing.T) {
	type kind struct {
		t     KeyType
		multi bool
	}
	got := map[kind]int{}
	for _, prefix := range Default().Services() {
		s, _ := Default().Service(prefix)
		for i := range s.Keys {
			k := &s.Keys[i]
			got[kind{k.Type, k.Multi}]++
			if found, ok := s.Key(k.Name); !ok || found != k {
				t.Errorf("%s: Key(%q): got %v, %t", prefix, k.Name, found, ok)
			}
			if k.Presence != Unstated {
				t.Errorf("%s: presence of %s: got %v", prefix, k.Name, k.Presence)
			}
		}
	}
	for k, want := range map[kind]int{
		{String, false}: 1660, {String, true}: 506, {ARN, false}: 176, {Bool, false}: 119, {Numeric, false}: 81, {ARN, true}: 27, {Bool, true}: 4,
		{Date, false}: 4, {IPAddress, false}: 1,
	} {
		if got[k] != want {
			t.Errorf("keys of type %v, multi %t: %d, want %d", k.t, k.multi, got[k], want)
		}
	}
}

// TestGlobalKeys: each is found by its name, says when it is present, and the sets are those of the documentation.
func TestGlobalKeys(t *testing.T) {
	multi, sensitive := 0, 0
	for i := range globalKeys {
		k := &globalKeys[i]
		if k.Presence == Unstated || k.Presence.String() == "" || k.Type.String() == "unknown" {
			t.Errorf("%s: presence %v, type %v", k.Name, k.Presence, k.Type)
		}
		if k.Open() {
			continue
		}
		if got, ok := Default().GlobalKey(k.Name); !ok || got != k {
			t.Errorf("GlobalKey(%q): got %v, %t", k.Name, got, ok)
		}
		if k.Multi {
			multi++
		}
		if k.Sensitive {
			sensitive++
		}
	}
	if multi != 7 || sensitive != 10 || len(globalKeys) != 61 {
		t.Errorf("%d global keys, %d multi-valued, %d sensitive; want 61, 7, 10", len(globalKeys), multi, sensitive)
	}
}
