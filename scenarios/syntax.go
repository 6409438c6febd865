package scenarios

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of YAML from outside. The parser recurses, and takes time in the square of the depth; a block is nested as deep as
// the columns of its marks allow, brackets as deep as they stand open.
const (
	maxBrackets = 32
	maxColumn   = 500 // of - ? and : outside brackets
	maxMarks    = 64  // - and ? of one line
)

// ParseYAML reads the syntax of one file that somebody else may have written. Anchors, aliases and tags, which can blow
// a small file up and which no file here needs, are refused, and so is what is nested too deep. The parser's panics on
// broken input become errors.
func ParseYAML(b []byte) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not YAML: %v", r)
		}
	}()
	tokens := lexer.Tokenize(string(b))
	if err := bounded(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0)
}

func bounded(tokens token.Tokens) error {
	open, line, marks := 0, 0, 0
	for _, t := range tokens {
		at := t.Position
		refuse := func(why string) error { return fmt.Errorf("[%d:%d] %s", at.Line, at.Column, why) }
		if at.Line != line {
			line, marks = at.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return refuse("anchors, aliases, merges and tags are not taken: write it out")
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open = max(0, open-1)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if t.Type != token.MappingValueType || open == 0 {
				marks++
			}
			if open == 0 && at.Column > maxColumn {
				return refuse("nested too deep")
			}
		}
		if open > maxBrackets || marks > maxMarks {
			return refuse("nested too deep")
		}
	}
	return nil
}
