module lab.invalid/receiver

go 1.26
