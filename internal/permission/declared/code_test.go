package declared

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// code is the whole module and what it links, as the compiler sees it, without tests: of other modules what they declare, of this
// one the bodies too.
//
// It is read from its source and not from what the go command has built, which under the race detector would be built once more.
type code struct {
	fset   *token.FileSet
	module string // path of this module
	listed map[string]*listed
	order  []*listed // what is imported before what imports it
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	ImportMap       map[string]string
	Module          *struct {
		Path string
		Main bool
	}

	files []*ast.File
	types *types.Package
	info  *types.Info // of packages of this module
}

func (p *listed) own() bool { return p.Module != nil && p.Module.Main }

// readCode reads the packages among patterns that import the SDK, and all that they import, in the build with the tag aws. Others cannot
// make an input, so they call nothing.
func readCode(t *testing.T, dir string, patterns ...string) *code {
	t.Helper()
	c := &code{fset: token.NewFileSet(), listed: map[string]*listed{}}
	var callers []string
	for _, p := range list(t, dir, patterns...) {
		if _, err := os.ReadDir(p.Dir); err != nil { // go test keeps a result until something changes that the test itself opened
			t.Fatal(err)
		}
		if slices.ContainsFunc(p.Imports, func(name string) bool { return strings.HasPrefix(name, sdk) }) {
			callers = append(callers, p.ImportPath)
		}
	}
	c.order = list(t, dir, append([]string{"-deps"}, callers...)...)
	for _, p := range c.order {
		c.listed[p.ImportPath] = p
		if p.own() {
			c.module = p.Module.Path
		}
	}
	if err := c.parse(); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.order {
		if err := c.check(p); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// list asks the go command.
func list(t *testing.T, dir string, args ...string) (all []*listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-tags", "aws", "-json=ImportPath,Dir,GoFiles,Imports,ImportMap,Module"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // then no file is made by cgo
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, &p)
	}
}

// parse reads all files, on all processors.
func (c *code) parse() error {
	var (
		work   sync.WaitGroup
		mu     sync.Mutex
		failed error
		room   = make(chan struct{}, runtime.GOMAXPROCS(0))
	)
	for _, p := range c.order {
		p.files = make([]*ast.File, len(p.GoFiles))
		room <- struct{}{}
		work.Go(func() {
			defer func() { <-room }()
			for i, name := range p.GoFiles {
				file, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				p.files[i] = file
			}
		})
	}
	work.Wait()
	return failed
}

func (c *code) check(p *listed) error {
	if p.ImportPath == "unsafe" {
		p.types = types.Unsafe
		return nil
	}
	var failed error
	config := types.Config{
		Importer: importer{c, p}, IgnoreFuncBodies: !p.own(), FakeImportC: true, Sizes: types.SizesFor("gc", runtime.GOARCH),
		Error: func(err error) {
			if failed == nil && p.own() { // without their bodies other packages have imports that nothing uses
				failed = err
			}
		},
	}
	if p.own() {
		p.info = &types.Info{
			Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{},
		}
	}
	p.types, _ = config.Check(p.ImportPath, c.fset, p.files, p.info)
	if failed != nil {
		return fmt.Errorf("type-check %s: %w", p.ImportPath, failed)
	}
	if !p.own() {
		p.files = nil
	}
	return nil
}

// importer finds packages that were checked before.
type importer struct {
	code *code
	from *listed
}

func (i importer) Import(name string) (*types.Package, error) {
	if mapped, ok := i.from.ImportMap[name]; ok {
		name = mapped
	}
	p, ok := i.code.listed[name]
	if !ok || p.types == nil {
		return nil, fmt.Errorf("package %s is not there", name)
	}
	return p.types, nil
}

// short is a package's path within this module.
func (c *code) short(p *listed) string { return strings.TrimPrefix(p.ImportPath, c.module+"/") }

const (
	sdk      = "github.com/aws/aws-sdk-go-v2/"
	services = sdk + "service/"
)

// operation tells which operation of AWS a function is for: one that takes the input of an operation of a client's package. Methods
// of clients, of interfaces that clients implement, of presigners and of waiters do, and so do functions that make paginators.
func operation(signature *types.Signature) (name string, ok bool) {
	for param := range signature.Params().Variables() {
		pointer, ok := types.Unalias(param.Type()).(*types.Pointer)
		if !ok {
			continue
		}
		named, ok := types.Unalias(pointer.Elem()).(*types.Named)
		if !ok || named.Obj().Pkg() == nil {
			continue
		}
		op, input := strings.CutSuffix(named.Obj().Name(), "Input")
		service, ours := strings.CutPrefix(named.Obj().Pkg().Path(), services)
		if input && ours && !strings.Contains(service, "/") {
			return path.Base(service) + ":" + op, true
		}
	}
	return "", false
}

// calls lists the operations that a package calls, each with a place. A function of another module that takes an interface over
// operations, such as an uploader's or a waiter's constructor, may call all of them.
func (c *code) calls(p *listed) map[string]token.Position {
	found := map[string]token.Position{}
	note := func(op string, at token.Pos) {
		if _, known := found[op]; !known {
			position := c.fset.Position(at)
			position.Filename = filepath.Base(position.Filename)
			found[op] = position
		}
	}
	for ident, object := range p.info.Uses {
		fn, ok := object.(*types.Func)
		if !ok || fn.Pkg() == nil {
			continue
		}
		signature := fn.Signature()
		theirs := c.listed[fn.Pkg().Path()] == nil || !c.listed[fn.Pkg().Path()].own()
		if op, ok := operation(signature); ok && (theirs || signature.Recv() != nil && types.IsInterface(signature.Recv().Type())) {
			note(op, ident.Pos())
		}
		if !theirs {
			continue
		}
		for param := range signature.Params().Variables() {
			asked, ok := param.Type().Underlying().(*types.Interface)
			if !ok {
				continue
			}
			for method := range asked.Methods() {
				if op, ok := operation(method.Signature()); ok {
					note(op, ident.Pos())
				}
			}
		}
	}
	return found
}

// declarations lists the operations that a package declares: the constant Operation of its literals of call.Call.
func (c *code) declarations(p *listed) map[string]token.Position {
	found := map[string]token.Position{}
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || types.TypeString(p.info.Types[literal].Type, nil) != c.module+"/internal/permission/call.Call" {
				return true
			}
			for _, element := range literal.Elts {
				field, ok := element.(*ast.KeyValueExpr)
				if key, named := field.Key.(*ast.Ident); ok && named && key.Name == "Operation" {
					if value := p.info.Types[field.Value].Value; value != nil {
						at := c.fset.Position(literal.Pos())
						at.Filename = filepath.Base(at.Filename)
						found[strings.Trim(value.ExactString(), `"`)] = at
					}
				}
			}
			return true
		})
	}
	return found
}
