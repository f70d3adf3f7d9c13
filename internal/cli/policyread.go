package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/iam/sim/cases"
)

// policyReader compiles policies from files and keeps the first error. After an error it returns nil policies.
type policyReader struct {
	app  *app
	fill *strings.Replacer // puts values for placeholders
	err  error
}

// placeholders reads what --fill gives. Where one placeholder begins with another, the longer one is meant.
func placeholders(given []string) (*strings.Replacer, error) {
	values, err := pairs("--fill", given)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var oldNew []string
	for _, name := range names {
		oldNew = append(oldNew, name, values[name])
	}
	return strings.NewReplacer(oldNew...), nil
}

// file reads the policy of a flag that may be left out; then it is nil.
func (r *policyReader) file(path string, kind iam.Type) *sim.Policy {
	if path == "" || r.err != nil {
		return nil
	}
	text, err := r.text(path)
	if err != nil {
		r.err = err
		return nil
	}
	text = r.fill.Replace(text)
	policy, err := cases.Compile([]byte(text), kind)
	if err != nil {
		r.err = fmt.Errorf("%s:%w; see: trunkline policy lint %s", path, err, path)
		return nil
	}
	policy.Name = path
	r.app.warnOfPlaceholders(path, []byte(text))
	return policy
}

// text reads a file, or - for standard input, as far as a policy can go and a byte more, which the parser then complains of.
func (r *policyReader) text(path string) (string, error) {
	in := r.app.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, iam.MaxSize+1))
	return string(text), err
}

func (r *policyReader) files(paths []string, kind iam.Type) (policies []*sim.Policy) {
	for _, path := range paths {
		if path == "" && r.err == nil {
			r.err = errors.New("the name of a policy file is empty")
		}
		policies = append(policies, r.file(path, kind))
	}
	return policies
}

func (r *policyReader) levels(flags []string, kind iam.Type) (levels [][]*sim.Policy) {
	for _, flag := range flags {
		levels = append(levels, r.files(strings.Split(flag, ","), kind))
	}
	return levels
}

// warnOfPlaceholders tells of resources that nobody filled in: they match nothing.
func (a *app) warnOfPlaceholders(path string, text []byte) {
	doc := iam.Parse(text)
	for _, s := range doc.Statements {
		for _, values := range []*iam.Values{s.Resource, s.NotResource} {
			if values == nil {
				continue
			}
			for _, node := range values.List {
				if len(iam.Placeholders(node.Text)) > 0 {
					at := doc.Position(node.Span.Start)
					fmt.Fprintf(a.stderr, "warning: %s:%d:%d: a placeholder stands in the resource; it matches nothing; fill it in with --fill PLACEHOLDER=VALUE\n", path, at.Line, at.Column)
					return
				}
			}
		}
	}
}
