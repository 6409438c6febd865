package rights

import (
	"crypto/ed25519"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Genesis makes the first operation of a space: the invitation that every node of it is given before it boots. The owner
// is one of the founders with that role.
func Genesis(name string, nonce [16]byte, founders []op.Membership, ownerSeed, deviceSeed [32]byte, incarnation uint64) []byte {
	f := op.Founding{Name: name, Nonce: nonce, Members: slices.Clone(founders)}
	slices.SortFunc(f.Members, func(a, b op.Membership) int { return a.Identity.Compare(b.Identity) })
	return op.Genesis(f.Args(), ed25519.NewKeyFromSeed(ownerSeed[:]), ed25519.NewKeyFromSeed(deviceSeed[:]), incarnation, 0)
}

// Grant drafts the gift of a role.
func Grant(who []op.Key, role Role) op.Draft {
	c := op.Change{Who: ascending(who), Role: role}
	return op.Draft{Kind: op.RightsGrant, Args: c.Args()}
}

// Revoke drafts the removal of every role.
func Revoke(who []op.Key) op.Draft {
	c := op.Change{Who: ascending(who)}
	return op.Draft{Kind: op.RightsRevoke, Args: c.Args()}
}

func ascending(who []op.Key) []op.Key {
	who = slices.Clone(who)
	slices.SortFunc(who, op.Key.Compare)
	return slices.Compact(who)
}
