// Command train makes the model of chat.classify: it writes its own corpus of chat messages, trains a perceptron in whole
// numbers, and writes the ONNX file. Every run gives the same bytes.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: train FILE.onnx")
		os.Exit(3)
	}
	m := train(corpus(6000, 1))
	fmt.Printf("right on unseen messages: %.1f %%\n", 100*accuracy(m, corpus(2000, 2)))
	if err := os.WriteFile(os.Args[1], m.Write(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
