package gpu

import (
	_ "embed"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// Bounds of chat.classify. A word is counted up to maxCount times: with weights of 8 bits no pair of products can then
// exceed 16 bits, which some CPUs' byte multiplication saturates to inside ONNX Runtime.
const (
	Features    = 1024
	maxCount    = 63
	maxMessages = 256
	maxText     = 4096
)

// Classes are what chat.classify tells apart, by label.
func Classes() []string {
	return []string{"question", "task", "problem", "thanks", "greeting", "news"}
}

//go:generate go run ./train chat.onnx

//go:embed chat.onnx
var chatModel []byte

//go:embed classify.wgsl
var classifySource string

// ChatModel returns the ONNX file of chat.classify: input "counts" u8 [messages, Features], outputs "scores"
// i32 [messages, classes] and "label" i64 [messages]. The trainer in gpu/train writes it.
func ChatModel() []byte { return chatModel }

// ChatWeights returns the model's weights, i8 [Features][classes], and its bias.
var ChatWeights = sync.OnceValues(func() ([]int8, []int32) {
	m, err := ReadModel(chatModel)
	if err != nil {
		panic("gpu: the embedded model is damaged: " + err.Error())
	}
	return m.Weights, m.Bias
})

// DecodeMessages reads count (u32, 1 to 256), then for each message its length (u32, at most 4096) and its bytes.
func DecodeMessages(input []byte) ([][]byte, error) {
	h, rest, err := header(Classify, input, 1)
	if err != nil {
		return nil, err
	}
	if err := within(Classify, "count", h[0], 1, maxMessages); err != nil {
		return nil, err
	}
	messages := make([][]byte, h[0])
	for i := range messages {
		if len(rest) < 4 {
			return nil, bad(Classify, "the input ends before message %d", i)
		}
		n := binary.LittleEndian.Uint32(rest)
		if n > maxText || uint64(n) > uint64(len(rest)-4) {
			return nil, bad(Classify, "message %d is said to have %d bytes; at most %d are allowed and %d are left", i, n, maxText, len(rest)-4)
		}
		messages[i], rest = rest[4:4+n], rest[4+n:]
	}
	return messages, length(Classify, rest, 0)
}

// EncodeMessages writes the input of chat.classify.
func EncodeMessages(messages ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(messages)))
	for _, m := range messages {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(m))), m...)
	}
	return b
}

// Count writes the features of a message into counts, which must be Features zeros: how often each word and each pair of
// neighbouring words occurs, hashed (FNV-1a). A word is a run of ASCII letters, digits and bytes from 128 up, in lower
// case; every other visible character is a word of its own.
func Count(counts []byte, message []byte) {
	const offset, prime = 2166136261, 16777619
	add := func(h uint32) {
		if c := &counts[h%Features]; *c < maxCount {
			*c++
		}
	}
	last, h, inWord := uint32(offset), uint32(offset), false
	end := func() {
		if inWord {
			add(h)
			add((last*prime ^ h) * prime)
			last, h, inWord = h, offset, false
		}
	}
	for _, c := range message {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 128
		if !letter {
			end()
		}
		if c > ' ' {
			h, inWord = (h^uint32(c))*prime, true
		}
		if !letter {
			end()
		}
	}
	end()
}

// ClassifyWork is the work of classifying so many messages.
func ClassifyWork(messages int) uint64 {
	return uint64(messages) * uint64(Features*len(Classes()))
}

func classify() Kernel {
	return Kernel{
		Name: Classify,
		About: "sorts chat messages into question, task, problem, thanks, greeting, news by a linear model in whole numbers (ONNX MatMulInteger); " +
			"in: u32 count, then for each u32 length and text; out: for each u32 label (the first of the greatest scores), i32 score[6]",
		Unit: "multiply-adds",
		Work: func(input []byte) (uint64, error) {
			m, err := DecodeMessages(input)
			if err != nil {
				return 0, err
			}
			return ClassifyWork(len(m)), nil
		},
		Reference: func(input []byte) ([]byte, uint64, error) {
			messages, err := DecodeMessages(input)
			if err != nil {
				return nil, 0, err
			}
			weights, bias := ChatWeights()
			var out []byte
			for _, m := range messages {
				var counts [Features]byte
				Count(counts[:], m)
				scores := make([]int32, len(bias))
				label := 0
				for c := range scores {
					scores[c] = bias[c]
					for f, n := range counts {
						scores[c] += int32(n) * int32(weights[f*len(bias)+c])
					}
					if scores[c] > scores[label] {
						label = c
					}
				}
				out = AppendClass(out, uint32(label), scores)
			}
			return out, ClassifyWork(len(messages)), nil
		},
		Lower: func(input []byte) (*Program, error) {
			messages, err := DecodeMessages(input)
			if err != nil {
				return nil, err
			}
			counts := make([]byte, Features*len(messages))
			for i, m := range messages {
				Count(counts[i*Features:][:Features], m)
			}
			weights, bias := ChatWeights()
			wide := make([]uint32, 0, len(bias)+len(weights))
			for _, b := range bias {
				wide = append(wide, uint32(b))
			}
			for _, w := range weights {
				wide = append(wide, uint32(int32(w)))
			}
			size := 4 * len(messages) * (1 + len(bias))
			return &Program{
				Source:  classifySource,
				Buffers: []Buffer{{Data: packed([]uint32{uint32(len(messages)), Features, uint32(len(bias))})}, {Data: counts}, {Data: packed(wide)}, {Size: size}},
				Passes:  []Pass{{"main", []int{0, 1, 2, 3}, [3]uint32{uint32(len(messages)), 1, 1}}},
				Output:  3, Size: size,
			}, nil
		},
		Random: func(r *rand.Rand, size int) []byte {
			texts := make([]string, min(max(size, 1), maxMessages))
			for i := range texts {
				texts[i] = randomText(r)
			}
			return EncodeMessages(texts...)
		},
		Compare: Exact(),
	}
}

// AppendClass writes one message's part of the output.
func AppendClass(out []byte, label uint32, scores []int32) []byte {
	out = binary.LittleEndian.AppendUint32(out, label)
	for _, s := range scores {
		out = binary.LittleEndian.AppendUint32(out, uint32(s))
	}
	return out
}

// randomText is mostly words that chats have, with some noise that no model has seen.
func randomText(r *rand.Rand) string {
	common := []string{"please", "can", "you", "the", "build", "is", "broken", "thanks", "hello", "when", "where", "we", "shipped", "report", "?", "!", ",", "Ünïcode", "日本"}
	var text []byte
	for range r.IntN(24) {
		if r.IntN(4) > 0 {
			text = append(text, common[r.IntN(len(common))]...)
		} else {
			for range 1 + r.IntN(8) {
				text = append(text, byte(r.IntN(256)))
			}
		}
		text = append(text, ' ')
	}
	return string(text)
}
