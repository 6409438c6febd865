//go:build !js && !wasip1

package search

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/lifegraph-os/lgos-sim/results"
)

// historyVersion is the layout that this build writes and reads; it stands in user_version.
const historyVersion = 1

// historySchema is the layout of the history. A sweep that is killed leaves every run that had ended.
const historySchema = `
CREATE TABLE IF NOT EXISTS sweep (   -- one for each key, however often it was resumed
  id       INTEGER PRIMARY KEY,
  key      TEXT NOT NULL UNIQUE,     -- all that decides its draws: seed, build, scenarios, nodes, share of new draws
  seed     INTEGER NOT NULL,
  build    TEXT NOT NULL,            -- hash of the binary
  commit_  TEXT NOT NULL,            -- of the source; "-dirty" where it had uncommitted changes
  draws    TEXT NOT NULL,            -- scenarios, or "drawn"
  started  TEXT NOT NULL             -- RFC 3339, UTC
);
CREATE TABLE IF NOT EXISTS run (     -- one for each run that ended
  sweep    INTEGER NOT NULL REFERENCES sweep(id),
  number   INTEGER NOT NULL,         -- its place in the sweep, from 0
  recipe   TEXT NOT NULL,            -- sweep --only takes it: the draw, and the mutations of it
  scenario TEXT NOT NULL,
  seed     INTEGER NOT NULL,
  luck     INTEGER NOT NULL,
  nodes    INTEGER NOT NULL,
  outcome  TEXT NOT NULL,            -- pass vacuous unknown invalid fail
  checker  TEXT NOT NULL,            -- that decided it; empty for a pass
  why      TEXT NOT NULL,
  sort     TEXT NOT NULL,            -- of a find: checker and reason without figures; empty where nothing is wrong
  dir      TEXT NOT NULL,            -- of a find: its plan and record, beside this file
  digest   TEXT NOT NULL,
  events   INTEGER NOT NULL,
  virtual_ns INTEGER NOT NULL,
  took_ns  INTEGER NOT NULL,         -- CPU of its thread; wall where the system does not tell
  bare_ns  INTEGER NOT NULL,         -- the same without the sweep's observer; 0 where that was not tried
  repeated INTEGER NOT NULL,         -- 1: a second process came to the same digest
  features BLOB NOT NULL,            -- FNV-1a of each, ascending, 4 bytes each, big endian
  PRIMARY KEY (sweep, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feature ( -- names of features
  hash     INTEGER PRIMARY KEY,
  name     TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS session ( -- one for each process that came to its end
  sweep    INTEGER NOT NULL REFERENCES sweep(id),
  started  TEXT NOT NULL,
  jobs     INTEGER NOT NULL,
  runs     INTEGER NOT NULL,
  features INTEGER NOT NULL,         -- of the sweep by then
  wall_ns  INTEGER NOT NULL,
  cpu_ns   INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS moment (  -- what must be seen sometimes, in how many runs of the sweep it was
  sweep    INTEGER NOT NULL REFERENCES sweep(id),
  name     TEXT NOT NULL,
  seen     INTEGER NOT NULL,
  PRIMARY KEY (sweep, name)
) WITHOUT ROWID;
`

// database is a history in SQLite.
type database struct {
	db    *sql.DB
	sweep int64
	named map[uint32]bool
}

func openHistory(file string, _ func(string)) (history, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	db, err := openDatabase(file)
	if err != nil {
		return nil, err
	}
	return &database{db: db, named: map[uint32]bool{}}, nil
}

