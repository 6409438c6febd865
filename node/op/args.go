package op

// Role is what an identity may do in a space. None is no role at all.
type Role uint8

const (
	None Role = iota
	Guest
	Member
	Admin
	Owner
)

func (r Role) String() string {
	return [...]string{"none", "guest", "member", "admin", "owner", "invalid"}[min(r, 5)]
}

// Founding is the arguments of a space.create.
type Founding struct {
	Name    string
	Nonce   [16]byte
	Members []Membership // ascending by identity
}

// Membership is an identity with its role.
type Membership struct {
	Identity Key
	Role     Role
}

// Change is the arguments of a rights.grant, and of a rights.revoke where Role is None.
type Change struct {
	Who  []Key // ascending
	Role Role
}

// Offer is the arguments of a compute.offer: whether a host will compute for others, and how many of their jobs at once; a
// MaxWork of 0 leaves that to the host.
type Offer struct {
	Consent bool
	MaxWork uint64
	Profile string
}

// Task is the arguments of a compute.task: the answer counts once Quorum of Workers results are equal.
type Task struct {
	Kernel          string
	Input           []byte
	Quorum, Workers uint64
}

// Extension is the arguments of a compute.extend: more workers for a task.
type Extension struct {
	Task    ID
	Workers uint64
}

// Result is the arguments of a compute.result.
type Result struct {
	Task   ID
	Output []byte
}

// Acceptance is the arguments of a compute.accept.
type Acceptance struct {
	Task    ID
	Output  []byte
	Results []ID // ascending
}

// Args gives the canonical bytes.
func (f *Founding) Args() []byte {
	b := appendText([]byte{majorMap<<5 | 3, 0}, f.Name)
	b = appendBytes(append(b, 1), f.Nonce[:])
	b = appendHead(append(b, 2), majorArray, uint64(len(f.Members)))
	for i := range f.Members {
		b = appendBytes(append(b, majorArray<<5|2), f.Members[i].Identity[:])
		b = append(b, byte(f.Members[i].Role))
	}
	return b
}

// Args gives the canonical bytes.
func (c *Change) Args() []byte {
	n := byte(1)
	if c.Role != None {
		n = 2
	}
	b := appendHead([]byte{majorMap<<5 | n, 0}, majorArray, uint64(len(c.Who)))
	for i := range c.Who {
		b = appendBytes(b, c.Who[i][:])
	}
	if c.Role != None {
		b = append(b, 1, byte(c.Role))
	}
	return b
}

// Args gives the canonical bytes.
func (o *Offer) Args() []byte {
	b := []byte{majorMap<<5 | 3, 0, majorSimple<<5 | simpleFalse}
	if o.Consent {
		b[2]++
	}
	return appendText(append(appendHead(append(b, 1), majorUint, o.MaxWork), 2), o.Profile)
}

// Args gives the canonical bytes.
func (t *Task) Args() []byte {
	b := appendText([]byte{majorMap<<5 | 4, 0}, t.Kernel)
	b = appendHead(append(appendBytes(append(b, 1), t.Input), 2), majorUint, t.Quorum)
	return appendHead(append(b, 3), majorUint, t.Workers)
}

// Args gives the canonical bytes.
func (e *Extension) Args() []byte {
	return appendHead(append(appendBytes([]byte{majorMap<<5 | 2, 0}, e.Task[:]), 1), majorUint, e.Workers)
}

// Args gives the canonical bytes.
func (r *Result) Args() []byte {
	return appendBytes(append(appendBytes([]byte{majorMap<<5 | 2, 0}, r.Task[:]), 1), r.Output)
}

// Args gives the canonical bytes.
func (a *Acceptance) Args() []byte {
	b := appendBytes([]byte{majorMap<<5 | 3, 0}, a.Task[:])
	b = appendBytes(append(b, 1), a.Output)
	b = appendHead(append(b, 2), majorArray, uint64(len(a.Results)))
	for i := range a.Results {
		b = appendBytes(b, a.Results[i][:])
	}
	return b
}

// The readers below take the arguments of an opened operation of their kind. They fail on arguments that break the rules,
// which an admitted operation's never do; what they give then is not to be used. Unknown keys are passed over.

