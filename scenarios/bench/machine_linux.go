package bench

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// describeMachine gives the CPU's model, the memory in bytes and the kernel's version; what the system does not tell is empty.
func describeMachine() (cpu string, memory uint64, kernel string) {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range bytes.Lines(b) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		if n, _ := fmt.Sscanf(string(b), "MemTotal: %d kB", &memory); n == 1 {
			memory <<= 10
		}
	}
	b, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kernel, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-") // what follows is who built it
	return cpu, memory, kernel
}

// loadAverage is how many processes were runnable, averaged over the last minute.
func loadAverage() (load float64) {
	b, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(b), &load) // 0 is not told
	return load
}
