package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// BuildRevision builds the command of a git revision into dir, with cgo where this build has it, from a worktree that it
// takes away again: the files at hand are not touched. It gives the binary and the commit.
func BuildRevision(ctx context.Context, revision, dir string) (binary, commit string, err error) {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}").Output()
	if err != nil {
		return "", "", fmt.Errorf("%s is no file, and no revision of the git repository here", revision)
	}
	commit = strings.TrimSpace(string(out))
	tree, binary := filepath.Join(dir, "tree"), filepath.Join(dir, "lgos-sim-"+commit[:7])
	do := func(c *exec.Cmd) error {
		if said, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s of %s: %w\n%s", strings.Join(c.Args[:2], " "), revision, err, bytes.TrimSpace(said))
		}
		return nil
	}
	if err := do(exec.CommandContext(ctx, "git", "worktree", "add", "--detach", tree, commit)); err != nil {
		return "", "", err
	}
	defer func() { // also when ctx has ended
		if e := do(exec.Command("git", "worktree", "remove", "--force", tree)); err == nil {
			err = e
		}
	}()
	cgo := "CGO_ENABLED=0"
	if scenarios.Build().Cgo {
		cgo = "CGO_ENABLED=1"
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags", "-X github.com/lifegraph-os/lgos-sim/scenarios.Commit="+commit, "-o", binary, "./cmd/lgos-sim")
	build.Dir, build.Env = tree, append(os.Environ(), cgo)
	return binary, commit, do(build)
}
