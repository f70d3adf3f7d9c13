package trunkline_test

import (
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An importRule says what the packages that match from, and do not match except, may import. Patterns are those of the go
// command ("./iam/..." is iam and all below it, "..." alone is everything), and "std" is the standard library.
type importRule struct {
	from    string
	except  []string // packages that the rule leaves alone
	only    []string // they import nothing else; nil when the rule does not say
	never   []string // they do not import these
	tests   bool     // test files keep to it as well
	through bool     // what they import keeps to it too, as deep as this module goes
	why     string
}

const (
	std = "std"
	aws = "github.com/aws/aws-sdk-go-v2/..."
)

// imports is the dependency direction of the architecture:
//
//	cmd → internal/cli, internal/lambda → collector, recorder, deploy, diagnose → contact, iam, document, pattern
var imports = []importRule{
	// The domain, at the bottom.
	{
		from: "./internal/document", only: []string{std}, never: []string{"reflect", "encoding/json", "encoding/json/..."},
		why: "a record is its bytes and an index: decoding into structs or maps loses number text, key order and keys that differ in case only",
	},
	{
		from: "./internal/pattern", only: []string{std, "./internal/document", "./internal/spelling"},
		why: "patterns match on the index that was built once, and are useful without the collector",
	},
	{
		from: "./contact/...", only: []string{std, "./contact/...", "./internal/document", "./internal/spelling"}, never: []string{"encoding/json", "encoding/json/..."},
		why: "the public package of contact records brings no dependency to who uses it, and reads records through the index only",
	},
	{
		from: "./iam/...", only: []string{std, "./iam/..."},
		why: "the policy engine decides from its input alone and brings no dependency to who uses it",
	},
	{
		from: "./.../scrub", only: []string{std, "./internal/document"},
		why: "what finds personal data in text is small enough to be read whole, down to the standard library",
	},
	{
		from: "./internal/source/kinesis/aggregate", only: []string{std},
		why: "the Lambda takes aggregates apart too, and is not to link the SDK or a protobuf library for it",
	},
	{
		from: "./internal/recorder/mkv", only: []string{std},
		why: "what reads bytes from outside is small enough to be read whole, and tried without a cloud",
	},
	{
		from: "./internal/recorder/wav", only: []string{std},
		why: "files that outlive us for years are written by nothing that is not in this repository",
	},
	{
		from: "./internal/permission/call", only: []string{},
		why: "a declaration of calls is a plain value that any package may hold",
	},

	// The loop, and what declares the interfaces that it needs.
	{
		from: "./internal/collector/...", never: []string{
			"./internal/source/...", "./internal/destination/...", "./internal/state/...", "./internal/lease/...", "./internal/config/...",
			"./internal/lambda/...", "./internal/recorder/...", "./internal/deploy/...", "./internal/diagnose/...",
		},
		why: "interfaces stand with their consumer: the loop and its stages declare what they need, and the command passes it in",
	},
	{
		from: "./internal/source/...", never: []string{"./internal/destination/...", "./internal/state/...", "./internal/config/..."},
		why: "adapters take plain values and know nothing of each other; the command wires them",
	},
	{
		from: "./internal/destination/...", never: []string{"./internal/source/...", "./internal/state/...", "./internal/lease/...", "./internal/config/..."},
		why: "adapters take plain values and know nothing of each other; the command wires them",
	},
	{
		from: "./internal/state/...", never: []string{"./internal/source/...", "./internal/destination/...", "./internal/config/..."},
		why: "adapters take plain values and know nothing of each other; the command wires them",
	},
	{
		from: "./internal/lease", only: []string{std},
		why: "the protocol knows no table: what a table of the Java library needs beyond leases is an interface that the table brings along",
	},
	{
		from: "./internal/lease/cpu", only: []string{std},
		why: "a few small files of the machine are read; a library for that reads many",
	},

	// Who alone may import a library.
	{
		from: "./...", never: []string{aws, "github.com/aws/smithy-go/..."}, except: []string{
			"./internal/source/kinesis/...", "./internal/lease/...", "./internal/destination/...",
			"./internal/collector/deadletter/sqs/...", "./internal/collector/deadletter/s3/...", "./internal/collector/enrich/...",
			"./internal/recorder/kvs/...", "./internal/recorder/recordings/...", "./internal/recorder/archive/...",
			"./internal/secret/...", "./internal/telemetry/cloudwatch/...", "./internal/permission/guard/...",
			"./internal/deploy/...", "./internal/diagnose/...", "./internal/awsclient/...",
			"./test/emulators/cloudwatch",           // reads what the SDK writes, and calls nothing
			"./test/emulators/subscribetoshard/...", // plays the service with the SDK's encoder, and makes clients of it
		},
		why: "every package that calls AWS declares its calls, and the policies are generated from the declarations",
	},
	{
		from: "./...", never: []string{"github.com/aws/aws-lambda-go/..."}, except: []string{"./cmd/bootstrap/...", "./internal/lambda/..."},
		why: "the daemon does not know that there is a Lambda",
	},
	{
		from: "./...", never: []string{"go.etcd.io/bbolt/..."}, except: []string{"./internal/state/..."}, tests: true,
		why: "one transaction settles a record; a second user of the store would open a second one",
	},
	{
		from: "./...", never: []string{"github.com/spf13/..."}, except: []string{"./internal/cli/...", "./cmd/trunkline/..."}, tests: true,
		why: "what the parts do does not depend on how a command line is written",
	},

	{
		from: "./internal/integration/...", except: []string{"./internal/integration/integrationtest"},
		only: []string{std, "./iam/...", "./internal/integration/...", "./internal/spelling", "github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/cty", "go.yaml.in/yaml/v3"},
		why:  "an integration is data, and what is made of it comes from its values alone",
	},
	{
		from: "./...", never: []string{"github.com/hashicorp/...", "github.com/zclconf/..."}, except: []string{"./internal/integration/...", "./internal/deploy/..."},
		why: "what becomes Terraform is data until it is written",
	},

	{
		from: "./internal/deploy/export/...", only: []string{std, "./internal/deploy", "github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/cty", "go.yaml.in/yaml/v3"},
		why: "an export says what the description says, in another language: it knows no config, no integration and no policy",
	},

	// The commands, at the top.
	{
		from: "./...", never: []string{"./internal/cli/..."}, except: []string{"./internal/cli/...", "./cmd/trunkline/..."}, tests: true,
		why: "commands are wiring: what a second caller needs moves down into a package with a name of its own",
	},
	{
		from: "./...", never: []string{"./cmd/..."}, except: []string{"./cmd/..."}, tests: true,
		why: "a main is imported by nobody",
	},
	{
		from: "./cmd/bootstrap/...", never: []string{"github.com/spf13/...", "go.etcd.io/bbolt/...", "./iam/...", "./internal/permission/declared"}, through: true,
		why: "a Lambda links only what it needs: size is start-up time; permission/guard comes with the build tag guard, in tests",
	},

	// Everywhere.
	{
		from: "./...", never: []string{"testing", "./test/...", "./bench/..."},
		except: []string{"./test/...", "./bench/...", "./internal/...test"},
		why:    "what is shipped links no tests; a suite for all implementations of an interface is a package whose name ends in test",
	},
	{
		from: "./...", never: []string{"log"}, tests: false,
		why: "logs are log/slog: a constant message, and attributes that know how to hide personal data",
	},
	{
		from: "./...", never: []string{"github.com/stretchr/testify/...", "gotest.tools/v3/assert/..."}, tests: true,
		why: "tests say got and want in plain Go; go-cmp shows differences",
	},
}

// matches tells whether an import path or a package's folder, written "./folder", matches a pattern.
func matches(pattern, target string) bool {
	if pattern == std {
		first, _, _ := strings.Cut(target, "/")
		return !strings.Contains(first, ".")
	}
	expr := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, `.*`)
	if base, below := strings.CutSuffix(expr, `/.*`); below {
		expr = base + `(/.*)?`
	}
	return regexp.MustCompile(`^` + expr + `$`).MatchString(target)
}

