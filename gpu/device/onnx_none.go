//go:build !(cgo && (linux || darwin) && (amd64 || arm64))

package device

// OpenONNX says that this build has no ONNX Runtime.
func OpenONNX(Options) (Device, error) { return nil, ErrNotBuilt }