func openDatabase(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	version := 0
	if err = db.QueryRow("PRAGMA user_version").Scan(&version); err == nil && version != 0 && version != historyVersion {
		err = fmt.Errorf("layout %d, this build reads %d", version, historyVersion)
	}
	if err == nil && version == 0 {
		_, err = db.Exec(historySchema + fmt.Sprintf("PRAGMA user_version = %d", historyVersion))
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return db, nil
}

func (d *database) begin(k SweepKey) ([]SweepRun, error) {
	_, err := d.db.Exec("INSERT INTO sweep (key, seed, build, commit_, draws, started) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		k.String(), int64(k.Seed), k.Build, k.Commit, strings.Join(k.Names, " "), time.Now().UTC().Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	if err := d.db.QueryRow("SELECT id FROM sweep WHERE key = ?", k.String()).Scan(&d.sweep); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(`SELECT number, recipe, scenario, seed, luck, nodes, outcome, checker, why, sort, dir, digest, events, virtual_ns, took_ns,
		bare_ns, repeated, features FROM run WHERE sweep = ? ORDER BY number`, d.sweep)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []SweepRun
	for rows.Next() {
		var r SweepRun
		var recipe string
		var seed, luck, events int64
		var features []byte
		if err := rows.Scan(&r.Number, &recipe, &r.Scenario, &seed, &luck, &r.Nodes, (*string)(&r.Outcome), &r.Checker, &r.Why, &r.Sort, &r.Dir, &r.Digest, &events,
			&r.Virtual, &r.Took, &r.Bare, &r.Repeated, &features); err != nil {
			return nil, err
		}
		if r.Recipe, err = ParseRecipe(recipe); err != nil {
			return nil, err
		}
		r.Seed, r.Luck, r.Events = uint64(seed), uint64(luck), uint64(events)
		for ; len(features) >= 4; features = features[4:] {
			r.Features = append(r.Features, binary.BigEndian.Uint32(features))
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// add writes a run and the names of features that the file does not know, at once or not at all.
func (d *database) add(r *SweepRun) (err error) {
	tx, err := d.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var features []byte
	for _, f := range r.Features {
		features = binary.BigEndian.AppendUint32(features, f)
	}
	_, err = tx.Exec("INSERT OR IGNORE INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", d.sweep, r.Number, r.Recipe.String(), r.Scenario, int64(r.Seed), int64(r.Luck), r.Nodes,
		string(r.Outcome), r.Checker, r.Why, r.Sort, r.Dir, r.Digest, int64(r.Events), int64(r.Virtual), int64(r.Took), int64(r.Bare), r.Repeated, orEmpty(features))
	if err != nil {
		return err
	}
	for _, name := range r.Names {
		if h := sign(name); !d.named[h] {
			d.named[h] = true
			if _, err := tx.Exec("INSERT OR IGNORE INTO feature VALUES (?,?)", int64(h), name); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func (d *database) spoil(r *SweepRun) error {
	_, err := d.db.Exec("UPDATE run SET outcome = ?, checker = ?, why = ?, sort = ? WHERE sweep = ? AND number = ?", string(r.Outcome), r.Checker, r.Why, r.Sort, d.sweep, r.Number)
	return err
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (d *database) end(s SweepSummary) error {
	_, err := d.db.Exec("INSERT INTO session VALUES (?,?,?,?,?,?,?)", d.sweep, time.Now().UTC().Format(time.RFC3339), s.Jobs, s.Runs-s.Resumed, s.Features, int64(s.Wall), int64(s.CPU))
	for _, m := range s.Moments {
		_, next := d.db.Exec("INSERT INTO moment VALUES (?,?,?) ON CONFLICT DO UPDATE SET seen = excluded.seen", d.sweep, m.Name, m.Seen)
		err = errors.Join(err, next)
	}
	return err
}

func (d *database) close() error { return d.db.Close() }

// ReadHistory gives the sweeps that a folder has seen, the latest last.
func ReadHistory(dir string) ([]Past, error) {
	file := filepath.Join(dir, HistoryName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no history of sweeps", dir)
	}
	db, err := openDatabase(file)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT id, key, seed, commit_, build, draws, started,
		(SELECT COALESCE(SUM(cpu_ns), 0) FROM session WHERE sweep = id), (SELECT COALESCE(MAX(features), 0) FROM session WHERE sweep = id) FROM sweep ORDER BY id`)
	if err != nil {
		return nil, err
	}
	var all []Past
	var ids []int64
	for rows.Next() {
		var p Past
		var id, seed int64
		var started string
		if err := rows.Scan(&id, &p.Key, &seed, &p.Commit, &p.Build, &p.Draws, &started, &p.CPU, &p.Features); err != nil {
			rows.Close()
			return nil, err
		}
		p.Seed = uint64(seed)
		p.Started, _ = time.Parse(time.RFC3339, started)
		all, ids = append(all, p), append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].fill(db, ids[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p *Past) fill(db *sql.DB, id int64) error {
	tally := map[results.Outcome]int{}
	err := each(db, "SELECT outcome, COUNT(*) FROM run WHERE sweep = ? GROUP BY outcome", id, func(name string, n int) {
		tally[results.Outcome(name)] = n
		p.Runs += n
	})
	p.Tally = tallyText(tally)
	err = errors.Join(err, each(db, "SELECT sort, COUNT(*) FROM run WHERE sweep = ? AND sort <> '' GROUP BY sort ORDER BY sort", id, func(name string, n int) {
		p.Sorts = append(p.Sorts, fmt.Sprintf("×%d %s", n, name))
		p.Finds += n
	}))
	return errors.Join(err, each(db, "SELECT name, seen FROM moment WHERE sweep = ? AND seen = 0 ORDER BY name", id, func(name string, _ int) { p.Unseen = append(p.Unseen, name) }))
}

func each(db *sql.DB, query string, id int64, f func(name string, n int)) error {
	rows, err := db.Query(query, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		f(name, n)
	}
	return rows.Err()
}
