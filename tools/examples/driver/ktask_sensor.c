// SPDX-License-Identifier: GPL-2.0
/*
 * A sample driver: a sensor that answers by interrupt, late, and not always.
 *
 * It shows what a driver does with ktask: a measurement is an async task that
 * waits for the interrupt with a timeout, tries again, and gives its reading;
 * averaging many is offloaded to a blocking task that joins them. The same
 * measurement is offered to programs as an op. Tasks at work keep the driver
 * from being unloaded; when it is, destroying its runtime leaves nothing behind.
 *
 * There is no such device, so a timer plays its interrupt line.
 *
 *	modprobe ktask_sensor loss=3	# every third request is not answered
 *	cat /sys/kernel/debug/ktask_sensor/measure
 *	cat /sys/kernel/debug/ktask_sensor/average
 *	ktask spawn sensor channel=2
 */
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/ktask.h>
#include <linux/ktask_op.h>
#include <linux/module.h>

#include "compat.h"

#define SENSOR_CHANNELS	8
#define SENSOR_TRIES	5

static unsigned int delay_us = 500;
module_param(delay_us, uint, 0644);
MODULE_PARM_DESC(delay_us, "microseconds that the sensor takes to answer");

static unsigned int loss;
module_param(loss, uint, 0644);
MODULE_PARM_DESC(loss, "every so many-th request is not answered; 0: all are");

static struct ktask_runtime *runtime;

static ktime_t usecs(u64 us)
{
	return ns_to_ktime(us * NSEC_PER_USEC);
}

/* --- The hardware ---------------------------------------------------------- */

struct sensor_req {
	struct hrtimer irq;
	struct ktask_future done;
	u32 channel;
	bool lost;
};

static atomic_t requests;

/* In hard IRQ context, as a driver's interrupt handler. */
static enum hrtimer_restart sensor_irq(struct hrtimer *timer)
{
	struct sensor_req *req = container_of(timer, struct sensor_req, irq);

	if (!req->lost)
		ktask_future_complete(&req->done, 1000 * req->channel + 1);
	return HRTIMER_NORESTART;
}

