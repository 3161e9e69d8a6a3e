package grpc

import (
	"net"

	"google.golang.org/grpc/credentials"
)

const (
	alertRecord       = 21
	applicationRecord = 23
	// A TLS 1.3 alert looks like data: header, level and description, type, tag. No data is as short as that.
	sealedAlertBytes = 5 + 2 + 1 + 16
)

// silent refuses clients as Falco's gRPC server does: it closes the connection and sends no TLS alert.
type silent struct {
	credentials.TransportCredentials
}

func (s silent) ServerHandshake(connection net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return s.TransportCredentials.ServerHandshake(mute{connection})
}

func (s silent) Clone() credentials.TransportCredentials {
	return silent{s.TransportCredentials.Clone()}
}

// mute drops TLS alerts.
type mute struct{ net.Conn }

func (m mute) Write(record []byte) (int, error) {
	if len(record) > 0 && (record[0] == alertRecord || record[0] == applicationRecord && len(record) == sealedAlertBytes) {
		return len(record), nil
	}
	return m.Conn.Write(record)
}
