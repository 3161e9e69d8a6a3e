module lab.invalid/sensor

go 1.26

require (
	github.com/cilium/ebpf v0.22.0
	github.com/falcosecurity/client-go v0.6.0
	go.yaml.in/yaml/v3 v3.0.4
	golang.org/x/sys v0.43.0
	google.golang.org/grpc v1.75.0
	google.golang.org/protobuf v1.36.6
	k8s.io/cri-api v0.34.4
)

require (
	github.com/golang/protobuf v1.5.4 // indirect
	golang.org/x/net v0.48.0 // indirect
	golang.org/x/text v0.32.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250707201910-8d1bb00bc6a7 // indirect
)