func matchesAny(patterns []string, target string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, target) })
}

// allows returns why the rule does not allow a package to import target, or nothing when it does.
func (r importRule) allows(target string) string {
	switch {
	case matchesAny(r.never, target):
		return "imports " + target
	case r.only != nil && !matchesAny(r.only, target):
		return fmt.Sprintf("imports %s; may import only %q", target, r.only)
	}
	return ""
}

func (r importRule) covers(folder string) bool {
	return matches(r.from, folder) && !matchesAny(r.except, folder)
}

// packageFolder is how patterns write the folder of a file's package.
func packageFolder(f goFile) string {
	if f.folder == "." {
		return "."
	}
	return "./" + f.folder
}

func (r importRule) check(t tree) []string {
	files := slices.DeleteFunc(slices.Clone(t.code), func(f goFile) bool { return f.module != "." || f.test && !r.tests })
	if r.through {
		return r.checkThrough(files)
	}
	var problems []string
	for _, f := range files {
		if !r.covers(packageFolder(f)) {
			continue
		}
		for _, i := range f.imports {
			if problem := r.allows(i.path); problem != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s", f.name, i.line, problem))
			}
		}
	}
	return problems
}

// checkThrough follows the imports of each package that the rule covers and shows the way to what it must not reach.
func (r importRule) checkThrough(files []goFile) []string {
	graph := map[string][]string{}
	for _, f := range files {
		if f.guard {
			continue
		}
		for _, i := range f.imports {
			graph[packageFolder(f)] = append(graph[packageFolder(f)], i.path)
		}
	}
	var problems []string
	for _, start := range slices.Sorted(maps.Keys(graph)) {
		if !r.covers(start) {
			continue
		}
		seen := map[string]bool{start: true}
		ways := [][]string{{start}}
		for len(ways) > 0 {
			way := ways[0]
			ways = ways[1:]
			for _, target := range graph[way[len(way)-1]] {
				if seen[target] {
					continue
				}
				seen[target] = true
				longer := append(slices.Clone(way), target)
				if problem := r.allows(target); problem != "" {
					problems = append(problems, strings.Join(longer, " → ")+": "+problem)
				}
				ways = append(ways, longer)
			}
		}
	}
	return problems
}

