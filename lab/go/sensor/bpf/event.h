/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records in the ring buffer; internal/event/record.go describes the same bytes. Numbers of processes and threads are those of the
 * kernel's root PID namespace. */
#pragma once

#define COMM_LEN 16
#define CGROUP_LEN 128
#define ARGS_LEN 1024
#define FILE_LEN 256
#define PATH_DEPTH 8
#define NAME_LEN 64
#define ADDRESS_LEN 16

enum event_kind {
	EVENT_EXEC = 1,
	EVENT_OPEN = 2,
	EVENT_CONNECT = 3,
	/* A new process or thread, seen from itself. */
	EVENT_CLONE = 4,
	/* The same, seen from the one that made it. */
	EVENT_CLONED = 5,
	EVENT_EXIT = 6,
};

/* The whole of EVENT_CLONED and EVENT_EXIT. */
struct head {
	__u64 boot_ns;
	__u32 kind;
	__u32 tid;
	__u32 pid;
	__u32 ppid;
};

/* EVENT_EXEC and EVENT_CLONE: all that the kernel tells of a process. */
struct started {
	struct head head;
	__u32 uid;
	__u32 loginuid;
	__u32 tty_major;
	__u32 tty_minor;
	__u32 args_len;
	__u32 exe_len;
	char comm[COMM_LEN];
	/* Last component of the cgroup path: memory controller (cgroup v1), unified hierarchy (cgroup v2). */
	char memory_cgroup[CGROUP_LEN];
	char unified_cgroup[CGROUP_LEN];
	char args[ARGS_LEN];
	char file[FILE_LEN];
	/* Components of the path of the process's program, the file itself first. */
	char exe[PATH_DEPTH][NAME_LEN];
};

/* EVENT_OPEN and EVENT_CONNECT: what was done, and nothing of who did it but the numbers. */
struct done {
	struct head head;
	__u64 open_flags;
	__s64 result;
	__s32 fd;
	__u32 syscall;
	__u32 path_len;
	/* A connection: AF_INET or AF_INET6, SOCK_STREAM or another type, ports in host order. */
	__u32 family;
	__u32 socket_type;
	__u32 remote_port;
	__u32 local_port;
	__u32 unused;
	__u8 remote_address[ADDRESS_LEN];
	__u8 local_address[ADDRESS_LEN];
	/* Components of the path of the opened file, the file itself first. */
	char path[PATH_DEPTH][NAME_LEN];
};
