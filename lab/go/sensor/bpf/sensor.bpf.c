// SPDX-License-Identifier: GPL-2.0-or-later
/* Two raw tracepoints with BTF: every exec, every successful open below /etc, every connect to an IP address. Rules are judged in user
 * space. */
#include <linux/bpf.h>
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"

#define SYS_OPEN 2
#define SYS_CONNECT 42
#define SYS_CREAT 85
#define SYS_EXECVE 59
#define SYS_OPENAT 257
#define SYS_OPENAT2 437
#define CREAT_FLAGS 01101 /* O_CREAT | O_WRONLY | O_TRUNC */
#define AF_INET 2
#define AF_INET6 10
#define EINPROGRESS 115
#define NO_LOGIN ((__u32)-1)

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

enum counter {
	COUNTER_EVENTS,
	COUNTER_DROPS,
	COUNTERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &which);

	if (value)
		*value += 1;
}

static __always_inline void read_terminal(struct event *event, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	event->tty_major = 0;
	event->tty_minor = 0;
	if (!tty)
		return;
	event->tty_major = BPF_CORE_READ(tty, driver, major);
	event->tty_minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);
}

static __always_inline void read_cgroups(struct event *event, struct task_struct *task)
{
	struct css_set *css_set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *memory = NULL;

	event->memory_cgroup[0] = 0;
	event->unified_cgroup[0] = 0;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		__u32 id = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

		bpf_core_read(&memory, sizeof(memory), &css_set->subsys[id]);
	}
	if (memory)
		bpf_probe_read_kernel_str(event->memory_cgroup, CGROUP_LEN, BPF_CORE_READ(memory, cgroup, kn, name));
	bpf_probe_read_kernel_str(event->unified_cgroup, CGROUP_LEN, BPF_CORE_READ(css_set, dfl_cgrp, kn, name));
}

static __always_inline void read_arguments(struct event *event, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long size = BPF_CORE_READ(task, mm, arg_end) - start;

	if (size > ARGS_LEN)
		size = ARGS_LEN;
	event->args_len = 0;
	if (bpf_probe_read_user(event->args, size, (void *)start) == 0)
		event->args_len = size;
}

static __always_inline void read_ancestors(struct event *event, struct task_struct *task)
{
	for (int i = 0; i < ANCESTORS; i++) {
		event->ancestors[i][0] = 0;
		task = BPF_CORE_READ(task, real_parent);
		if (BPF_CORE_READ(task, tgid) == 0)
			task = NULL;
		if (task)
			BPF_CORE_READ_STR_INTO(&event->ancestors[i], task, group_leader, comm);
	}
}

/* The components of a path up to the top of its mount, the file first; returns how many there are. */
static __always_inline __u32 read_path(char path[PATH_DEPTH][NAME_LEN], struct dentry *dentry)
{
	__u32 len = 0;

	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (!parent || parent == dentry)
			break;
		bpf_probe_read_kernel_str(path[i], NAME_LEN, BPF_CORE_READ(dentry, d_name.name));
		len = i + 1;
		dentry = parent;
	}
	return len;
}

/* Reserves a record with everything all kinds of event share; NULL when the ring buffer is full. */
static __always_inline struct event *reserve(enum event_kind kind, struct task_struct *task)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	count(COUNTER_EVENTS);
	if (!event) {
		count(COUNTER_DROPS);
		return NULL;
	}
	event->kind = kind;
	event->boot_ns = bpf_ktime_get_boot_ns();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = bpf_get_current_uid_gid();
	event->loginuid = NO_LOGIN;
	if (bpf_core_field_exists(task->loginuid))
		event->loginuid = BPF_CORE_READ(task, loginuid.val);
	event->open_flags = 0;
	event->result = 0;
	event->fd = -1;
	event->path_len = 0;
	event->family = 0;
	event->file[0] = 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
	event->exe_len = read_path(event->exe, BPF_CORE_READ(task, mm, exe_file, f_path.dentry));
	read_ancestors(event, task);
	read_terminal(event, task);
	read_cgroups(event, task);
	read_arguments(event, task);
	return event;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct event *event = reserve(EVENT_EXEC, task);

	if (!event)
		return 0;
	event->syscall = SYS_EXECVE;
	bpf_probe_read_kernel_str(event->file, FILE_LEN, BPF_CORE_READ(bprm, filename));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline __u64 open_flags(struct pt_regs *regs, unsigned long nr)
{
	__u64 flags = 0;

	switch (nr) {
	case SYS_OPEN:
		return BPF_CORE_READ(regs, si);
	case SYS_CREAT:
		return CREAT_FLAGS;
	case SYS_OPENAT2: /* the first member of struct open_how */
		bpf_probe_read_user(&flags, sizeof(flags), (void *)BPF_CORE_READ(regs, dx));
		return flags;
	default:
		return BPF_CORE_READ(regs, dx);
	}
}

