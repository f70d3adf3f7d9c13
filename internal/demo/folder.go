package demo

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"filippo.io/age"

	"trunkline/contact"
	"trunkline/internal/contactcentre"
)

// Folder is what a demo runs on, all in one folder.
type Folder struct {
	Path     string
	Config   string // trunkline.yaml
	Text     []byte // of the config
	Preview  string // a config that writes to standard output instead of to the receiver, which is gone after the demo
	Records  string // what the centre writes
	Identity string // opens the dead letters
	Receiver string // URL
}

// keyHeader carries the receiver's API key.
const keyHeader = "X-Api-Key"

//go:embed trunkline.yaml.tmpl
var configText string

// writeFolder writes the config and all that it names.
func writeFolder(path string, seed uint64, receiver *receiver) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: path, Receiver: receiver.url}
	f.Config, f.Preview = filepath.Join(path, "trunkline.yaml"), filepath.Join(path, "preview.yaml")
	f.Records, f.Identity = filepath.Join(path, "records.jsonl"), filepath.Join(path, "identity.txt")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	parsed, err := template.New("trunkline.yaml").Funcs(template.FuncMap{"text": yamlText}).Parse(configText)
	if err != nil {
		return nil, err
	}
	values := map[string]string{"Folder": path, "Recipient": identity.Recipient().String(), "URL": receiver.url, "Header": keyHeader}
	var config, preview bytes.Buffer
	err = parsed.Execute(&config, values)
	delete(values, "URL")
	if err = errors.Join(err, parsed.Execute(&preview, values)); err != nil {
		return nil, err
	}
	f.Text = config.Bytes()
	for _, file := range []struct {
		path string
		text []byte
	}{
		{f.Config, f.Text},
		{f.Preview, preview.Bytes()},
		{f.Identity, []byte("# opens the dead letters of this demo\n" + identity.String() + "\n")},
		{filepath.Join(path, "pseudonym.key"), []byte(randomText() + "\n")},
		{filepath.Join(path, "receiver.key"), []byte(receiver.key + "\n")},
		{filepath.Join(path, "agents.csv"), agentFile(seed)},
		{f.Records, nil},
	} {
		if err := os.WriteFile(file.path, file.text, 0o600); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// yamlText joins the parts to a YAML scalar, in quotes where a plain one could be something else.
func yamlText(parts ...string) string {
	text := strings.Join(parts, "")
	if plain.MatchString(text) {
		return text
	}
	quoted, _ := json.Marshal(text) // a string cannot fail; JSON's strings are YAML's
	return string(quoted)
}

var plain = regexp.MustCompile(`^[a-z/][A-Za-z0-9:/._-]*$`)

// agentFile is what a workforce system knows of the centre's agents, but for the newest of them: CSV.
func agentFile(seed uint64) []byte {
	var record contact.Record
	var item []byte
	agents := map[string]bool{}
	source := contactcentre.New(seed, opening, contactcentre.Options{Pace: pace})
	for range 600 {
		item = source.AppendContactRecord(item[:0])
		if record.Parse(item) == nil {
			doc := record.Document()
			if name := doc.AppendText(nil, doc.Lookup("Agent", "Username")); len(name) > 0 {
				agents[string(name)] = true
			}
		}
	}
	sites, teams := []string{"Leeds", "Newcastle", "Brisbane"}, []string{"Claims", "Retentions", "Billing", "Night desk"}
	var text bytes.Buffer
	text.WriteString("Username,Site,Team,Desk\n")
	for i, name := range slices.Sorted(maps.Keys(agents)) {
		fmt.Fprintf(&text, "%s,%s,%s,%d\n", name, sites[i%len(sites)], teams[i%len(teams)], 100+i)
	}
	return text.Bytes()
}

// randomText is 256 bits in hexadecimal. The pseudonyms of one demo tell nothing about those of another.
func randomText() string {
	key := make([]byte, 32)
	_, _ = io.ReadFull(rand.Reader, key) // never fails
	return hex.EncodeToString(key)
}
