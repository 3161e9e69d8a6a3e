// SPDX-License-Identifier: GPL-2.0-or-later
/* Three raw tracepoints with BTF: every exec, clone and exit, every successful open below /etc, every connect to an IP address. Who did
 * it is looked up in user space, and rules are evaluated there, as Falco does. */
#include <linux/bpf.h>
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"

#define SYS_OPEN 2
#define SYS_CONNECT 42
#define SYS_CLONE 56
#define SYS_FORK 57
#define SYS_VFORK 58
#define SYS_CREAT 85
#define SYS_OPENAT 257
#define SYS_CLONE3 435
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

static __always_inline void read_terminal(struct started *event, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	event->tty_major = 0;
	event->tty_minor = 0;
	if (!tty)
		return;
	event->tty_major = BPF_CORE_READ(tty, driver, major);
	event->tty_minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);
}

static __always_inline void read_cgroups(struct started *event, struct task_struct *task)
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

static __always_inline void read_arguments(struct started *event, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long size = BPF_CORE_READ(task, mm, arg_end) - start;

	if (size > ARGS_LEN)
		size = ARGS_LEN;
	event->args_len = 0;
	if (bpf_probe_read_user(event->args, size, (void *)start) == 0)
		event->args_len = size;
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

static __always_inline void fill_head(struct head *head, enum event_kind kind, struct task_struct *task)
{
	__u64 both = bpf_get_current_pid_tgid();

	head->kind = kind;
	head->boot_ns = bpf_ktime_get_boot_ns();
	head->tid = both;
	head->pid = both >> 32;
	head->ppid = BPF_CORE_READ(task, real_parent, tgid);
}

/* NULL when the ring buffer is full. */
static __always_inline void *reserve(__u64 size)
{
	void *record = bpf_ringbuf_reserve(&events, size, 0);

	count(COUNTER_EVENTS);
	if (!record)
		count(COUNTER_DROPS);
	return record;
}

static __always_inline void send_head(enum event_kind kind, struct task_struct *task)
{
	struct head *head = reserve(sizeof(*head));

	if (!head)
		return;
	fill_head(head, kind, task);
	bpf_ringbuf_submit(head, 0);
}

static __always_inline struct started *reserve_started(enum event_kind kind, struct task_struct *task)
{
	struct started *event = reserve(sizeof(*event));

	if (!event)
		return NULL;
	fill_head(&event->head, kind, task);
	event->uid = bpf_get_current_uid_gid();
	event->loginuid = NO_LOGIN;
	if (bpf_core_field_exists(task->loginuid))
		event->loginuid = BPF_CORE_READ(task, loginuid.val);
	event->file[0] = 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
	event->exe_len = read_path(event->exe, BPF_CORE_READ(task, mm, exe_file, f_path.dentry));
	read_terminal(event, task);
	read_cgroups(event, task);
	read_arguments(event, task);
	return event;
}

static __always_inline struct done *reserve_done(enum event_kind kind, struct task_struct *task, __u32 nr, __s64 result, __s32 fd)
{
	struct done *event = reserve(sizeof(*event));

	if (!event)
		return NULL;
	fill_head(&event->head, kind, task);
	event->syscall = nr;
	event->result = result;
	event->fd = fd;
	event->open_flags = 0;
	event->path_len = 0;
	event->family = 0;
	return event;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct started *event = reserve_started(EVENT_EXEC, task);

	if (!event)
		return 0;
	bpf_probe_read_kernel_str(event->file, FILE_LEN, BPF_CORE_READ(bprm, filename));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	send_head(EVENT_EXIT, task);
	return 0;
}

/* The system call returns twice: 0 in the new process or thread, its number in the one that made it. */
static __always_inline int on_clone(long ret)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct started *event;

	if (ret > 0) {
		send_head(EVENT_CLONED, task);
		return 0;
	}
	event = reserve_started(EVENT_CLONE, task);
	if (event)
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
	struct done *event;

	if (!dentry || !below_etc(dentry))
		return 0;
	event = reserve_done(EVENT_OPEN, task, nr, ret, ret);
	if (!event)
		return 0;
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
	struct done *event;

	/* An AF_INET address is shorter, and may end at the end of a page. */
	if (bpf_probe_read_user(&address, 8, (void *)BPF_CORE_READ(regs, si)))
		return 0;
	if (address.family == AF_INET6)
		bpf_probe_read_user(&address, sizeof(address), (void *)BPF_CORE_READ(regs, si));
	else if (address.family != AF_INET)
		return 0;
	event = reserve_done(EVENT_CONNECT, task, SYS_CONNECT, ret, fd);
	if (!event)
		return 0;
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

	if (ret >= 0 && (nr == SYS_CLONE || nr == SYS_CLONE3 || nr == SYS_FORK || nr == SYS_VFORK))
		return on_clone(ret);
	if (nr == SYS_CONNECT && (ret == 0 || ret == -EINPROGRESS))
		return on_connect(regs, ret);
	if (ret >= 0 && (nr == SYS_OPENAT || nr == SYS_OPEN || nr == SYS_OPENAT2 || nr == SYS_CREAT))
		return on_open(regs, ret, nr);
	return 0;
}
