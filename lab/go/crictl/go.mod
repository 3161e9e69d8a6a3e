module lab.invalid/crictl

go 1.26

require sigs.k8s.io/cri-tools v1.34.0
