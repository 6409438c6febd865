//go:build !js && !wasip1

package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// link is a connection.
type link struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	say func(string)
}

const builds = true

// lost is for how long a server may be away before work is given up.
const lost = 10 * time.Minute

// addresses checks the URLs and gives them without what is secret.
func (l *Link) addresses() (string, error) {
	var out []string
	for part := range strings.SplitSeq(l.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return "", errors.New("--nats: write nats://HOST:4222 or tls://HOST:4222, several with commas; a user and password before HOST@ with %xx for special characters")
		}
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return strings.Join(out, ","), nil
}

// options turns the files into what the library takes. Errors name the flag and the file.
func (l *Link) options() ([]nats.Option, error) {
	var out []nats.Option
	for _, f := range []struct{ flag, file string }{{"creds", l.Creds}, {"tls-ca", l.CA}, {"tls-cert", l.Cert}, {"tls-key", l.Key}} {
		if f.file == "" {
			continue
		}
		if info, err := os.Stat(f.file); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("--%s %s: there is no such file", f.flag, f.file)
		}
	}
	if l.Creds != "" {
		out = append(out, nats.UserCredentials(l.Creds))
	}
	if l.User != "" {
		out = append(out, nats.UserInfo(l.User, l.Password))
	}
	if l.CA != "" {
		out = append(out, nats.RootCAs(l.CA))
	}
	if (l.Cert == "") != (l.Key == "") {
		return nil, errors.New("--tls-cert and --tls-key belong together: give both")
	}
	if l.Cert != "" {
		out = append(out, nats.ClientCert(l.Cert, l.Key))
	}
	return out, nil
}

// dial connects, once; from then on a lost connection is made anew.
func dial(ctx context.Context, l Link, say func(string), more ...nats.Option) (*link, error) {
	where, err := l.addresses()
	if err != nil {
		return nil, err
	}
	options, err := l.options()
	if err != nil {
		return nil, err
	}
	k := &link{say: say}
	options = append(append(options, more...), nats.Name("lgos-sim "+name()), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.Timeout(10*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				k.told("the NATS server at %s is gone (%v): trying again", where, err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				k.told("%v: give the user the rights that lgos-sim worker --help lists", err)
			}
		}))
	if k.nc, err = nats.Connect(l.URL, options...); err != nil {
		return nil, fmt.Errorf("--nats: %s: %w", where, err)
	}
	if k.js, err = jetstream.New(k.nc); err == nil {
		err = k.again(ctx, func(ctx context.Context) error {
			_, err := k.js.AccountInfo(ctx)
			return err
		})
	}
	if err != nil {
		k.nc.Close()
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
			err = errors.New("it has no JetStream for this user: start nats-server with -js")
		}
		return nil, fmt.Errorf("--nats: %s: %w", where, err)
	}
	return k, nil
}

func (k *link) told(format string, args ...any) { say(k.say, format, args...) }

// again does something until it works or fails for good: a server may be away for a while, and a cluster without a leader.
// What is done must bear being done twice.
func (k *link) again(ctx context.Context, f func(context.Context) error) error {
	for wait, since := 50*time.Millisecond, time.Now(); ; wait = min(2*wait, 5*time.Second) {
		c, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := f(c)
		cancel()
		if err == nil || ctx.Err() != nil || !passing(err) || time.Since(since) > lost {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// passing tells whether trouble may go by itself.
func passing(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code == 503 && api.ErrorCode != jetstream.JSErrCodeJetStreamNotEnabled
	}
	return slices.ContainsFunc([]error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting, nats.ErrReconnectBufExceeded,
		nats.ErrStaleConnection, jetstream.ErrNoStreamResponse,
	}, func(passing error) bool { return errors.Is(err, passing) })
}

// alive tells whether the process leads that began a session.
func (k *link) alive(ctx context.Context, id, session string) (who string, ok bool, err error) {
	c, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m, err := k.nc.RequestWithContext(c, aliveSubject(id, session), nil)
	switch {
	case err == nil:
		return string(m.Data), true, nil
	case errors.Is(err, nats.ErrNoResponders):
		return "", false, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil: // there is one, and it is slow
		return "a process that does not answer", true, nil
	}
	return "", false, err
}

// Names in the server. All begin with lgos, so that one rule gives a user the rights to them.
const (
	sweepsBucket = "lgos-sweeps" // of what sweeps there are, by id
	consumer     = "fleet"
)

func jobsStream(id string) string            { return "lgos-" + id + "-jobs" }
func resultsStream(id string) string         { return "lgos-" + id + "-results" }
func findsBucket(id string) string           { return "lgos-" + id + "-finds" }
func jobSubject(id string) string            { return "lgos." + id + ".job" }
func resultSubject(id, number string) string { return "lgos." + id + ".result." + number }
func takenSubject(id string) string          { return "lgos." + id + ".taken" }
func aliveSubject(id, session string) string { return "lgos." + id + ".alive." + session }

// sweeps is the bucket of what sweeps there are.
func (k *link) sweeps(ctx context.Context, replicas int) (kv jetstream.KeyValue, err error) {
	err = k.again(ctx, func(ctx context.Context) error {
		if kv, err = k.js.KeyValue(ctx, sweepsBucket); errors.Is(err, jetstream.ErrBucketNotFound) {
			kv, err = k.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: sweepsBucket, Description: "sweeps of lgos-sim", Replicas: replicas})
		}
		return err
	})
	return kv, err
}
