//go:build cgo && (linux || darwin) && (amd64 || arm64)

package device

import (
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// OpenONNX loads ONNX Runtime and the models of the kernels that have one, and tests them.
func OpenONNX(opts Options) (Device, error) {
	path, err := libraryPath(opts)
	if err != nil {
		return nil, err
	}
	if err := environment(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	o := &onnx{version: ort.GetVersion()}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(1); err != nil { // the models are small: threads would cost more than they bring
		return nil, err
	}
	o.session, err = ort.NewDynamicAdvancedSessionWithONNXData(gpu.ChatModel(), []string{"counts"}, []string{"scores", "label"}, options)
	if err != nil {
		return nil, fmt.Errorf("the model of %s: %w", gpu.Classify, err)
	}
	return test(o)
}

// environment loads the library once in a process: it cannot be loaded twice, nor another in its place.
var (
	environmentLock sync.Mutex
	environmentPath string
)

func environment(path string) error {
	environmentLock.Lock()
	defer environmentLock.Unlock()
	if environmentPath == path {
		return nil
	}
	if environmentPath != "" {
		return fmt.Errorf("this process has already loaded %s", environmentPath)
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return err
	}
	environmentPath = path
	return nil
}

type onnx struct {
	version string
	lock    sync.Mutex
	session *ort.DynamicAdvancedSession
}

func (o *onnx) Info() Info {
	return Info{Kind: ONNX, Adapter: "ONNX Runtime " + o.version, Backend: "CPU"}
}

func (o *onnx) Has(kernel string) bool { return kernel == gpu.Classify }

func (o *onnx) Close() error {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.session == nil {
		return nil
	}
	s := o.session
	o.session = nil
	return s.Destroy()
}

// Do counts the words here and leaves the arithmetic and the choice of the label to the model.
func (o *onnx) Do(kernel string, input []byte) ([]byte, error) {
	if kernel != gpu.Classify {
		return nil, unknown(kernel)
	}
	messages, err := gpu.DecodeMessages(input)
	if err != nil {
		return nil, err
	}
	n, classes := len(messages), len(gpu.Classes())
	counts := make([]byte, n*gpu.Features)
	for i, m := range messages {
		gpu.Count(counts[i*gpu.Features:][:gpu.Features], m)
	}
	in, err := ort.NewTensor(ort.NewShape(int64(n), gpu.Features), counts)
	if err != nil {
		return nil, err
	}
	defer in.Destroy()
	scores, err := ort.NewEmptyTensor[int32](ort.NewShape(int64(n), int64(classes)))
	if err != nil {
		return nil, err
	}
	defer scores.Destroy()
	labels, err := ort.NewEmptyTensor[int64](ort.NewShape(int64(n)))
	if err != nil {
		return nil, err
	}
	defer labels.Destroy()
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.session == nil {
		return nil, fmt.Errorf("%s is closed", o.Info())
	}
	if err := o.session.Run([]ort.Value{in}, []ort.Value{scores, labels}); err != nil {
		return nil, err
	}
	var out []byte
	for i, label := range labels.GetData() {
		out = gpu.AppendClass(out, uint32(label), scores.GetData()[i*classes:(i+1)*classes])
	}
	return out, nil
}
