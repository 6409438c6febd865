package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// decodeKinded reads {kind: K, fields of K} from the syntax tree, so that an error names the right line and column.
// make gives a pointer to the spec of a kind, or nil.
func decodeKinded(node ast.Node, what string, kinds []string, make func(kind string) any) (any, error) {
	at := node.GetToken().Position
	fields, ok := node.(*ast.MappingNode)
	if single, one := node.(*ast.MappingValueNode); one {
		fields, ok = ast.Mapping(single.GetToken(), false, single), true
	}
	if !ok {
		return nil, fmt.Errorf("[%d:%d] %s must be a mapping with a kind", at.Line, at.Column, what)
	}
	rest := ast.Mapping(fields.GetToken(), false)
	kind := ""
	for _, v := range fields.Values {
		if v.Key.String() == "kind" {
			kind = strings.Trim(v.Value.String(), `"'`)
			at = v.Value.GetToken().Position
		} else {
			rest.Values = append(rest.Values, v)
		}
	}
	spec := make(kind)
	if spec == nil {
		return nil, fmt.Errorf("[%d:%d] %s has no kind %q: it is one of %s", at.Line, at.Column, what, kind, strings.Join(kinds, ", "))
	}
	if len(rest.Values) > 0 {
		if err := yaml.NodeToValue(rest, spec, yaml.Strict()); err != nil {
			return nil, err
		}
	}
	return spec, nil
}

// encodeKinded gives {kind: K, fields of K} for printing.
func encodeKinded(kind string, spec any) (any, error) {
	all := yaml.MapSlice{{Key: "kind", Value: kind}}
	text, err := yaml.Marshal(spec)
	if err != nil {
		return nil, err
	}
	var fields yaml.MapSlice
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	return append(all, fields...), nil
}

func (w *Work) UnmarshalYAML(_ context.Context, n ast.Node) error {
	spec, err := decodeKinded(n, "work", workload.Kinds(), func(k string) any {
		if !slices.Contains(workload.Kinds(), k) {
			return nil
		}
		return workload.NewSpec(k)
	})
	if err == nil {
		w.Spec = spec.(workload.Spec)
	}
	return err
}

func (w Work) MarshalYAML() (any, error) { return encodeKinded(w.Kind(), w.Spec) }

func (f *Fault) UnmarshalYAML(_ context.Context, n ast.Node) error {
	spec, err := decodeKinded(n, "fault", fault.Kinds(), func(k string) any {
		if !slices.Contains(fault.Kinds(), k) {
			return nil
		}
		return fault.NewSpec(k)
	})
	if err == nil {
		f.Spec = spec.(fault.Spec)
	}
	return err
}

func (f Fault) MarshalYAML() (any, error) { return encodeKinded(f.Kind(), f.Spec) }

func (l *Liar) UnmarshalYAML(_ context.Context, n ast.Node) error {
	spec, err := decodeKinded(n, "liar", byzantine.Kinds(), func(k string) any {
		if !slices.Contains(byzantine.Kinds(), k) {
			return nil
		}
		return byzantine.NewSpec(k)
	})
	if err == nil {
		l.Spec = spec.(byzantine.Spec)
	}
	return err
}

func (l Liar) MarshalYAML() (any, error) { return encodeKinded(l.Kind(), l.Spec) }
