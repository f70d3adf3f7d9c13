//go:build aws

package main

import (
	"errors"

	"trunkline/internal/awsclient"
	"trunkline/internal/cloud"
	"trunkline/internal/config"
	"trunkline/internal/pipeline"
)

// linked says that the SDK is there, for what the extension cannot do: secrets where it is not there, and S3.
const linked = true

func newServices(c config.AWS) pipeline.Services {
	s := cloud.New(c)
	return pipeline.Services{Secrets: s.Secrets, Objects: s.Objects}
}

// serviceCode is the service's word for an error, "" where it said none.
func serviceCode(err error) string {
	if bad, ok := errors.AsType[*awsclient.Error](err); ok {
		return bad.Code
	}
	return ""
}
