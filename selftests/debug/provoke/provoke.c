// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does what a driver must not do, so that one can see whether a
 * debug kernel notices it
 *
 *	insmod provoke.ko fault=NAME
 *
 * Loading always fails: nothing of it stays.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rculist.h>
#include <linux/ref_tracker.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *fault = "none";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "what to do wrong");

/* Something that the compiler cannot see through. */
static int forty = 40;

static void leak(void)
{
	void *memory;
	int i;

	/* Of several at least one has left no trace on some stack. */
	for (i = 0; i < 10; i++) {
		memory = kmalloc(1000 + i, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(memory);
	}
}

static void use_after_free(void)
{
	char *memory = kmalloc(100, GFP_KERNEL);

	if (!memory)
		return;
	kfree(memory);
	OPTIMIZER_HIDE_VAR(memory);
	WRITE_ONCE(memory[0], 1);
}

static void shift_too_far(void)
{
	forty = 1 << READ_ONCE(forty);
}

static void sleep_in_rcu(void)
{
	rcu_read_lock();
	might_sleep();
	rcu_read_unlock();
}

static void sleep_under_spinlock(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void dereference_without_rcu(void)
{
	static int __rcu *pointer;

	forty = !!rcu_dereference(pointer);
}

static void no_operation(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, no_operation, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void leak_reference(void)
{
	static struct ref_tracker_dir references;
	struct ref_tracker *tracker;

	ref_tracker_dir_init(&references, 16, "provoke");
	ref_tracker_alloc(&references, &tracker, GFP_KERNEL);
	ref_tracker_dir_exit(&references);
}

static void count_below_zero(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_dec(&count);
}

static void use_processor_id(void)
{
	forty = smp_processor_id();
}

static void warn_of_net(void)
{
	DEBUG_NET_WARN_ON_ONCE(READ_ONCE(forty));
}

/* After this lockdep looks at nothing any more. */
static void lock_in_two_orders(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static const struct {
	const char *name;
	void (*function)(void);
} faults[] = {
	{ "leak",			leak },
	{ "use-after-free",		use_after_free },
	{ "shift-too-far",		shift_too_far },
	{ "sleep-in-rcu",		sleep_in_rcu },
	{ "sleep-under-spinlock",	sleep_under_spinlock },
	{ "dereference-without-rcu",	dereference_without_rcu },
	{ "free-active-timer",		free_active_timer },
	{ "leak-reference",		leak_reference },
	{ "count-below-zero",		count_below_zero },
	{ "use-processor-id",		use_processor_id },
	{ "warn-of-net",		warn_of_net },
	{ "lock-in-two-orders",		lock_in_two_orders },
};

static int __init provoke_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(fault, faults[i].name)) {
			faults[i].function();
			return -ECANCELED;
		}
	return -EINVAL;
}
module_init(provoke_init);

MODULE_DESCRIPTION("What a debug kernel has to notice");
MODULE_LICENSE("GPL");
