package search

import (
	"syscall"
	"time"
)

// threadTime is what the calling thread has computed: what else the machine does meanwhile is not in it, nor are other runs.
func threadTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
