package device

import (
	"fmt"
	"os"
	"path/filepath"
)

// Where `make setup` puts ONNX Runtime, below the root of the project.
const libraryFile = "third_party/ort/libonnxruntime.so.1"

// libraryPath finds ONNX Runtime: in Options.Library, $LGOS_ORT (the file or its folder), or third_party beside the
// executable, beside its folder, or in the Go module that holds the working directory.
func libraryPath(opts Options) (string, error) {
	for _, named := range []string{opts.Library, os.Getenv("LGOS_ORT")} {
		if named == "" {
			continue
		}
		if s, err := os.Stat(named); err == nil && s.IsDir() {
			named = filepath.Join(named, filepath.Base(libraryFile))
		}
		if _, err := os.Stat(named); err != nil {
			return "", fmt.Errorf("the library that was named is not there: %w", err)
		}
		return filepath.Abs(named)
	}
	var roots []string
	if self, err := os.Executable(); err == nil {
		roots = append(roots, filepath.Dir(self), filepath.Dir(filepath.Dir(self)))
	}
	if dir, err := os.Getwd(); err == nil {
		for !exists(filepath.Join(dir, "go.mod")) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
		}
		roots = append(roots, dir)
	}
	for _, root := range roots {
		if path := filepath.Join(root, filepath.FromSlash(libraryFile)); exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not there (make setup fetches it, or LGOS_ORT names it)", libraryFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
