// Package trunkline_test holds the rules of the repository: who may import whom and what every file keeps to, each with its
// reason. The rules speak of folders that may not exist yet; a rule is here before the code that could break it.
//
//	tree (every tracked file) ─▶ rule.check ─▶ problems, each with a place, what is wrong and why it matters
//
// repo_imports_test.go has the rules about packages, repo_files_test.go those about files, and repo_rules_test.go shows for
// each of them that it can fail.
package trunkline_test

import (
	"bytes"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A rule is one thing that the whole tree keeps to.
type rule struct {
	name  string
	why   string
	check func(t tree) []string // the problems: "file: what is wrong"
}

func rules() []rule {
	return slices.Concat(importRules(), fileRules())
}

func TestRepository(t *testing.T) {
	tree := readTree(t)
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			for _, problem := range rule.check(tree) {
				t.Errorf("%s\n\twhy it matters: %s", problem, rule.why)
			}
		})
	}
}

// A tree is every tracked file by its path with slashes, and those that are neither tracked nor ignored.
type tree struct {
	files map[string]file
	code  []goFile // parsed once for all rules
}

func newTree(files map[string]file) tree {
	t := tree{files: files}
	t.code = t.parse()
	return t
}

type file struct {
	data       string
	executable bool
}

func readTree(t *testing.T) tree {
	t.Helper()
	files := map[string]file{}
	for _, name := range listFiles(t) {
		info, err := os.Lstat(name)
		if os.IsNotExist(err) || err == nil && !info.Mode().IsRegular() {
			continue // deleted and not yet committed, or a link: its target counts
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.ToSlash(name)] = file{data: string(data), executable: info.Mode()&0o111 != 0}
	}
	if _, found := files["go.mod"]; !found {
		t.Fatal("no go.mod in the tree: the test reads the wrong folder")
	}
	return newTree(files)
}

// listFiles asks git, which knows what is ignored. A source archive has no .git: there every file counts, but for the folders
// that the targets of the Makefile fill.
func listFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(".git"); err == nil {
		out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
		if err != nil {
			t.Fatalf("list the files of the repository: %v", err)
		}
		names := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
		// go test keeps a result until something changes that the test itself opened: open the folders, for new files.
		for _, folder := range folders(names) {
			if _, err := os.ReadDir(folder); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		return names
	}
	filled := []string{"node_modules", ".venv", ".cache", "bin", "dist", "target"}
	var names []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(filled, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir():
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("list the files of the repository: %v", err)
	}
	return names
}

// folders returns every folder that holds one of the files, or a folder that does.
func folders(names []string) []string {
	all := map[string]bool{".": true}
	for _, name := range names {
		for dir := filepath.Dir(name); !all[dir]; dir = filepath.Dir(dir) {
			all[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// sorted returns the paths of the files that want accepts.
func (t tree) sorted(want func(name string) bool) []string {
	var names []string
	for name := range t.files {
		if want(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A goFile is what the rules want to know of one file of Go.
type goFile struct {
	name      string
	folder    string // "." is the root
	module    string // folder of the go.mod that it belongs to
	test      bool   // its name ends in _test.go
	generated bool
	guard     bool // built only with the tag guard
	lines     int
	imports   []imported
	syntax    *ast.File
	fset      *token.FileSet
	bad       error // it does not parse
}

// An imported path starts with "./" when it is in this module, so that nothing but go.mod says how the module is named.
type imported struct {
	path  string
	line  int
	blank bool
}

// parse reads the Go files of the tree, without those in testdata folders, which are inputs.
func (t tree) parse() []goFile {
	names := t.sorted(func(name string) bool {
		return strings.HasSuffix(name, ".go") && !slices.Contains(strings.Split(name, "/"), "testdata")
	})
	root := readGoMod(t.files["go.mod"].data).module
	var files []goFile
	for _, name := range names {
		data := t.files[name].data
		f := goFile{
			name: name, folder: path.Dir(name), module: t.moduleOf(name), fset: token.NewFileSet(),
			test: strings.HasSuffix(name, "_test.go"), lines: strings.Count(data, "\n"),
		}
		f.syntax, f.bad = parser.ParseFile(f.fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
		if f.bad == nil {
			f.generated = ast.IsGenerated(f.syntax)
			f.guard = !builtWithout(data, "guard")
			for _, spec := range f.syntax.Imports {
				target, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
				if rest, inside := strings.CutPrefix(target, root); inside && (rest == "" || rest[0] == '/') {
					target = "." + rest
				}
				f.imports = append(f.imports, imported{
					path:  target,
					line:  f.fset.Position(spec.Pos()).Line,
					blank: spec.Name != nil && spec.Name.Name == "_",
				})
			}
		}
		files = append(files, f)
	}
	return files
}

// moduleOf returns the folder of the nearest go.mod above a file.
func (t tree) moduleOf(name string) string {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if _, found := t.files[path.Join(dir, "go.mod")]; found || dir == "." {
			return dir
		}
	}
}

// builtWithout tells whether a file can be in a build that does not set tag.
func builtWithout(data, tag string) bool {
	for line := range strings.Lines(data) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(strings.TrimSpace(line))
		return err == nil && expr.Eval(func(t string) bool { return t != tag })
	}
	return true
}

// A goMod is what the rules want to know of a go.mod.
type goMod struct {
	module, version    string
	toolchain, replace bool
	direct             []string // module paths required without "// indirect"
}

func readGoMod(data string) goMod {
	var mod goMod
	block := ""
	for line := range strings.Lines(data) {
		code, comment, _ := strings.Cut(line, "//")
		words := strings.Fields(code)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case block != "":
			words = append([]string{block}, words...)
		case words[len(words)-1] == "(":
			block = words[0]
			mod.replace = mod.replace || block == "replace"
			continue
		}
		switch words[0] {
		case "module":
			mod.module = words[1]
		case "go":
			mod.version = words[1]
		case "toolchain":
			mod.toolchain = true
		case "replace":
			mod.replace = true
		case "require":
			if strings.TrimSpace(comment) != "indirect" {
				mod.direct = append(mod.direct, words[1])
			}
		}
	}
	return mod
}

// isText tells text from data that has no lines.
func isText(data string) bool {
	return !bytes.ContainsRune([]byte(data[:min(len(data), 8<<10)]), 0)
}
