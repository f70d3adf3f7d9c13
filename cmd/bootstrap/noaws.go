//go:build !aws

package main

import (
	"context"

	"trunkline/internal/config"
	"trunkline/internal/lambda"
	"trunkline/internal/pipeline"
)

// linked says that the SDK is not there: a config that names something in S3 is refused, and secrets come through the extension. So the
// function starts in half the time.
const linked = false

func newServices(config.AWS) pipeline.Services { return pipeline.Services{} }

func openLetters(context.Context, *config.Config) (lambda.LetterStore, error) { return nil, nil }

func serviceCode(error) string { return "" }
