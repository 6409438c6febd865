package op

// Kinds of schema 1.
const (
	SpaceCreate    = "space.create"
	RightsGrant    = "rights.grant"
	RightsRevoke   = "rights.revoke"
	GraphEdit      = "graph.edit"
	TextEditing    = "text.edit"
	CreateChannel  = "create_channel"
	CreateThread   = "create_thread"
	SendMessage    = "send_message"
	EditMessage    = "edit_message"
	DeleteMessage  = "delete_message"
	ComputeOffer   = "compute.offer"
	ComputeTask    = "compute.task"
	ComputeExtend  = "compute.extend"
	ComputeResult  = "compute.result"
	ComputeAccept  = "compute.accept"
	AddReaction    = "add_reaction"    // schema 2
	RemoveReaction = "remove_reaction" // schema 2
)

// SchemaOf is the schema that a kind belongs to.
func SchemaOf(kind string) (schema uint64, known bool) {
	switch kind {
	case SpaceCreate, RightsGrant, RightsRevoke, GraphEdit, TextEditing, CreateChannel, CreateThread, SendMessage, EditMessage,
		DeleteMessage, ComputeOffer, ComputeTask, ComputeExtend, ComputeResult, ComputeAccept:
		return 1, true
	case AddReaction, RemoveReaction:
		return 2, true
	}
	return 0, false
}

// Knows tells whether a kernel that speaks schemas up to this one projects the operation. What it does not know it keeps
// and forwards.
func (o *Operation) Knows(schema uint64) bool {
	s, known := SchemaOf(o.Kind)
	return known && o.Known && s == o.Schema && s <= schema
}
