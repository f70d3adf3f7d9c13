package role

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"time"

	"trunkline/iam/generate"
	"trunkline/internal/integration"
)

// Integration is the set as one that policy show can print and explain; it has no parameters.
func (s *Set) Integration() *integration.Integration {
	files := memory{}
	i := &integration.Integration{
		Name: "trunkline", Title: "The collector", About: "What the config needs to be allowed.", Files: files,
	}
	for _, p := range s.Policies {
		files["policies/"+p.Name+".json"] = generate.Text(p.Statements)
		described := &integration.Policy{
			Name: p.Name, Title: p.Title, Attached: p.Attached, Called: p.Called, Boundary: p.Boundary, Type: p.Type, MaySplit: true,
		}
		for _, statement := range p.Statements {
			described.Statements = append(described.Statements, integration.Statement{
				Sid: statement.Sid, Why: "for " + strings.Join(statement.For, ", "), Without: strings.Join(statement.Why, "; "),
			})
			for action, why := range reader() {
				if slices.Contains(statement.Actions, action) {
					described.Accepted = append(described.Accepted, integration.Accepted{Code: "TL_MISSING_DEPENDENT", Sid: statement.Sid, Why: why})
				}
			}
		}
		i.Policies = append(i.Policies, described)
	}
	return i
}

// reader are the actions by which the linter takes the collector for another reader of streams, which needs more.
func reader() map[string]string {
	return map[string]string{
		"kinesis:GetRecords":       "the collector reads the stream itself; a pipe that does would describe it too",
		"kinesis:SubscribeToShard": "the consumer that the config names is there already",
	}
}

// memory is files by their paths.
type memory map[string][]byte

// Open is that of fs.FS.
func (m memory) Open(name string) (fs.File, error) {
	text, found := m[name]
	if !fs.ValidPath(name) || !found {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &open{bytes.NewReader(text), name}, nil
}

// open is a file that is read, and its own description.
type open struct {
	*bytes.Reader
	path string
}

func (o *open) Stat() (fs.FileInfo, error) { return o, nil }
func (o *open) Close() error               { return nil }
func (o *open) Name() string               { return o.path[strings.LastIndexByte(o.path, '/')+1:] }
func (o *open) Mode() fs.FileMode          { return 0o444 }
func (o *open) ModTime() time.Time         { return time.Time{} }
func (o *open) IsDir() bool                { return false }
func (o *open) Sys() any                   { return nil }