// FoundingOf reads the arguments of a space.create.
func FoundingOf(args []byte) (f Founding, ok bool) {
	ok = readArgs(args, 3, func(key uint64, r *reader) {
		switch key {
		case 0:
			f.Name = r.text()
		case 1:
			r.fixed(f.Nonce[:])
		case 2:
			n := r.array()
			for i := uint64(0); i < n && r.why == ""; i++ {
				var m Membership
				r.size(2)
				r.fixed(m.Identity[:])
				if m.Role = r.role(); i > 0 && f.Members[i-1].Identity.Compare(m.Identity) >= 0 {
					r.fail("identities not ascending")
				}
				f.Members = append(f.Members, m)
			}
		}
	})
	return f, ok
}

// ChangeOf reads the arguments of a rights.grant, or of a rights.revoke.
func ChangeOf(kind string, args []byte) (c Change, ok bool) {
	need := uint64(2)
	if kind == RightsRevoke {
		need = 1
	}
	ok = readArgs(args, need, func(key uint64, r *reader) {
		switch key {
		case 0:
			n := r.array()
			for i := uint64(0); i < n && r.why == ""; i++ {
				var k Key
				if r.fixed(k[:]); i > 0 && c.Who[i-1].Compare(k) >= 0 {
					r.fail("identities not ascending")
				}
				c.Who = append(c.Who, k)
			}
		case 1:
			c.Role = r.role()
		}
	})
	return c, ok && len(c.Who) > 0
}

// OfferOf reads the arguments of a compute.offer.
func OfferOf(args []byte) (o Offer, ok bool) {
	ok = readArgs(args, 3, func(key uint64, r *reader) {
		switch key {
		case 0:
			o.Consent = r.bool()
		case 1:
			o.MaxWork = r.uint()
		case 2:
			o.Profile = r.text()
		}
	})
	return o, ok
}

// TaskOf reads the arguments of a compute.task.
func TaskOf(args []byte) (t Task, ok bool) {
	ok = readArgs(args, 4, func(key uint64, r *reader) {
		switch key {
		case 0:
			t.Kernel = r.text()
		case 1:
			t.Input = r.bytes()
		case 2:
			t.Quorum = r.uint()
		case 3:
			t.Workers = r.uint()
		}
	})
	return t, ok
}

// ExtensionOf reads the arguments of a compute.extend.
func ExtensionOf(args []byte) (e Extension, ok bool) {
	ok = readArgs(args, 2, func(key uint64, r *reader) {
		if key == 0 {
			r.fixed(e.Task[:])
		} else {
			e.Workers = r.uint()
		}
	})
	return e, ok
}

// ResultOf reads the arguments of a compute.result.
func ResultOf(args []byte) (res Result, ok bool) {
	ok = readArgs(args, 2, func(key uint64, r *reader) {
		if key == 0 {
			r.fixed(res.Task[:])
		} else {
			res.Output = r.bytes()
		}
	})
	return res, ok
}

// AcceptanceOf reads the arguments of a compute.accept.
func AcceptanceOf(args []byte) (a Acceptance, ok bool) {
	ok = readArgs(args, 3, func(key uint64, r *reader) {
		switch key {
		case 0:
			r.fixed(a.Task[:])
		case 1:
			a.Output = r.bytes()
		case 2:
			n := r.array()
			for i := uint64(0); i < n && r.why == ""; i++ {
				var id ID
				if r.fixed(id[:]); i > 0 && a.Results[i-1].Compare(id) >= 0 {
					r.fail("results not ascending")
				}
				a.Results = append(a.Results, id)
			}
		}
	})
	return a, ok
}

// readArgs reads a map that must have the keys 0 to need-1.
func readArgs(args []byte, need uint64, read func(key uint64, r *reader)) bool {
	r := reader{b: args}
	var seen uint64
	for i := r.pairs(); i > 0 && r.why == ""; i-- {
		if r.next() == majorUint {
			if key := r.uint(); key < need {
				seen |= 1 << key
				read(key, &r)
				continue
			}
			r.raw()
			continue
		}
		r.raw()
		r.raw()
	}
	return r.why == "" && r.at == len(args) && seen == 1<<need-1
}

func (r *reader) role() Role {
	v := r.uint()
	if v == 0 || v > uint64(Owner) {
		r.fail("no such role")
	}
	return Role(v)
}

func (r *reader) bool() bool {
	major, arg := r.head()
	if major != majorSimple || arg != simpleFalse && arg != simpleTrue {
		r.fail("not a bool")
	}
	return arg == simpleTrue
}
