package op

import "slices"

// bodyFault says how the body breaks the rules of its kind. It looks at the kinds of schema 1 alone, which every kernel
// knows: a verdict that an older kernel could not reach would part the two for ever. A later kind, or a kind that says it
// belongs to another schema than it does, is kept and forwarded, and not projected (Knows).
func (o *Operation) bodyFault() string {
	schema, known := SchemaOf(o.Kind)
	if !known || schema != 1 {
		return ""
	}
	if o.Schema != 1 {
		return "kind of another schema"
	}
	ok := true
	switch o.Kind {
	case SpaceCreate:
		return o.genesisFault()
	case RightsGrant, RightsRevoke:
		_, ok = ChangeOf(o.Kind, o.Args)
	case ComputeOffer:
		_, ok = OfferOf(o.Args)
	case ComputeTask:
		_, ok = TaskOf(o.Args)
	case ComputeExtend:
		_, ok = ExtensionOf(o.Args)
	case ComputeResult:
		_, ok = ResultOf(o.Args)
	case ComputeAccept:
		_, ok = AcceptanceOf(o.Args)
	}
	if !ok {
		return "arguments do not fit the kind"
	}
	return ""
}

func (o *Operation) genesisFault() string {
	f, ok := FoundingOf(o.Args)
	switch {
	case !ok:
		return "arguments do not fit the kind"
	case o.Seq != 1 || len(o.Deps) > 0:
		return "a space begins once"
	case len(o.Mutations) > 0:
		return "a genesis changes nothing"
	case !slices.Contains(f.Members, Membership{o.Identity, Owner}):
		return "a space is founded by one of its owners"
	}
	return ""
}
