/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record in the ring buffer; internal/event/event.go describes the same bytes. */
#pragma once

#define COMM_LEN 16
#define CGROUP_LEN 128
#define ARGS_LEN 1024
#define FILE_LEN 256
#define PATH_DEPTH 8
#define NAME_LEN 64

enum event_kind {
	EVENT_EXEC = 1,
	EVENT_OPEN = 2,
};

struct event {
	__u64 boot_ns;
	__u64 open_flags;
	__u32 kind;
	__u32 pid;
	__u32 uid;
	__u32 syscall;
	__u32 tty_major;
	__u32 tty_minor;
	__u32 args_len;
	__u32 path_len;
	char comm[COMM_LEN];
	char parent[COMM_LEN];
	/* Last component of the cgroup path: memory controller (cgroup v1), unified hierarchy (cgroup v2). */
	char memory_cgroup[CGROUP_LEN];
	char unified_cgroup[CGROUP_LEN];
	char args[ARGS_LEN];
	char file[FILE_LEN];
	/* Components of the opened file's path, the file itself first. */
	char path[PATH_DEPTH][NAME_LEN];
};
