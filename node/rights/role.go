package rights

import "github.com/lifegraph-os/lgos-sim/node/op"

// Role is what an identity may do in a space. Greater is more.
type Role = op.Role

const (
	None   = op.None   // a stranger
	Guest  = op.Guest  // holds and reads the space, writes nothing
	Member = op.Member // every kind of operation but those of rights
	Admin  = op.Admin  // also grants and revokes up to member
	Owner  = op.Owner  // also grants and revokes up to admin; named by the genesis alone, for ever
)

// deed is what an operation means to rights.
type deed uint8

const (
	writes  deed = iota // any kind that is not of rights
	founds              // space.create
	grants              // rights.grant
	revokes             // rights.revoke
)

// needs is the least role that a deed asks of its author, given the role that it grants.
func needs(d deed, granted Role) Role {
	switch {
	case d == writes:
		return Member
	case d == grants && granted > Member:
		return Owner
	}
	return Admin
}

// reach is the highest role that an author of the given role may give, take, or touch in others.
func reach(author Role) Role {
	switch author {
	case Owner:
		return Admin
	case Admin:
		return Member
	}
	return None
}
