/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the modern probe needs of a kernel and no more: its raw tracepoints and an 8 MiB ring buffer. */

#define SEC(name) __attribute__((section(name), used))

struct {
	int (*type)[27]; /* BPF_MAP_TYPE_RINGBUF */
	int (*max_entries)[8 << 20];
} events SEC(".maps");

static long (*const ringbuf_output)(void *ring, void *data, unsigned long long size, unsigned long long flags) = (void *)130;
static unsigned long long (*const ktime_get_boot_ns)(void) = (void *)125;

static inline int tell(void)
{
	unsigned long long now = ktime_get_boot_ns();

	return ringbuf_output(&events, &now, sizeof(now), 0);
}

#define AT(point) SEC("tp_btf/" #point) int on_##point(void *context) { return tell() & 0; }

AT(sys_exit)
AT(sched_process_exec)
AT(sched_process_exit)
AT(sched_switch)
AT(signal_deliver)
#ifdef __TARGET_ARCH_x86
AT(page_fault_user)
AT(page_fault_kernel)
#else
AT(sched_process_fork)
#endif

char _license[] SEC("license") = "GPL";
