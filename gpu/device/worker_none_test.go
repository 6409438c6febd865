//go:build !(cgo && (linux || darwin) && (amd64 || arm64))

package device

func testWorker(string) error { return ErrNotBuilt }
