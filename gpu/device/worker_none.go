//go:build !(cgo && (linux || darwin) && (amd64 || arm64))

package device

import "io"

const workerBuilt = false

// ServeWorker says that this build has no GPU worker.
func ServeWorker(io.Reader, io.Writer) error { return ErrNotBuilt }
