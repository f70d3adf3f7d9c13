// Package secretsmanager reads secrets of AWS Secrets Manager for aws-secretsmanager: references.
//
//	name or ARN ─ Secret ─▶ GetSecretValue (AWSCURRENT) ─▶ text
//
// Its promises: every call asks the service, so that a rotated secret is found; a call ends after [Patience]; an ARN is asked for
// in its own region; an error names the permission that is missing, and never holds a value.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"trunkline/internal/awsclient"
)

// Patience is how long one call of [Manager.Secret] may take, with its retries.
const Patience = 30 * time.Second

// Manager implements secret.Manager. It is safe for concurrent use.
type Manager struct {
	config *awsclient.Config

	mu      sync.Mutex
	clients map[string]*awsclient.Client[*secretsmanager.Client] // by region; "": the configuration's
}

// New makes a Manager. Nothing is called before the first secret is read.
func New(config *awsclient.Config) *Manager {
	return &Manager{config: config, clients: map[string]*awsclient.Client[*secretsmanager.Client]{}}
}

// Secret returns the current value of the secret with a name or an ARN: its text or, where it has none, its bytes.
func (m *Manager) Secret(ctx context.Context, name string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	client, err := m.client(name).Get(limited)
	if err != nil {
		return "", err
	}
	out, err := client.GetSecretValue(limited, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", explain(ctx, name, err)
	}
	if out.SecretString != nil {
		return *out.SecretString, nil
	}
	return string(out.SecretBinary), nil
}

func (m *Manager) client(name string) *awsclient.Client[*secretsmanager.Client] {
	region := ""
	if parts := strings.Split(name, ":"); len(parts) > 3 && parts[0] == "arn" {
		region = parts[3]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[region] == nil {
		m.clients[region] = awsclient.For(m.config, "secretsmanager", region, func(cfg aws.Config, endpoint *string) *secretsmanager.Client {
			return secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
				if endpoint != nil {
					o.BaseEndpoint = endpoint
				}
			})
		})
	}
	return m.clients[region]
}

func explain(ctx context.Context, name string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok && aboutKey(api) {
		return awsclient.Call{Action: "kms:Decrypt", Resource: "the key that encrypts " + name}.Denied(err)
	}
	explained := awsclient.Call{Action: "secretsmanager:GetSecretValue", Resource: name}.Explain(ctx, err)
	if e, ok := errors.AsType[*awsclient.Error](explained); ok && e.Missing {
		return fmt.Errorf("%w; create it, or name another, by its ARN where it is in another account or region", explained)
	}
	return explained
}

// aboutKey tells whether the secret could be had, and not what decrypts it.
func aboutKey(api smithy.APIError) bool {
	if api.ErrorCode() == "DecryptionFailure" {
		return true
	}
	message := api.ErrorMessage()
	return api.ErrorCode() == "AccessDeniedException" && !strings.Contains(message, "secretsmanager:") &&
		(strings.Contains(message, "KMS") || strings.Contains(message, "kms:"))
}
