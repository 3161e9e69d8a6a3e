/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring buffer, its counters, and the records that are sent through it. */
#pragma once

#define NO_LOGIN ((__u32)-1)
/* Mounts of which each is mounted on the top of the next one: a volume below /etc, the container, the root of all. */
#define MOUNT_DEPTH 4

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
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

/* A file or directory in one of the mounts of a mount namespace. */
struct place {
	struct mount *mount;
	struct dentry *dentry;
};

static __always_inline struct place place_of(struct file *file)
{
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct place place = {
		.mount = (void *)mount - bpf_core_field_offset(struct mount, mnt),
		.dentry = BPF_CORE_READ(file, f_path.dentry),
	};

	return place;
}

/* A place that is the top of its mount has its name where that is mounted: a volume, in the container. False at the top of all mounts,
 * and for what has no name, such as a file in memory. */
static __always_inline bool find_name(struct place *place)
{
	/* BPF_CORE_READ would relocate a struct of our own too. */
	struct mount *mount = place->mount;
	struct dentry *dentry = place->dentry;

	for (int i = 0; i < MOUNT_DEPTH && dentry == BPF_CORE_READ(mount, mnt.mnt_root); i++) {
		struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

		if (parent == mount)
			return false;
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = parent;
	}
	place->mount = mount;
	place->dentry = dentry;
	return dentry != BPF_CORE_READ(dentry, d_parent);
}

static __always_inline void leave(struct place *place)
{
	struct dentry *dentry = place->dentry;

	place->dentry = BPF_CORE_READ(dentry, d_parent);
}

/* The components of a path in its mount namespace, the file first; returns how many there are. */
static __always_inline __u32 read_path(char path[PATH_DEPTH][NAME_LEN], struct place place)
{
	struct dentry *dentry;
	__u32 len = 0;

	for (int i = 0; i < PATH_DEPTH; i++) {
		if (!find_name(&place))
			break;
		dentry = place.dentry;
		bpf_probe_read_kernel_str(path[i], NAME_LEN, BPF_CORE_READ(dentry, d_name.name));
		len = i + 1;
		leave(&place);
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
	event->exe_len = read_path(event->exe, place_of(BPF_CORE_READ(task, mm, exe_file)));
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
