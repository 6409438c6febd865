package results

import (
	"strings"
	"unicode/utf8"
)

// Columns is the width that all text for terminals keeps to, but for single words that are longer.
const Columns = 100

// Width counts the runes of a line, escapes that colour it apart.
func Width(s string) int {
	n := utf8.RuneCountInString(s)
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return n
		}
		j := strings.IndexByte(s[i:], 'm')
		n -= j + 1
		s = s[i+j+1:]
	}
}

// Wrap breaks a text at spaces into lines of at most so many columns, the first with the head before it and the others
// with the margin.
func Wrap(head, margin, text string, columns int) []string {
	var lines []string
	line := head
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && Width(line)+1+Width(word) > columns:
			lines = append(lines, line)
			line = margin
		case i > 0:
			line += " "
		}
		line += word
	}
	return append(lines, strings.TrimRight(line, " "))
}

// Row wraps a text to Columns behind a head, with the next lines indented as far or by the given margin; each line ends.
func Row(head, text string, margin ...string) string {
	indent := strings.Repeat(" ", Width(head))
	if len(margin) > 0 {
		indent = margin[0]
	}
	return strings.Join(Wrap(head, indent, text, Columns), "\n") + "\n"
}
