// SPDX-License-Identifier: GPL-2.0-or-later
/* Three raw tracepoints with BTF: every exec, clone and exit, every successful open below /etc, every connect to an IP address. Who did
 * it is looked up in user space, and rules are evaluated there, as Falco does. */
#include <linux/bpf.h>
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"
#include "send.h"

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

char LICENSE[] SEC("license") = "GPL";

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

/* True when the topmost directory of the path is "etc": in a container that is its /etc, whatever path was asked for. */
static __always_inline bool below_etc(struct place place)
{
	struct dentry *top = NULL;
	char name[5] = {};

	for (int i = 0; i < PATH_DEPTH; i++) {
		if (!find_name(&place))
			break;
		top = place.dentry;
		leave(&place);
	}
	if (!top)
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(top, d_name.name));
	return name[0] == 'e' && name[1] == 't' && name[2] == 'c' && name[3] == 0;
}

static __always_inline int on_open(struct pt_regs *regs, long ret, unsigned long nr)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct place place = place_of(opened_file(task, ret));
	struct done *event;

	if (!below_etc(place))
		return 0;
	event = reserve_done(EVENT_OPEN, task, nr, ret, ret);
	if (!event)
		return 0;
	event->open_flags = open_flags(regs, nr);
	event->path_len = read_path(event->path, place);
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
