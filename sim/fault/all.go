package fault

import "slices"

// families lists every family.
func families() []family {
	return slices.Concat(partition(), lossy(), slow(), duplicate(), corrupt(), reorder(), crash(), tornStep(), lostDisk(), clock())
}