static __always_inline struct file *opened_file(struct task_struct *task, unsigned long fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

static __always_inline struct dentry *opened(struct task_struct *task, unsigned long fd)
{
	return BPF_CORE_READ(opened_file(task, fd), f_path.dentry);
}

/* True when the topmost directory of the file's mount is "etc": in a container that is its /etc, whatever path was asked for. */
static __always_inline bool below_etc(struct dentry *dentry)
{
	struct dentry *top = NULL;
	char name[5] = {};

	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (!parent || parent == dentry)
			break;
		top = dentry;
		dentry = parent;
	}
	if (!top)
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(top, d_name.name));
	return name[0] == 'e' && name[1] == 't' && name[2] == 'c' && name[3] == 0;
}

static __always_inline int on_open(struct pt_regs *regs, long ret, unsigned long nr)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct dentry *dentry = opened(task, ret);
	struct event *event;

	if (!dentry || !below_etc(dentry))
		return 0;
	event = reserve(EVENT_OPEN, task);
	if (!event)
		return 0;
	event->syscall = nr;
	event->result = ret;
	event->fd = ret;
	event->open_flags = open_flags(regs, nr);
	event->path_len = read_path(event->path, dentry);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* What the program asked for stands in its memory: behind a Service's address the kernel may have put another one. */
struct socket_address {
	__u16 family;
	__be16 port;
	union {
		__u8 v4[4];
		struct {
			__be32 flow;
			__u8 v6[ADDRESS_LEN];
		};
	};
};

static __always_inline int on_connect(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	unsigned long fd = BPF_CORE_READ(regs, di);
	struct socket_address address = {};
	struct socket *socket;
	struct event *event;

	/* An AF_INET address is shorter, and may end at the end of a page. */
	if (bpf_probe_read_user(&address, 8, (void *)BPF_CORE_READ(regs, si)))
		return 0;
	if (address.family == AF_INET6)
		bpf_probe_read_user(&address, sizeof(address), (void *)BPF_CORE_READ(regs, si));
	else if (address.family != AF_INET)
		return 0;
	event = reserve(EVENT_CONNECT, task);
	if (!event)
		return 0;
	event->syscall = SYS_CONNECT;
	event->result = ret;
	event->fd = fd;
	event->family = address.family;
	event->remote_port = __builtin_bswap16(address.port);
	if (address.family == AF_INET6)
		__builtin_memcpy(event->remote_address, address.v6, ADDRESS_LEN);
	else
		__builtin_memcpy(event->remote_address, address.v4, 4);
	socket = BPF_CORE_READ(opened_file(task, fd), private_data);
	event->socket_type = BPF_CORE_READ(socket, type);
	event->local_port = BPF_CORE_READ(socket, sk, __sk_common.skc_num);
	*(__be32 *)event->local_address = BPF_CORE_READ(socket, sk, __sk_common.skc_rcv_saddr);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	unsigned long nr = BPF_CORE_READ(regs, orig_ax);

	if (nr == SYS_CONNECT && (ret == 0 || ret == -EINPROGRESS))
		return on_connect(regs, ret);
	if (ret >= 0 && (nr == SYS_OPENAT || nr == SYS_OPEN || nr == SYS_OPENAT2 || nr == SYS_CREAT))
		return on_open(regs, ret, nr);
	return 0;
}
