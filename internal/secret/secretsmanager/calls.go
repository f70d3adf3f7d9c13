package secretsmanager

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The value of their feature: secret, its name or its ARN.
func Calls() []call.Call {
	return []call.Call{{
		Operation: "secretsmanager:GetSecretValue",
		Features:  []string{"aws-secretsmanager"},
		Why:       "the secret is not read, and nothing starts that needs it",
		Asks: []call.Ask{{
			Action: "secretsmanager:GetSecretValue",
			// Secrets Manager adds a hyphen and six characters of its own to a secret's name.
			Resources: []string{"arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}-??????"},
			Keys: []call.Key{
				{Name: "secretsmanager:SecretId", From: []string{"${SecretId}"}},
				{Name: "secretsmanager:VersionId", From: []string{"${VersionId}"}},
				{Name: "secretsmanager:VersionStage", From: []string{"${VersionStage}"}},
			},
		}},
		Scope: map[string][]string{"SecretId": {"${secret}"}},
	}}
}
