// SPDX-License-Identifier: GPL-2.0-or-later
/* Two raw tracepoints with BTF: every exec, and every successful open below /etc. What an event means is judged in user space. */
#include <linux/bpf.h>
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"

#define SYS_OPEN 2
#define SYS_CREAT 85
#define SYS_EXECVE 59
#define SYS_OPENAT 257
#define SYS_OPENAT2 437
#define CREAT_FLAGS 01101 /* O_CREAT | O_WRONLY | O_TRUNC */

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

/* Reserves a record with everything both kinds of event share; NULL when the ring buffer is full. */
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
	event->uid = bpf_get_current_uid_gid();
	event->open_flags = 0;
	event->path_len = 0;
	event->file[0] = 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
	BPF_CORE_READ_STR_INTO(&event->parent, task, real_parent, comm);
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

static __always_inline struct dentry *opened(struct task_struct *task, unsigned long fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return BPF_CORE_READ(file, f_path.dentry);
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

static __always_inline void read_path(struct event *event, struct dentry *dentry)
{
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (!parent || parent == dentry)
			break;
		bpf_probe_read_kernel_str(event->path[i], NAME_LEN, BPF_CORE_READ(dentry, d_name.name));
		event->path_len = i + 1;
		dentry = parent;
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	unsigned long nr = BPF_CORE_READ(regs, orig_ax);
	struct task_struct *task;
	struct dentry *dentry;
	struct event *event;

	if (ret < 0 || (nr != SYS_OPENAT && nr != SYS_OPEN && nr != SYS_OPENAT2 && nr != SYS_CREAT))
		return 0;
	task = (struct task_struct *)bpf_get_current_task();
	dentry = opened(task, ret);
	if (!dentry || !below_etc(dentry))
		return 0;
	event = reserve(EVENT_OPEN, task);
	if (!event)
		return 0;
	event->syscall = nr;
	event->open_flags = open_flags(regs, nr);
	read_path(event, dentry);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
