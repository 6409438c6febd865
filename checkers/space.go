package checkers

// space is what follows from the admissible operations of one space, whoever holds them.
type space struct {
	id      key
	number  int
	genesis key
	ops     []*operation // causes before effects
	rules   []*rule
	grants  map[key][]*rule
	revokes map[key][]*rule
	rulings map[string]*ruling
	seqs    map[chainSeq]*operation
	forked  []*forked
}

type chainSeq struct {
	chain chain
	seq   uint64
}

// forked is a chain of which two operations with one seq are known.
type forked struct {
	chain  chain
	number int
	seqs   []uint64
	twins  [][]*operation // for each of seqs
}

func newSpace(id key, number int) *space {
	return &space{
		id: id, number: number, grants: map[key][]*rule{}, revokes: map[key][]*rule{}, rulings: map[string]*ruling{},
		seqs: map[chainSeq]*operation{},
	}
}

// add takes in an admissible operation whose causes are all in.
func (s *space) add(o *operation) {
	o.index = len(s.ops)
	s.ops = append(s.ops, o)
	if r := o.rule; r != nil {
		r.number = len(s.rules)
		s.rules = append(s.rules, r)
		r.past = s.pastOf(o)
		for _, who := range r.named {
			if r.revoke {
				s.revokes[who] = append(s.revokes[who], r)
			} else {
				s.grants[who] = append(s.grants[who], r)
			}
		}
	}
	at := chainSeq{o.chain, o.head.Seq}
	if first := s.seqs[at]; first != nil {
		s.fork(first, o)
	} else {
		s.seqs[at] = o
	}
}

// fork records that two operations have one chain and seq.
func (s *space) fork(first, o *operation) {
	var f *forked
	for _, k := range s.forked {
		if k.chain == o.chain {
			f = k
		}
	}
	if f == nil {
		f = &forked{chain: o.chain, number: len(s.forked)}
		s.forked = append(s.forked, f)
	}
	for i, q := range f.seqs {
		if q == o.head.Seq {
			f.twins[i] = append(f.twins[i], o)
			return
		}
	}
	f.seqs = append(f.seqs, o.head.Seq)
	f.twins = append(f.twins, []*operation{first, o})
}

// pastOf are the operations in the causal past of one, by index.
func (s *space) pastOf(o *operation) bitset {
	past := make(bitset, (len(s.ops)+63)/64)
	todo := append([]*operation(nil), o.causes...)
	for len(todo) > 0 {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c.index >= 0 && !past.has(c.index) {
			past.add(c.index)
			todo = append(todo, c.causes...)
		}
	}
	return past
}

// forks are the forks that a set of operations shows.
func (s *space) forks(members bitset) []fork {
	var all []fork
	for _, f := range s.forked {
		found := fork{chain: f.chain, number: f.number}
		for i, seq := range f.seqs {
			n := 0
			for _, o := range f.twins[i] {
				if members.has(o.index) {
					n++
				}
			}
			if n > 1 && (found.seq == 0 || seq < found.seq) {
				found.seq = seq
			}
		}
		if found.seq != 0 {
			all = append(all, found)
		}
	}
	return all
}

// whole is the verdict over some of the space's operations.
func (s *space) whole(members bitset) *ruling {
	var rules bitset
	for _, r := range s.rules {
		if members.has(r.op.index) {
			rules.add(r.number)
		}
	}
	return s.ruling(rules, s.forks(members))
}