static void sensor_submit(struct sensor_req *req, u32 channel)
{
	unsigned int nr = atomic_inc_return(&requests);

	ktask_future_init(&req->done);
	req->channel = channel;
	req->lost = loss && nr % loss == 0;
	hrtimer_setup(&req->irq, sensor_irq, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	hrtimer_start(&req->irq, usecs(delay_us), HRTIMER_MODE_REL_HARD);
}

/* After this the interrupt does not touch the request any more. */
static void sensor_cancel(void *req)
{
	hrtimer_cancel(&((struct sensor_req *)req)->irq);
}

/* --- A measurement: an async task ------------------------------------------ */

/* The frame: what lives across awaits. */
struct measure {
	struct sensor_req req;
	struct ktask_defer cancel;
	u32 channel;
	int tries;
};

static ktask_poll_t measure(struct ktask *t)
{
	struct measure *m = ktask_frame(t);

	KTASK_BEGIN(t);
	for (m->tries = 0; m->tries < SENSOR_TRIES; m->tries++) {
		sensor_submit(&m->req, m->channel);
		/* However the body ends; once is enough. */
		if (!m->tries)
			ktask_defer(t, &m->cancel, sensor_cancel, &m->req);
		KTASK_AWAIT_TIMEOUT(t, &m->req.done,
				    usecs(delay_us * 20ULL));
		if (!ktask_timed_out(t))
			KTASK_RETURN(t, ktask_future_value(&m->req.done));
		sensor_cancel(&m->req);
		KTASK_SLEEP(t, usecs(100));
	}
	KTASK_RETURN(t, -ETIMEDOUT);
	KTASK_END(t);
}

static struct ktask *measure_spawn(u32 channel)
{
	return ktask_spawn(measure, struct measure, .runtime = runtime,
			   .init = &(struct measure){ .channel = channel });
}

/* --- The average of all channels: a blocking task -------------------------- */

static long average(struct ktask *t)
{
	struct ktask *parts[SENSOR_CHANNELS];
	long sum = 0, reading;
	int i, err = 0;

	for (i = 0; i < SENSOR_CHANNELS; i++)
		parts[i] = measure_spawn(i);
	for (i = 0; i < SENSOR_CHANNELS; i++) {
		if (IS_ERR(parts[i])) {
			err = err ?: PTR_ERR(parts[i]);
			continue;
		}
		/* Ends early if we are aborted; then the parts are, too. */
		if (!err)
			err = ktask_join_interruptible(parts[i], &reading);
		if (!err && reading < 0)
			err = reading;
		if (err)
			ktask_abort_and_wait(parts[i]);
		else
			sum += reading;
		ktask_put(parts[i]);
	}
	return err ?: sum / SENSOR_CHANNELS;
}

/* --- For people: debugfs --------------------------------------------------- */

static int join_and_put(struct ktask *t, u64 *val)
{
	long result;
	int err;

	if (IS_ERR(t))
		return PTR_ERR(t);
	err = ktask_join_killable(t, &result);
	if (err)
		ktask_abort(t);
	else if (result < 0)
		err = result;
	else
		*val = result;
	ktask_put(t);
	return err;
}

static int measure_get(void *data, u64 *val)
{
	return join_and_put(measure_spawn(1), val);
}
DEFINE_DEBUGFS_ATTRIBUTE(measure_fops, measure_get, NULL, "%llu\n");

static int average_get(void *data, u64 *val)
{
	return join_and_put(ktask_spawn_blocking(average, void,
						 .runtime = runtime), val);
}
DEFINE_DEBUGFS_ATTRIBUTE(average_fops, average_get, NULL, "%llu\n");

/* --- For programs: an op --------------------------------------------------- */

struct sensor_args {
	__u32 channel;
	__u32 reserved;
};

static int sensor_prepare(struct ktask *t, const void *args)
{
	const struct sensor_args *a = args;
	struct measure *m = ktask_frame(t);

	if (a->reserved || a->channel >= SENSOR_CHANNELS)
		return -EINVAL;
	m->channel = a->channel;
	return 0;
}

static const struct ktask_op_arg sensor_args[] = {
	KTASK_OP_ARG(struct sensor_args, channel, KTASK_ARG_U32, 0),
};

static struct ktask_op sensor_op = {
	.name = "sensor",
	.summary = "measure a channel of the sample sensor",
	.flags = KTASK_OP_PURE,
	.args = sensor_args,
	.nr_args = ARRAY_SIZE(sensor_args),
	.args_size = sizeof(struct sensor_args),
	.args_min = sizeof(struct sensor_args),
	.frame_size = sizeof(struct measure),
	.prepare = sensor_prepare,
	.resume = measure,
};

/* --- Loading and unloading ------------------------------------------------- */

static struct dentry *dir;

static int __init sensor_init(void)
{
	int err;

	runtime = ktask_runtime_create("sensor", 0);
	if (IS_ERR(runtime))
		return PTR_ERR(runtime);
	err = ktask_op_register(&sensor_op);
	if (err)
		goto err_runtime;
	dir = debugfs_create_dir("ktask_sensor", NULL);
	debugfs_create_file_unsafe("measure", 0400, dir, NULL, &measure_fops);
	debugfs_create_file_unsafe("average", 0400, dir, NULL, &average_fops);
	return 0;

err_runtime:
	ktask_runtime_destroy(runtime);
	return err;
}

static void __exit sensor_exit(void)
{
	debugfs_remove(dir);
	ktask_op_unregister(&sensor_op);
	ktask_runtime_destroy(runtime);
}

module_init(sensor_init);
module_exit(sensor_exit);

MODULE_DESCRIPTION("Sample driver for ktask");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
