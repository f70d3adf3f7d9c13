package lambda

import (
	"context"
	"errors"

	"trunkline/internal/secret"
)

// Secrets reads the secrets of AWS Secrets Manager for a Lambda. It implements secret.Manager.
type Secrets struct {
	Extension *Extension     // asked first: it needs no SDK, and keeps what it read
	Service   secret.Manager // the service itself; nil: there is only the extension
}

// Secret returns the present value of a secret, which the extension may have read up to five minutes ago.
func (s *Secrets) Secret(ctx context.Context, name string) (string, error) {
	text, err := s.Extension.Secret(ctx, name)
	if err == nil || s.Service == nil {
		return text, err
	}
	return s.service(ctx, name, err)
}

// service asks past the extension. Where nothing listens on its port, only the service's error is of interest.
func (s *Secrets) service(ctx context.Context, name string, extension error) (string, error) {
	text, err := s.Service.Secret(ctx, name)
	if err != nil && !errors.Is(extension, ErrNoExtension) {
		err = errors.Join(extension, err)
	}
	return text, err
}

// fresh reads past what the extension keeps.
type fresh struct{ *Secrets }

// Secret asks the service, and the extension only where the service does not answer.
func (f fresh) Secret(ctx context.Context, name string) (string, error) {
	if f.Service == nil {
		return f.Extension.Secret(ctx, name)
	}
	text, err := f.Service.Secret(ctx, name)
	if err == nil {
		return text, nil
	}
	if kept, failed := f.Extension.Secret(ctx, name); failed == nil {
		return kept, nil
	}
	return "", err
}
