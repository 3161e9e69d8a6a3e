module lab.invalid/runc-shim

go 1.26