// importRules are the rules about packages: the table above, and what the syntax of their files shows.
func importRules() []rule {
	var all []rule
	for _, r := range imports {
		what := "imports only " + strings.Join(r.only, " ")
		if r.only == nil {
			what = "never imports " + r.never[0]
		}
		all = append(all, rule{name: r.from + " " + what, why: r.why, check: r.check})
	}
	return append(all,
		rule{
			name: "every Go file parses", why: "a file that the rules cannot read escapes them all",
			check: func(t tree) (problems []string) {
				for _, f := range t.code {
					if f.bad != nil {
						problems = append(problems, f.bad.Error())
					}
				}
				return problems
			},
		},
		rule{
			name: "every package has a comment", check: packageComments,
			why: "the comment says what the package does and what it promises; it starts with Package and its name, or, for a command, its name",
		},
		rule{
			name: "no init and no blank import", check: noInit,
			why: "what is there is written out in one place; an import that only registers something hides it",
		},
	)
}

func packageComments(t tree) (problems []string) {
	documented := map[string]bool{} // folder → some file has the comment
	names := map[string]string{}    // folder → name of the package
	for _, f := range t.code {
		if f.bad != nil {
			continue
		}
		name := f.syntax.Name.Name
		// A test package beside another is described there.
		if _, found := names[f.folder]; !found || !f.test {
			names[f.folder] = name
		}
		comment := f.syntax.Doc.Text()
		if strings.HasPrefix(comment, "Package "+name+" ") || name == "main" && comment != "" {
			documented[f.folder] = true
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(names)) {
		if !documented[folder] {
			problems = append(problems, fmt.Sprintf("%s: no comment that starts with Package %s", folder, names[folder]))
		}
	}
	return problems
}

func noInit(t tree) (problems []string) {
	for _, f := range t.code {
		if f.bad != nil || f.test || f.generated || f.module != "." {
			continue
		}
		for _, i := range f.imports {
			if i.blank && i.path != "embed" {
				problems = append(problems, fmt.Sprintf("%s:%d: imports %s for its side effects", f.name, i.line, i.path))
			}
		}
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				problems = append(problems, fmt.Sprintf("%s:%d: has an init function", f.name, f.fset.Position(fn.Pos()).Line))
			}
		}
	}
	return problems
}
