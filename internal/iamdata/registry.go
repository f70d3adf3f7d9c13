package iamdata

import (
	"context"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
)

// Registry is an npm registry.
type Registry struct {
	URL    string
	Client *http.Client // nil: http.DefaultClient
}

// FindRegistry asks npm for the registry of this machine, or takes the environment's NPM_CONFIG_REGISTRY where there is no npm.
func FindRegistry(ctx context.Context, getenv func(string) string) (Registry, error) {
	if npm, err := exec.LookPath("npm"); err == nil {
		out, err := exec.CommandContext(ctx, npm, "config", "get", "registry").Output()
		if err != nil {
			return Registry{}, fmt.Errorf("npm config get registry: %w", err)
		}
		return Registry{URL: strings.TrimSpace(string(out))}, nil
	}
	for _, name := range []string{"NPM_CONFIG_REGISTRY", "npm_config_registry"} {
		if address := getenv(name); address != "" {
			return Registry{URL: address}, nil
		}
	}
	return Registry{}, errors.New("no npm here to say where its packages come from; install it, or set NPM_CONFIG_REGISTRY to the address of a registry")
}

// release is one version of a package.
type release struct {
	pkg       string // scope and name
	version   string
	integrity string // as npm writes it: sha512-…
}

// release asks for the newest release, or that of a version.
func (r Registry) release(ctx context.Context, pkg, version string) (release, error) {
	scope, name, _ := strings.Cut(pkg, "/")
	body, err := r.get(ctx, maxDocument, scope+"%2f"+name+"/"+url.PathEscape(version))
	if err != nil {
		return release{}, err
	}
	var d struct {
		Version string `json:"version"`
		Dist    struct {
			Integrity string `json:"integrity"`
		} `json:"dist"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return release{}, fmt.Errorf("what the registry says of %s: %w", pkg, err)
	}
	if d.Version == "" || d.Dist.Integrity == "" {
		return release{}, fmt.Errorf("the registry says neither version nor integrity of %s %s", pkg, version)
	}
	return release{pkg, d.Version, d.Dist.Integrity}, nil
}

const maxDocument = 1 << 20

// tarball fetches a release and holds it to its integrity.
func (r Registry) tarball(ctx context.Context, rel release) ([]byte, error) {
	_, name, _ := strings.Cut(rel.pkg, "/")
	body, err := r.get(ctx, maxTarball, fmt.Sprintf("%s/-/%s-%s.tgz", rel.pkg, name, url.PathEscape(rel.version)))
	if err != nil {
		return nil, err
	}
	if err := rel.verify(body); err != nil {
		return nil, err
	}
	return body, nil
}

// verify compares a tarball with the hash that npm has of it. There may be several, separated by spaces; one must be SHA-512.
func (rel release) verify(tarball []byte) error {
	sum := sha512.Sum512(tarball)
	for hash := range strings.FieldsSeq(rel.integrity) {
		text, ok := strings.CutPrefix(hash, "sha512-")
		if !ok {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(text)
		if err == nil && subtle.ConstantTimeCompare(sum[:], want) == 1 {
			return nil
		}
		return fmt.Errorf("%s %s is not what its integrity hash says: damaged on the way, or replaced", rel.pkg, rel.version)
	}
	return fmt.Errorf("%s %s has no SHA-512 integrity hash", rel.pkg, rel.version)
}

func (r Registry) get(ctx context.Context, limit int64, path string) ([]byte, error) {
	address := strings.TrimSuffix(r.URL, "/") + "/" + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("npm registry: %w", err)
	}
	client := r.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("npm registry: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("npm registry: %s: %s", path, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("npm registry: %s: %w", path, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("npm registry: %s: more than %d bytes", path, limit)
	}
	return body, nil
}
