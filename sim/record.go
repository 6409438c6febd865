package sim

import "github.com/lifegraph-os/lgos-sim/node/step"

// Recording is what one host saw, enough to replay it alone.
type Recording struct {
	Host   HostID
	Digest HostDigest // what a replay must give
}

func (r *Recording) input(k Key, now step.Now, next step.Conn, in step.Input) {}
func (r *Recording) carried(all bool, n int)                                  {}
func (r *Recording) crash(k Key, mode CrashMode)                              {}

// MarshalBinary encodes a recording.
func (r *Recording) MarshalBinary() ([]byte, error) { return nil, nil }

// UnmarshalBinary decodes a recording. It never panics.
func (r *Recording) UnmarshalBinary(b []byte) error { return nil }

// ReplayHost feeds a recording to processes made anew and gives the digest and, where it differs from the recorded one,
// the text of the first event that does.
func ReplayHost(rec *Recording, newProcess func(life uint32) Process) (digest HostDigest, firstDiffering string, err error) {
	return
}
