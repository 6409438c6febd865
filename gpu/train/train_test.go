package main

import (
	"bytes"
	"testing"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// The model in the tree is what the trainer writes, and it knows messages that it never saw.
func TestModelIsReproducible(t *testing.T) {
	m := train(corpus(6000, 1))
	if !bytes.Equal(m.Write(), gpu.ChatModel()) {
		t.Error("gpu/chat.onnx is not what the trainer writes: run `go generate ./gpu`")
	}
	if a := accuracy(m, corpus(2000, 2)); a < 0.97 {
		t.Errorf("right on %.1f %% of unseen messages", 100*a)
	}
}
