package results

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestSchemaDocumentsTheRecord makes record.schema.json from the types and their comments, so that the two cannot part.
func TestSchemaDocumentsTheRecord(t *testing.T) {
	b, err := json.MarshalIndent(schema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	const golden = "record.schema.json"
	if *update {
		if err := os.WriteFile(golden, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, want) {
		t.Errorf("%s does not describe the types; run go test ./results -update, and count SchemaVersion up where old records no longer read", golden)
	}
}

func schema(t *testing.T) map[string]any {
	file, err := parser.ParseFile(token.NewFileSet(), "record.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{} // by Type and by Type.Field
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec := g.Specs[0].(*ast.TypeSpec)
		docs[spec.Name.Name] = strings.Join(strings.Fields(g.Doc.Text()), " ")
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				docs[spec.Name.Name+"."+f.Names[0].Name] = strings.TrimSpace(f.Comment.Text())
			}
		}
	}
	defs := map[string]any{}
	describe(t, reflect.TypeFor[Record](), docs, defs)
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A record of lgos-sim, layout " + string(rune('0'+SchemaVersion)),
		"$ref": "#/$defs/Record", "$defs": defs}
}

func describe(t *testing.T, typ reflect.Type, docs map[string]string, defs map[string]any) any {
	switch {
	case typ == reflect.TypeFor[Seconds]():
		return map[string]any{"type": "number"}
	case typ == reflect.TypeFor[Outcome]():
		return map[string]any{"enum": Outcomes()}
	}
	switch typ.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": describe(t, typ.Elem(), docs, defs)}
	}
	if typ.Kind() != reflect.Struct {
		t.Fatalf("the schema knows no %s", typ)
	}
	ref := map[string]any{"$ref": "#/$defs/" + typ.Name()}
	if defs[typ.Name()] != nil {
		return ref
	}
	properties, required := map[string]any{}, []string{}
	defs[typ.Name()] = map[string]any{"type": "object", "description": docs[typ.Name()], "additionalProperties": false, "properties": properties}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, optional := jsonName(f)
		if !optional {
			required = append(required, name)
		}
		doc := docs[typ.Name()+"."+f.Name]
		if doc == "" {
			t.Errorf("%s.%s has no comment", typ.Name(), f.Name)
		}
		p, _ := describe(t, f.Type, docs, defs).(map[string]any)
		p["description"] = doc
		properties[name] = p
	}
	defs[typ.Name()].(map[string]any)["required"] = required
	return ref
}
