package terraform

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"trunkline/internal/deploy"
	"trunkline/internal/deploy/deploytest"
)

// paper is a module that is applied on paper: its expressions are computed by the library that Terraform uses.
type paper struct {
	root   *hclsyntax.Body
	policy func(id, argument, text string) // called for each policy; nil: for none
}

func newPaper(root *hclsyntax.Body) *paper { return &paper{root: root} }

// one is Terraform's function of that name, for lists of at most one item.
var one = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType, AllowNull: true}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].LengthInt() == 0 {
			return cty.NullVal(cty.String), nil
		}
		return args[0].AsValueSlice()[0], nil
	},
})

func (p *paper) context(d *deploy.Description, set deploy.Setting) *hcl.EvalContext {
	text := cty.StringVal
	variables := map[string]cty.Value{}
	for _, v := range d.Parameters {
		switch {
		case v.Number:
			n, _ := strconv.ParseInt(set[v.Name], 10, 64)
			variables[v.Name] = cty.NumberIntVal(n)
		case v.List:
			list := []cty.Value{}
			for item := range strings.SplitSeq(set[v.Name], ",") {
				if item != "" {
					list = append(list, text(item))
				}
			}
			variables[v.Name] = cty.ListValEmpty(cty.String)
			if len(list) > 0 {
				variables[v.Name] = cty.ListVal(list)
			}
		default:
			variables[v.Name] = text(set[v.Name])
		}
	}
	current := func(of map[string]cty.Value) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"current": cty.ObjectVal(of)})
	}
	all := map[string]cty.Value{
		"var": cty.ObjectVal(variables),
		"data": cty.ObjectVal(map[string]cty.Value{
			"aws_partition":       current(map[string]cty.Value{"partition": text(d.Place[deploy.Partition]), "dns_suffix": text(d.Place[deploy.DNSSuffix])}),
			"aws_region":          current(map[string]cty.Value{"region": text(d.Place[deploy.Region])}),
			"aws_caller_identity": current(map[string]cty.Value{"account_id": text(d.Place[deploy.Account])}),
		}),
	}
	functions := map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc, "concat": stdlib.ConcatFunc, "length": stdlib.LengthFunc, "one": one}
	ctx := &hcl.EvalContext{Variables: all, Functions: functions}
	resources := map[string]map[string]cty.Value{}
	for _, b := range p.root.Blocks {
		if b.Type != "resource" {
			continue
		}
		kind, id := b.Labels[0], b.Labels[1]
		made := cty.ObjectVal(map[string]cty.Value{"arn": text("<" + id + ".arn>"), "name": text("<" + id + ".name>"), "secret_string": text("<" + id + ".value>")})
		if count := b.Body.Attributes["count"]; count != nil {
			list := []cty.Value{made}
			if n, _ := count.Expr.Value(ctx); n.RawEquals(cty.NumberIntVal(0)) {
				list = nil
			}
			made = cty.TupleVal(list)
		}
		if resources[kind] == nil {
			resources[kind] = map[string]cty.Value{}
		}
		resources[kind][id] = made
	}
	for kind, of := range resources {
		all[kind] = cty.ObjectVal(of)
	}
	return ctx
}

// apply returns the constants of each resource that is made, those of its blocks together.
func (p *paper) apply(t *testing.T, d *deploy.Description, set deploy.Setting) map[string][]string {
	t.Helper()
	ctx := p.context(d, set)
	all := map[string][]string{}
	for _, b := range p.root.Blocks {
		if b.Type != "resource" {
			continue
		}
		if count := b.Body.Attributes["count"]; count != nil && p.compute(t, ctx, count.Expr) == "0" {
			continue
		}
		id := b.Labels[1]
		all[id] = append(all[id], deploytest.Leaves(p.body(t, ctx, id, b.Body))...)
		slices.Sort(all[id])
	}
	return all
}

func (p *paper) body(t *testing.T, ctx *hcl.EvalContext, id string, b *hclsyntax.Body) []any {
	t.Helper()
	all := []any{}
	for name, a := range b.Attributes {
		if name == "count" || name == "depends_on" {
			continue
		}
		value := p.compute(t, ctx, a.Expr)
		if text, is := value.(string); is && p.policy != nil && (name == "policy" || name == "assume_role_policy") {
			p.policy(id, name, text)
		}
		all = append(all, value)
	}
	for _, block := range b.Blocks {
		switch block.Type {
		case "lifecycle":
		case "dynamic":
			each := p.compute(t, ctx, block.Body.Attributes["for_each"].Expr).([]any)
			for range each {
				all = append(all, p.body(t, ctx, id, block.Body.Blocks[0].Body))
			}
		default:
			all = append(all, p.body(t, ctx, id, block.Body))
		}
	}
	return all
}

func (p *paper) compute(t *testing.T, ctx *hcl.EvalContext, e hclsyntax.Expression) any {
	t.Helper()
	value, problems := e.Value(ctx)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return plain(value)
}

func plain(v cty.Value) any {
	switch kind := v.Type(); {
	case v.IsNull():
		return nil
	case kind == cty.String:
		return v.AsString()
	case kind == cty.Number:
		return v.AsBigFloat().Text('f', -1)
	case kind == cty.Bool:
		return strconv.FormatBool(v.True())
	case kind.IsObjectType() || kind.IsMapType():
		all := map[string]any{}
		for name, inside := range v.AsValueMap() {
			all[name] = plain(inside)
		}
		return all
	}
	all := []any{}
	for _, inside := range v.AsValueSlice() {
		all = append(all, plain(inside))
	}
	return all
}
