package checkers

// Kinds counts the operations that honest hosts admitted, by kind.
func (c *convergence) Kinds() map[string]int {
	n := map[string]int{}
	for _, o := range c.admitted() {
		n[o.kind]++
	}
	return n
}

// Authors counts the identities that wrote them.
func (c *convergence) Authors() int {
	who := map[key]bool{}
	for _, o := range c.admitted() {
		who[o.author] = true
	}
	return len(who)
}

func (c *convergence) admitted() (all []*operation) {
	for _, s := range c.spaces {
		for _, o := range s.ops {
			if o.held {
				all = append(all, o)
			}
		}
	}
	return all
}
