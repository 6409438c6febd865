package gpu

import (
	"encoding/binary"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is a linear classifier in whole numbers: scores = counts·Weights + Bias.
type Model struct {
	Classes []string
	Weights []int8 // [Features][len(Classes)]
	Bias    []int32
}

// ONNX element types.
const (
	onnxUint8 = 2
	onnxInt8  = 3
	onnxInt32 = 6
	onnxInt64 = 7
)

// Write encodes the model as an ONNX file (IR 8, opset 13): MatMulInteger, Add, ArgMax. Field numbers are those of
// onnx.proto3.
func (m Model) Write() []byte {
	classes := int64(len(m.Classes))
	raw := make([]byte, len(m.Weights))
	for i, w := range m.Weights {
		raw[i] = byte(w)
	}
	var bias []byte
	for _, b := range m.Bias {
		bias = binary.LittleEndian.AppendUint32(bias, uint32(b))
	}
	var graph message
	graph.message(1, node("MatMulInteger", []string{"counts", "weights"}, "products"))
	graph.message(1, node("Add", []string{"products", "bias"}, "scores"))
	graph.message(1, node("ArgMax", []string{"scores"}, "label", "axis", 1, "keepdims", 0))
	graph.text(2, "chat.classify")
	graph.message(5, tensor("weights", onnxInt8, raw, Features, classes))
	graph.message(5, tensor("bias", onnxInt32, bias, classes))
	graph.message(11, value("counts", onnxUint8, Features))
	graph.message(12, value("scores", onnxInt32, classes))
	graph.message(12, value("label", onnxInt64))

	var opset, names, model message
	opset.number(2, 13)
	names.text(1, "classes")
	names.text(2, strings.Join(m.Classes, ","))
	model.number(1, 8)
	model.text(2, "lgos-sim")
	model.message(7, graph)
	model.message(8, opset)
	model.message(14, names)
	return model
}

// message is a protobuf message being written.
type message []byte

func (m *message) number(field protowire.Number, v uint64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), v)
}

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) message(field protowire.Number, b message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

// node is a NodeProto; attributes are pairs of name and number.
func node(op string, inputs []string, output string, attributes ...any) (n message) {
	for _, in := range inputs {
		n.text(1, in)
	}
	n.text(2, output)
	n.text(3, output)
	n.text(4, op)
	for i := 0; i < len(attributes); i += 2 {
		var a message
		a.text(1, attributes[i].(string))
		a.number(3, uint64(attributes[i+1].(int)))
		a.number(20, 2) // the attribute is an integer
		n.message(5, a)
	}
	return n
}

// tensor is a TensorProto with raw data.
func tensor(name string, kind uint64, raw []byte, dims ...int64) (t message) {
	for _, d := range dims {
		t.number(1, uint64(d))
	}
	t.number(2, kind)
	t.text(8, name)
	t.message(9, raw)
	return t
}

// value is a ValueInfoProto whose first dimension is the number of messages.
func value(name string, kind uint64, dims ...int64) (v message) {
	var shape, dim, kinds, outer message
	dim.text(2, "messages")
	shape.message(1, dim)
	for _, d := range dims {
		dim = nil
		dim.number(1, uint64(d))
		shape.message(1, dim)
	}
	kinds.number(1, kind)
	kinds.message(2, shape)
	outer.message(1, kinds)
	v.text(1, name)
	v.message(2, outer)
	return v
}

// ReadModel finds weights, bias and class names in a file that Write made. It is no general ONNX reader.
func ReadModel(file []byte) (m Model, err error) {
	err = fields(file, func(field protowire.Number, b []byte) error {
		switch field {
		case 7:
			return fields(b, func(field protowire.Number, b []byte) error {
				if field != 5 {
					return nil
				}
				return m.readTensor(b)
			})
		case 14:
			return fields(b, func(field protowire.Number, b []byte) error {
				if field == 2 {
					m.Classes = strings.Split(string(b), ",")
				}
				return nil
			})
		}
		return nil
	})
	if err == nil && (len(m.Classes) == 0 || len(m.Bias) != len(m.Classes) || len(m.Weights) != Features*len(m.Classes)) {
		err = fmt.Errorf("%d classes, %d biases and %d weights do not fit together", len(m.Classes), len(m.Bias), len(m.Weights))
	}
	return m, err
}

func (m *Model) readTensor(b []byte) error {
	var name string
	var raw []byte
	err := fields(b, func(field protowire.Number, b []byte) error {
		switch field {
		case 8:
			name = string(b)
		case 9:
			raw = b
		}
		return nil
	})
	switch name {
	case "weights":
		m.Weights = make([]int8, len(raw))
		for i, w := range raw {
			m.Weights[i] = int8(w)
		}
	case "bias":
		m.Bias = m.Bias[:0]
		for _, w := range words(raw) {
			m.Bias = append(m.Bias, int32(w))
		}
	}
	return err
}

// fields calls f for each field of a message that holds bytes, and passes over the others.
func fields(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if kind == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return protowire.ParseError(n)
			}
			if err := f(field, v); err != nil {
				return err
			}
			b = b[n:]
		} else if n = protowire.ConsumeFieldValue(field, kind, b); n < 0 {
			return protowire.ParseError(n)
		} else {
			b = b[n:]
		}
	}
	return nil
}
