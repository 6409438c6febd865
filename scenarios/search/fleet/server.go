//go:build !js && !wasip1

package fleet

import (
	"crypto/rand"
	"errors"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a server within this process, for processes of this machine.
type embedded struct {
	*server.Server
	link Link
	dir  string
}

// embed starts a server on loopback. Only who knows its password may speak to it: the machine may have other users.
func embed() (*embedded, error) {
	dir, err := os.MkdirTemp("", "lgos-sim-nats-*")
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: dir, link: Link{User: "sweep", Password: rand.Text()}}
	e.Server, err = server.NewServer(&server.Options{
		ServerName: "lgos-sim", Host: "127.0.0.1", Port: server.RANDOM_PORT, DontListen: false, Username: e.link.User, Password: e.link.Password,
		JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	if err == nil {
		e.Start()
		if !e.ReadyForConnections(20 * time.Second) {
			e.Shutdown()
			err = errors.New("the embedded NATS server does not start")
		}
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	e.link.URL = e.ClientURL()
	return e, nil
}

func (e *embedded) close() error {
	e.Shutdown()
	e.WaitForShutdown()
	return os.RemoveAll(e.dir)
}
