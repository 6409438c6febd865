//go:build !js && !wasip1

package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestLink: a link that cannot be is an error that says what is wrong, and never what is secret.
func TestLink(t *testing.T) {
	e := cluster(t)
	where := strings.TrimPrefix(e.ClientURL(), "nats://")
	bare, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	bare.Start()
	defer bare.Shutdown()
	if !bare.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	for want, l := range map[string]Link{
		"Authorization Violation":         {URL: "nats://sweep:hunter2@" + where},
		"authorization violation":         {URL: e.ClientURL(), User: "sweep", Password: "hunter2"},
		"write nats://HOST":               {URL: "nats://sweep:hunter2 %zz@" + where},
		"write nats://HOST:4222":          {URL: "http://sweep:hunter2@" + where},
		"no servers available":            {URL: "nats://hunter2@127.0.0.1:1"},
		"--creds /no/such: there is no":   {URL: e.ClientURL(), Creds: "/no/such"},
		"--tls-cert and --tls-key belong": {URL: e.ClientURL(), Cert: os.Args[0]},
		"nats-server with -js":            {URL: bare.ClientURL()},
	} {
		k, err := dial(t.Context(), l, nil)
		if err == nil {
			k.nc.Close()
		}
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, l := range []Link{e.link, {URL: "nats://sweep:" + e.link.Password + "@" + where}} {
		k, err := dial(t.Context(), l, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		k.nc.Close()
	}
}

// TestTLS: a server with a certificate is spoken to where its authority is known, and nowhere else.
func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	to := Link{URL: strings.Replace(s.ClientURL(), "nats://", "tls://", 1)}
	if k, err := dial(t.Context(), to, nil); err == nil {
		k.nc.Close()
		t.Error("an unknown authority is trusted")
	} else if !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	to.CA = ca
	k, err := dial(t.Context(), to, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.nc.Close()
}
