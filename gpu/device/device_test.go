package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// The test binary is its own GPU worker; LGOS_TEST_WORKER makes it a faulty one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "gpu-worker" {
		if err := testWorker(os.Getenv("LGOS_TEST_WORKER")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if gpuOff() {
		fmt.Println("GPU=off: THE TESTS OF WEBGPU AND ONNX RUNTIME ARE SWITCHED OFF")
	}
	os.Exit(m.Run())
}

// self makes the test binary the worker.
func self(o Options) Options {
	if len(o.Worker) == 0 {
		o.Worker = []string{os.Args[0], "gpu-worker"}
	}
	return o
}

func gpuOff() bool { return os.Getenv("GPU") == "off" }

// needs opens a device that make setup installs; without it the test fails, unless GPU=off asks to do without.
func needs(t testing.TB, open func(Options) (Device, error), opts Options) Device {
	t.Helper()
	if gpuOff() {
		t.Skip("switched off by GPU=off")
	}
	d, err := open(self(opts))
	if err != nil {
		t.Fatalf("%v\nrun `make setup`, or set GPU=off to do without", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// agree compares a device with the References on random inputs of many sizes.
func agree(t *testing.T, d Device, rounds int) {
	for _, k := range gpu.All() {
		if !d.Has(k.Name) {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			draw := rand.New(rand.NewPCG(7, 7))
			for i := range rounds {
				size := 1 << draw.IntN(14)
				if i == 0 {
					size = 300000
				}
				input := k.Random(draw, size)
				want, _, err := k.Reference(input)
				if err != nil {
					t.Fatal(err)
				}
				got, err := d.Do(k.Name, input)
				if err != nil {
					t.Fatal(err)
				}
				if !k.Compare.Same(got, want) {
					t.Fatalf("size %d: the output differs from the Reference's", size)
				}
			}
		})
	}
}

func TestCPUAgreesWithReference(t *testing.T) {
	for _, procs := range []int{1, 2, 7} {
		t.Run(fmt.Sprint(procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			agree(t, NewCPU(), 12)
		})
	}
}

func TestWebGPUAgreesWithReference(t *testing.T) {
	d := needs(t, OpenWebGPU, Options{})
	for _, k := range gpu.All() {
		if !d.Has(k.Name) {
			t.Errorf("%s may not run %s: %s", d.Info(), k.Name, d.Info().SelfTest)
		}
	}
	t.Logf("%s, self-test: %s", d.Info(), d.Info().SelfTest)
	agree(t, d, 12)
}

func TestONNXRuntimeAgreesWithReference(t *testing.T) {
	d := needs(t, OpenONNX, Options{})
	t.Logf("%s, self-test: %s", d.Info(), d.Info().SelfTest)
	agree(t, d, 12)
	// Counts at their bound with weights at theirs: byte multiplications inside must not saturate.
	words := strings.Repeat("thanks ", 580)
	input := gpu.EncodeMessages(words, "", "hello", strings.Repeat("broken server ", 290))
	want, _, _ := byName(t, gpu.Classify).Reference(input)
	if got, err := d.Do(gpu.Classify, input); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("differs on saturated counts (%v)", err)
	}
}

func byName(t testing.TB, name string) gpu.Kernel {
	k, ok := gpu.Find(name)
	if !ok {
		t.Fatalf("no kernel %s", name)
	}
	return k
}

// A bad input has the same error on every device, before any device sees it.
func TestBadInputIsAnInputErrorEverywhere(t *testing.T) {
	devices := []Device{NewCPU()}
	if !gpuOff() {
		devices = append(devices, needs(t, OpenWebGPU, Options{}), needs(t, OpenONNX, Options{}))
	}
	for _, k := range gpu.All() {
		for _, input := range [][]byte{nil, {1}, make([]byte, 64)} {
			_, want := k.Work(input)
			for _, d := range devices {
				if !d.Has(k.Name) {
					continue
				}
				_, err := d.Do(k.Name, input)
				var bad *gpu.InputError
				if !errors.As(err, &bad) || err.Error() != want.Error() {
					t.Errorf("%s on %s: %v, want %v", k.Name, d.Info(), err, want)
				}
			}
		}
	}
	if _, err := NewCPU().Do("no.such", nil); err == nil {
		t.Error("an unknown kernel was computed")
	}
}

// wrong flips the lowest bit of one kernel's outputs.
type wrong struct {
	Device
	kernel string
}

func (w wrong) Do(kernel string, input []byte) ([]byte, error) {
	out, err := w.Device.Do(kernel, input)
	if err == nil && kernel == w.kernel {
		out[len(out)/2&^3] ^= 1
	}
	return out, err
}

func TestSelfTestCatchesAWrongKernel(t *testing.T) {
	for _, k := range gpu.All() {
		d, err := test(wrong{NewCPU(), k.Name})
		if !k.Floats {
			if err == nil || !strings.Contains(err.Error(), k.Name) {
				t.Errorf("a device that is wrong on %s was opened (%v)", k.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("a device that is wrong on floats only was refused: %v", err)
			continue
		}
		for _, other := range gpu.All() {
			if d.Has(other.Name) == other.Floats {
				t.Errorf("%s: has %s = %v", d.Info().SelfTest, other.Name, d.Has(other.Name))
			}
		}
		if _, err := d.Do(k.Name, k.Random(rand.New(rand.NewPCG(1, 2)), 10)); err == nil {
			t.Errorf("%s was computed by a device that failed it", k.Name)
		}
	}
}

func TestSelfTestCatchesAWrongShader(t *testing.T) {
	d := needs(t, OpenWebGPU, Options{Env: []string{"LGOS_TEST_WORKER=wrong-floats"}})
	if d.Has(gpu.MatMul) || !d.Has(gpu.Histogram) || !strings.Contains(d.Info().SelfTest, "integer kernels only") {
		t.Errorf("a shader that rounds wrongly was not caught: %s", d.Info().SelfTest)
	}
	if _, err := OpenWebGPU(self(Options{Env: []string{"LGOS_TEST_WORKER=wrong-integers"}})); err == nil || !strings.Contains(err.Error(), gpu.Histogram) {
		t.Errorf("a shader that counts wrongly was not caught: %v", err)
	}
}

// Killing the worker, idle or in the middle of a job, loses no job and changes no bit.
func TestNoJobIsLostWhenTheWorkerDies(t *testing.T) {
	d := needs(t, OpenWebGPU, Options{})
	w := d.(*tested).Device.(*webgpu)
	k := byName(t, gpu.MatMul)
	input := k.Random(rand.New(rand.NewPCG(3, 3)), 200000)
	want, err := NewCPU().Do(gpu.MatMul, input)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		switch i {
		case 1, 3: // the job is with the worker
			w.killInFlight = true
		case 5: // the worker is idle
			w.worker.cmd.Process.Kill()
		}
		if got, err := d.Do(gpu.MatMul, input); err != nil || !bytes.Equal(got, want) {
			t.Errorf("job %d: lost or changed: %v", i, err)
		}
	}
	if w.restarts != 3 {
		t.Errorf("the worker was killed 3 times and restarted %d times", w.restarts)
	}
}

// A worker that dies of a job again and again costs that job an error, and the next job nothing.
func TestAPoisonousJobIsGivenUp(t *testing.T) {
	d := needs(t, OpenWebGPU, Options{Env: []string{"LGOS_TEST_WORKER=dies-of-big-jobs"}})
	k := byName(t, gpu.PrefixSum)
	draw := rand.New(rand.NewPCG(4, 4))
	if _, err := d.Do(k.Name, k.Random(draw, 50000)); err == nil || !strings.Contains(err.Error(), "given up after 3 tries") || !strings.Contains(err.Error(), "dying") {
		t.Errorf("%v", err)
	}
	input := k.Random(draw, 100)
	want, _, _ := k.Reference(input)
	if got, err := d.Do(k.Name, input); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the job after it: %v", err)
	}
}

// A program that is its own worker without knowing it must not start copies of itself without end.
func TestATestBinaryIsNoWorker(t *testing.T) {
	if _, err := OpenWebGPU(Options{}); err == nil {
		t.Error("a test binary was started as a worker")
	}
	t.Setenv(inWorker, "1")
	if _, err := OpenWebGPU(self(Options{})); err == nil {
		t.Error("a worker started a worker")
	}
}

func TestAutoFallsBackInOneLine(t *testing.T) {
	var said []string
	d, err := Open(Auto, Options{Worker: []string{"/no/such/program"}, Library: "/no/such/library", Say: func(s string) { said = append(said, s) }})
	if err != nil || d.Info().Kind != CPU || len(said) != 1 || strings.Contains(said[0], "\n") || said[0] != "device: "+d.Info().Note {
		t.Fatalf("%v %q %+v", err, said, d.Info())
	}
	agree(t, d, 2)
	if _, err := Open(WebGPU, Options{Worker: []string{"/no/such/program"}}); err == nil {
		t.Error("webgpu was opened without a worker")
	}
	if _, err := Open("tpu", Options{}); err == nil {
		t.Error("an unknown kind was opened")
	}
}

func TestAutoUsesAllThatIsThere(t *testing.T) {
	d := needs(t, func(o Options) (Device, error) { return Open(Auto, o) }, Options{Say: func(s string) { t.Error(s) }})
	if i := d.Info(); i.Kind != WebGPU || !strings.Contains(i.Adapter, "ONNX Runtime") {
		t.Errorf("%+v", i)
	}
	agree(t, d, 4)
	kinds := map[string]bool{}
	for _, i := range List(self(Options{})) {
		kinds[i.Kind] = i.Usable
	}
	if !kinds[CPU] || !kinds[WebGPU] || !kinds[ONNX] {
		t.Errorf("devices: %v", kinds)
	}
}

func TestBenchHasARowForEveryDevice(t *testing.T) {
	if gpuOff() {
		t.Skip("switched off by GPU=off")
	}
	rows, missing, err := Bench(self(Options{}), 0)
	if err != nil || len(missing) > 0 {
		t.Fatal(err, missing)
	}
	for _, r := range rows {
		t.Logf("%-14s %-50.50s %9d B %12d %s %8d jobs %10.3f ms %8.1f M/s", r.Kernel, r.Device, r.Bytes, r.Work, r.Unit, r.Jobs, r.PerJob.Seconds()*1e3, r.Rate/1e6)
	}
	if len(rows) != 2*(3*len(gpu.All())+1) {
		t.Errorf("%d rows", len(rows))
	}
}

func TestFramesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, id := rapid.Byte().Draw(t, "kind"), rapid.Uint32().Draw(t, "id")
		a, b := rapid.SliceOf(rapid.Byte()).Draw(t, "a"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		var pipe bytes.Buffer
		if err := writeFrame(&pipe, kind, id, a, b); err != nil {
			t.Fatal(err)
		}
		f, err := readFrame(&pipe)
		if err != nil || f.kind != kind || f.id != id || !bytes.Equal(f.payload, append(bytes.Clone(a), b...)) {
			t.Fatalf("%v %v", f, err)
		}
		if _, err := readFrame(&pipe); err != io.EOF {
			t.Fatalf("after the last frame: %v", err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	var pipe bytes.Buffer
	writeFrame(&pipe, frameJob, 1, []byte{5}, []byte("hello"), []byte("input"))
	writeFrame(&pipe, frameInfo, 0, []byte(`{"kind":"webgpu"}`))
	f.Add(pipe.Bytes())
	f.Add([]byte{255, 255, 255, 255, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		for {
			fr, err := readFrame(r)
			if err != nil {
				return
			}
			if name, input, err := fr.job(); err == nil && 1+len(name)+len(input) != len(fr.payload) {
				t.Fatal("bytes were lost")
			}
			fr.info()
		}
	})
}
