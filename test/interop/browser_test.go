//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMatrixPage opens the page that policy matrix writes in a real browser: every question is there, an answer opens and shows its
// reason, colours come through the page's own content security policy, and the browser complains of nothing.
func TestMatrixPage(t *testing.T) {
	page, err := filepath.Abs("../../internal/policymatrix/testdata/admins.html")
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	b.do(t, http.MethodPost, "/url", map[string]any{"url": "file://" + page}, nil)

	var title string
	b.do(t, http.MethodGet, "/title", nil, &title)
	if want := "Administrator of one Amazon Connect instance"; title != want {
		t.Errorf("got title %q, want %q", title, want)
	}
	questions := len(b.find(t, "tbody th[scope=row]"))
	answers := b.find(t, "tbody td")
	if questions < 40 || len(answers) != 2*questions {
		t.Errorf("got %d questions with %d answers of two principals, want 40 or more with two each", questions, len(answers))
	}
	reason := b.find(t, "td.denied li")[0]
	if b.shown(t, reason) {
		t.Error("the reason is shown before anybody asks for it")
	}
	b.do(t, http.MethodPost, "/element/"+b.find(t, "td.denied summary")[0]+"/click", map[string]any{}, nil)
	if !b.shown(t, reason) {
		t.Error("the reason is not shown after a click on the answer")
	}
	var text string
	b.do(t, http.MethodGet, "/element/"+reason+"/text", nil, &text)
	if !strings.Contains(text, "is denied") {
		t.Errorf("got reason %q, want one that says what is denied", text)
	}
	if allowed, denied := b.color(t, "td.allowed"), b.color(t, "td.denied"); allowed == denied {
		t.Errorf("allowed and denied have the same colour %s: the style sheet is not in force", allowed)
	}
	var complaints []struct{ Message string }
	b.do(t, http.MethodPost, "/se/log", map[string]any{"type": "browser"}, &complaints)
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %v", complaints)
	}
}

// browser is a session of Chromium, driven over the WebDriver protocol (W3C WebDriver).
type browser struct{ session string }

func openBrowser(t *testing.T) *browser {
	t.Helper()
	driver := exec.Command("chromedriver", "--port=0")
	out, err := driver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.Start(); err != nil {
		t.Fatalf("chromedriver: %v; install it: apt-get install chromium chromium-driver", err)
	}
	t.Cleanup(func() {
		_ = driver.Process.Kill()
		_ = driver.Wait()
	})
	base, err := driverAddress(out)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the driver
	// A container has no user namespaces for Chromium's sandbox and little shared memory; the page is our own.
	options := map[string]any{
		"goog:chromeOptions": map[string]any{"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"}},
		"goog:loggingPrefs":  map[string]string{"browser": "ALL"},
	}
	b := &browser{session: base + "/session"}
	var made struct {
		SessionID string `json:"sessionId"`
	}
	b.do(t, http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": options}}, &made)
	b.session += "/" + made.SessionID
	t.Cleanup(func() { b.do(t, http.MethodDelete, "", nil, nil) })
	return b
}

var driverPort = regexp.MustCompile(`successfully on port (\d+)`)

func driverAddress(out io.Reader) (string, error) {
	var text []byte
	buffer := make([]byte, 4096)
	for {
		n, err := out.Read(buffer)
		text = append(text, buffer[:n]...)
		if m := driverPort.FindSubmatch(text); m != nil {
			return "http://127.0.0.1:" + string(m[1]), nil
		}
		if err != nil {
			return "", errors.Join(fmt.Errorf("chromedriver said only %q", text), err)
		}
	}
}

// do makes a call of the session and reads the value of its answer.
func (b *browser) do(t *testing.T, method, path string, body, value any) {
	t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, b.session+path, in)
	if method == http.MethodDelete { // when the test's context has ended
		r, err = http.NewRequest(method, b.session+path, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text, err)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(text, &struct{ Value any }{value}); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// find returns the elements that a CSS selector finds.
func (b *browser) find(t *testing.T, selector string) (ids []string) {
	t.Helper()
	var elements []map[string]string
	b.do(t, http.MethodPost, "/elements", map[string]any{"using": "css selector", "value": selector}, &elements)
	for _, element := range elements {
		for _, id := range element {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		t.Fatalf("nothing on the page is %s", selector)
	}
	return ids
}

func (b *browser) shown(t *testing.T, id string) (shown bool) {
	t.Helper()
	b.do(t, http.MethodGet, "/element/"+id+"/displayed", nil, &shown)
	return shown
}

func (b *browser) color(t *testing.T, selector string) (color string) {
	t.Helper()
	b.do(t, http.MethodGet, "/element/"+b.find(t, selector)[0]+"/css/color", nil, &color)
	return color
}
