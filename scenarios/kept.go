package scenarios

import (
	"embed"
	"io/fs"
	"path"
	"slices"
)

//go:embed testdata/plans/*.yaml
var kept embed.FS

// keptDir is where the plans that once failed lie, seen from here and in the module.
const (
	keptDir    = "testdata/plans"
	keptModule = "scenarios/" + keptDir
)

// Kept gives the plans that once failed, as this build holds them: the name of each file in the module, and its content.
func Kept() (files []string, plans map[string][]byte, err error) {
	list, err := fs.ReadDir(kept, keptDir)
	if err != nil {
		return nil, nil, err
	}
	plans = map[string][]byte{}
	for _, e := range list {
		name := path.Join(keptModule, e.Name())
		if plans[name], err = kept.ReadFile(path.Join(keptDir, e.Name())); err != nil {
			return nil, nil, err
		}
		files = append(files, name)
	}
	slices.Sort(files)
	return files, plans, nil
}
