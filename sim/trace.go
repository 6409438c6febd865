package sim

// String prints a key as "1.234567890s/17/42": time, host, number.
func (k Key) String() string { return "" }

// ParseKey reads what Key.String prints.
func ParseKey(s string) (Key, error) { return Key{}, nil }

// ID is the identity of an event: "KEY.index", index -1 being the input.
func (e *Event) ID() string { return "" }

// FormatEvent prints an event on one line.
func FormatEvent(e *Event) string { return "" }
