package workload

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"testing"
)

// FuzzReadRecording: no file makes the reader of text traces panic, and what it takes can be replayed: parents are earlier
// transactions, agents are counted.
func FuzzReadRecording(f *testing.F) {
	plain, err := json.Marshal(Generated(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(plain)
	z.Close()
	f.Add(packed.Bytes())
	f.Add([]byte(`{"endContent":"a","numAgents":1,"txns":[{"parents":[],"agent":0,"patches":[[0,0,"a"]]},{"parents":[0],"agent":1000,"patches":[[18446744073709551615,1,""]]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := ReadRecording("trace.json", b)
		if err != nil {
			return
		}
		for i, txn := range rec.Txns {
			if txn.Agent < 0 || txn.Agent >= rec.Agents {
				t.Fatalf("transaction %d is by agent %d of %d", i, txn.Agent, rec.Agents)
			}
			for _, p := range txn.Parents {
				if p < 0 || p >= i {
					t.Fatalf("transaction %d has the parent %d", i, p)
				}
			}
		}
	})
}
