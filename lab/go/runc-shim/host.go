package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	capSysResource  = 24 // linux/capability.h
	prCapBSetRead   = 23 // linux/prctl.h
	oomScoreAdjFile = "/proc/self/oom_score_adj"
	sysResourceName = "CAP_SYS_RESOURCE"
)

// rlimitNumbers maps the specification's names to asm-generic/resource.h.
var rlimitNumbers = map[string]int{
	"RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3,
	"RLIMIT_CORE": 4, "RLIMIT_RSS": 5, "RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7,
	"RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11,
	"RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
}

// host says what this machine can grant to a container.
type host struct {
	sysResource bool                               // CAP_SYS_RESOURCE is in the bounding set
	hardLimit   func(rlimit string) (uint64, bool) // false: not a limit known here
	oomScoreAdj func(value int) bool               // true: the value can be set
}

func thisHost() host {
	has, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prCapBSetRead, capSysResource, 0, 0, 0, 0)
	return host{
		sysResource: errno == 0 && has == 1,
		hardLimit:   hardLimit,
		oomScoreAdj: oomScoreAdjSettable,
	}
}

func hardLimit(name string) (uint64, bool) {
	number, known := rlimitNumbers[name]
	if !known {
		return 0, false
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(number, &limit); err != nil {
		return 0, false
	}
	return limit.Max, true
}

// oomScoreAdjSettable tries the value on this process: the floor below which
// the kernel wants CAP_SYS_RESOURCE cannot be read anywhere.
func oomScoreAdjSettable(value int) bool {
	before, err := os.ReadFile(oomScoreAdjFile)
	if err != nil {
		return false
	}
	if err := os.WriteFile(oomScoreAdjFile, []byte(strconv.Itoa(value)), 0); err != nil {
		return false
	}
	// The value before was settable, or it would not have been there.
	return os.WriteFile(oomScoreAdjFile, []byte(strings.TrimSpace(string(before))), 0) == nil
}
