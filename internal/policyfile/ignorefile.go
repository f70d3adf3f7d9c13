package policyfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"trunkline/iam"
)

// maxIgnoreFile bounds a file of ignores, in bytes.
const maxIgnoreFile = 256 << 10

// IgnoreFile is the name under which a file of ignores is looked for when none is named.
const IgnoreFile = ".trunkline-lint.yaml"

// ReadIgnores reads a file of ignores:
//
//	ignore:
//	  - code: PASS_ROLE_WITH_STAR_IN_RESOURCE   # or a list of codes
//	    file: deploy/roles.yaml                 # path, folder or pattern, from the folder of this file
//	    where: Resources.Deployer.Policies[0].PolicyDocument   # optional: the place that the report names
//	    sid: PassRoles                          # optional: of the statement
//	    reason: the roles are created by the same stack
//
// An entry without a reason is returned as it is; the linter reports it.
func ReadIgnores(path string) ([]*Ignore, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxIgnoreFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxIgnoreFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxIgnoreFile)
	}
	f := newFile(path, data)
	roots, err := fromYAML(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(roots) == 0 {
		return nil, nil
	}
	fail := func(at int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: "+format, append([]any{path, f.position(at).Line}, args...)...)
	}
	if len(roots) > 1 || roots[0].kind != iam.Object || len(roots[0].members) != 1 || roots[0].member("ignore") == nil {
		return nil, fail(roots[0].at, "want one key, ignore: with a list of entries, each with code, file and reason")
	}
	list := roots[0].member("ignore")
	if list.kind != iam.Array {
		return nil, fail(list.at, "want a list of entries, each with code, file and reason")
	}
	var ignores []*Ignore
	for _, item := range list.items {
		i := &Ignore{File: path, Position: f.position(item.at)}
		if item.kind != iam.Object {
			return nil, fail(item.at, "want an entry with code, file and reason")
		}
		for _, m := range item.members {
			value := m.value
			if m.name == "code" && value.kind == iam.Array {
				for _, code := range value.items {
					i.Codes = append(i.Codes, code.content())
				}
				continue
			}
			if value.content() == "" && m.name != "reason" {
				return nil, fail(m.at, "%s: want a text", m.name)
			}
			switch m.name {
			case "code":
				i.Codes = append(i.Codes, value.text)
			case "file":
				i.pattern = filepath.Join(filepath.Dir(path), filepath.FromSlash(value.text))
			case "where":
				i.where = value.text
			case "sid":
				i.sid = value.text
			case "reason":
				i.Reason = value.content()
			default:
				return nil, fail(m.at, "unknown key %q; want code, file, where, sid or reason", m.name)
			}
		}
		if len(i.Codes) == 0 || i.pattern == "" {
			return nil, fail(item.at, "an entry needs code, file and reason; file: . is the whole folder")
		}
		ignores = append(ignores, i)
	}
	return ignores, nil
}
