// SPDX-License-Identifier: GPL-2.0
/*
 * Feeds that come and go: a broadcast and a watch each. What is sent on a CPU has
 * numbers in a row, so who follows knows what he did not get: he must have been told
 * that it was lost. Nothing comes twice, or in another order, or in parts of two.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include "torture.h"

#define FEEDS	2
/* So few that slow ones miss some. */
#define SLOTS	8

/* What is sent. */
struct tt_news {
	u64 nr;
	u64 cpu;
	u64 check;
};

/**
 * struct tt_feed - a feed of ours
 * @broadcast: numbers of each CPU
 * @watch: numbers of all
 * @refs: one of who destroys it, and one of each user
 * @users: those who follow, or send
 * @idle: woken when @users becomes 0
 * @sent: on each CPU; used there only, with interrupts off
 * @ring: of @broadcast
 * @latest: of @watch
 */
struct tt_feed {
	struct ktask_broadcast broadcast;
	struct ktask_watch watch;
	refcount_t refs;
	atomic_t users;
	wait_queue_head_t idle;
	u64 sent[TT_LANES];
	struct tt_news ring[SLOTS];
	struct tt_news latest;
};

/* Under feeds_lock. */
static struct tt_feed *feeds[FEEDS];
static DEFINE_RAW_SPINLOCK(feeds_lock);
static atomic_long_t feeds_live;

static void news_fill(struct tt_news *n, u64 nr, u64 cpu)
{
	n->nr = nr;
	n->cpu = cpu;
	n->check = ~(nr ^ cpu);
}

static void news_check(const struct tt_news *n)
{
	if (n->check != ~(n->nr ^ n->cpu) || n->cpu >= TT_LANES)
		tt_fault("a feed gave %llu of %llu, which was not sent", n->nr,
			 n->cpu);
}

/* --- They come and go ----------------------------------------------------- */

static struct tt_feed *feed_new(gfp_t gfp)
{
	struct tt_feed *feed = kzalloc(sizeof(*feed), gfp);

	if (!feed)
		return NULL;
	atomic_long_inc(&feeds_live);
	refcount_set(&feed->refs, 1);
	init_waitqueue_head(&feed->idle);
	news_fill(&feed->latest, 0, 0);
	ktask_watch_init(&feed->watch, &feed->latest, sizeof(feed->latest));
	if (ktask_broadcast_init(&feed->broadcast, feed->ring,
				 sizeof(feed->ring[0]), SLOTS))
		tt_fault("a broadcast could not be made");
	return feed;
}

static void feed_put(struct tt_feed *feed)
{
	if (!refcount_dec_and_test(&feed->refs))
		return;
	kfree(feed);
	atomic_long_dec(&feeds_live);
}

/* Return: one that is not destroyed before feed_unuse(); or NULL. Any context. */
static struct tt_feed *feed_pick(struct rnd_state *rnd)
{
	struct tt_feed *feed;
	unsigned long flags;

	raw_spin_lock_irqsave(&feeds_lock, flags);
	feed = feeds[tt_below(rnd, FEEDS)];
	if (feed) {
		refcount_inc(&feed->refs);
		atomic_inc(&feed->users);
		/* Whose senders are not gone, as we are found here. */
		ktask_feed_sender_get(&feed->broadcast.feed);
		ktask_feed_sender_get(&feed->watch.feed);
	}
	raw_spin_unlock_irqrestore(&feeds_lock, flags);
	return feed;
}

static void senders_put(struct tt_feed *feed)
{
	ktask_feed_sender_put(&feed->broadcast.feed);
	ktask_feed_sender_put(&feed->watch.feed);
}

/* The senders were put. */
static void feed_unuse(struct tt_feed *feed)
{
	if (atomic_dec_and_test(&feed->users))
		wake_up(&feed->idle);
	feed_put(feed);
}

/* Destroy @feed, which nobody else can find any more. */
static void feed_end(struct tt_feed *feed)
{
	senders_put(feed);
	/* Who sends goes on soon, and who follows learns that nobody is left. */
	wait_event(feed->idle, !atomic_read(&feed->users));
	ktask_feed_destroy(&feed->broadcast.feed);
	ktask_feed_destroy(&feed->watch.feed);
	news_check(&feed->latest);
	feed_put(feed);
}

static struct tt_feed *feed_swap(u32 place, struct tt_feed *feed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&feeds_lock, flags);
	swap(feeds[place], feed);
	raw_spin_unlock_irqrestore(&feeds_lock, flags);
	return feed;
}

/* --- Sending -------------------------------------------------------------- */

static bool one_more(void *value, void *arg)
{
	struct tt_news *n = value;

	news_check(n);
	/* It says itself whether it has changed. */
	if (*(bool *)arg)
		news_fill(n, n->nr + 1, 0);
	return *(bool *)arg;
}

static void watch_send(struct tt_feed *feed, struct rnd_state *rnd)
{
	bool change = !tt_one_in(rnd, 8);

	if (ktask_watch_modify(&feed->watch, one_more, &change) != change)
		tt_fault("a watch took a change for none");
	tt_count(TT_OP_WATCH);
}

static void broadcast_send(struct tt_feed *feed)
{
	struct tt_news n;
	unsigned long flags;
	unsigned int cpu;

	local_irq_save(flags);
	cpu = smp_processor_id();
	if (cpu < TT_LANES) {
		news_fill(&n, ++feed->sent[cpu], cpu);
		ktask_broadcast_send(&feed->broadcast, &n);
		tt_count(TT_OP_BROADCAST);
	}
	local_irq_restore(flags);
}

/* --- Following ------------------------------------------------------------ */

static struct ktask_feed *feed_of(struct tt_follower *fo)
{
	return fo->watch ? &fo->feed->watch.feed : &fo->feed->broadcast.feed;
}

static void follow(struct tt_follower *fo, struct ktask *t,
		   struct rnd_state *rnd)
{
	fo->watch = tt_one_in(rnd, 3);
	memset(fo->last, 0, sizeof(fo->last));
	fo->got = 0;
	fo->gaps = 0;
	fo->lost = 0;
	ktask_feed_subscribe(feed_of(fo), &fo->rx, t);
}

static void news_got(struct tt_follower *fo, const struct tt_news *n)
{
	u64 *last = &fo->last[n->cpu % TT_LANES];

	tt_count(fo->watch ? TT_OP_WATCH : TT_OP_BROADCAST);
	fo->got++;
	news_check(n);
	if (n->nr <= *last)
		tt_fault("a feed gave %llu after %llu", n->nr, *last);
	if (!fo->watch && *last)
		fo->gaps += n->nr - *last - 1;
	if (fo->gaps > fo->lost)
		tt_fault("%llu values did not come, and %llu were lost",
			 fo->gaps, fo->lost);
	*last = n->nr;
}

static int news_next(struct tt_follower *fo, struct tt_news *n)
{
	if (fo->watch)
		return ktask_watch_try_recv(&fo->feed->watch, &fo->rx, n);
	return ktask_broadcast_try_recv(&fo->feed->broadcast, &fo->rx, n);
}

/* No sender is left: what was seen last is the last. */
static void news_end(struct tt_follower *fo)
{
	struct tt_news n;

	if (!fo->watch)
		return;
	ktask_watch_peek(&fo->feed->watch, &n);
	news_check(&n);
	if (fo->last[0] && fo->last[0] != n.nr)
		tt_fault("a watch ended with %llu, and gave %llu", n.nr,
			 fo->last[0]);
}

/* Return: -EAGAIN when all that there is was seen, -EPIPE if it is the end. */
static int news_take(struct tt_follower *fo)
{
	struct tt_news n;
	int ret;

	for (;;) {
		ret = news_next(fo, &n);
		if (!ret)
			news_got(fo, &n);
		else if (ret == -EOVERFLOW && !fo->watch)
			fo->lost += ktask_broadcast_lost(&fo->rx);
		else
			break;
	}
	if (ret == -EPIPE)
		news_end(fo);
	else if (ret != -EAGAIN)
		tt_fault("a feed says %d", ret);
	return ret;
}

/* --- Wishes --------------------------------------------------------------- */

static bool news_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	struct tt_follower *fo = &w->follower;

	fo->feed = feed_pick(rnd);
	if (!fo->feed)
		return false;
	follow(fo, t, rnd);
	senders_put(fo->feed);
	if (tt_one_in(rnd, 4))
		watch_send(fo->feed, rnd);
	ktask_feed_await(&fo->rx);
	return tt_wish_request(w, ktask_receiver_request(&fo->rx));
}

static void news_granted(struct tt_wish *w, long status)
{
	if (news_take(&w->follower) == -EAGAIN && !w->follower.got)
		tt_fault("there were to be news, and there were none");
}

static void news_over(struct tt_wish *w)
{
	ktask_feed_unsubscribe(&w->follower.rx);
	feed_unuse(w->follower.feed);
}

const struct tt_wish_kind news_wish = {
	.op = TT_OP_AWAIT, .refusals = { -EPIPE }, .ask = news_ask,
	.granted = news_granted, .over = news_over,
};

/* --- Tasks ---------------------------------------------------------------- */

static void leave_feed(struct tt_frame *f)
{
	feed_unuse(f->u.follower.feed);
}

/*
 * Who sends as well must not wait for those who do not come any more, as he is one of
 * them.
 */
static ktask_poll_t feed_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct tt_follower *fo = &f->u.follower;
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	fo->feed = feed_pick(rnd);
	if (!fo->feed)
		KTASK_RETURN(t, 0);
	tt_defer(t, &f->more, leave_feed);
	f->op = tt_below(rnd, 2);
	if (f->op) {
		ktask_feed_sender_defer(&fo->feed->broadcast.feed, t,
					&f->u.sender[0]);
		ktask_feed_sender_defer(&fo->feed->watch.feed, t,
					&f->u.sender[1]);
	} else {
		senders_put(fo->feed);
	}
	follow(fo, t, rnd);
	for (f->left = 1 + tt_below(rnd, 6); f->left; f->left--) {
		if (f->op) {
			broadcast_send(fo->feed);
			watch_send(fo->feed, rnd);
		}
		KTASK_AWAIT_NEWS_TIMEOUT(t, &fo->rx,
					 !f->op && tt_one_in(rnd, 3) ?
					 KTIME_MAX : tt_time(rnd, 200));
		if (news_take(fo) == -EPIPE)
			break;
	}
	/* The others leave that to their end. */
	if (tt_one_in(rnd, 2))
		ktask_feed_unsubscribe(&fo->rx);
	KTASK_END(t);
}

const struct tt_kind feed_kind = { .name = "feed", .resume = feed_body };

/* --- Threads and interrupts ----------------------------------------------- */

static void feed_replace(struct rnd_state *rnd)
{
	struct tt_feed *old;

	old = feed_swap(tt_below(rnd, FEEDS), feed_new(GFP_KERNEL));
	if (old)
		feed_end(old);
}

static void feed_wait(struct tt_feed *feed, struct rnd_state *rnd)
{
	ktime_t deadline = ktime_add(ktime_get(), tt_time(rnd, 300));
	struct tt_follower fo = { .feed = feed };
	struct tt_news n;
	int i, ret = 0;

	follow(&fo, NULL, rnd);
	senders_put(feed);
	for (i = 0; i < 4 && !ret; i++) {
		if (fo.watch)
			ret = ktask_watch_recv_until(&feed->watch, &fo.rx, &n,
						     TASK_UNINTERRUPTIBLE,
						     deadline);
		else
			ret = ktask_broadcast_recv_until(&feed->broadcast,
							 &fo.rx, &n,
							 TASK_UNINTERRUPTIBLE,
							 deadline);
		if (!ret)
			news_got(&fo, &n);
		else if (ret == -EOVERFLOW)
			fo.lost += ktask_broadcast_lost(&fo.rx);
	}
	if (ret == -EPIPE)
		news_end(&fo);
	else if (ret && ret != -ETIMEDOUT && ret != -EOVERFLOW)
		tt_fault("a feed says %d", ret);
	ktask_feed_unsubscribe(&fo.rx);
	feed_unuse(feed);
}

static void feed_step(struct rnd_state *rnd)
{
	struct tt_feed *feed = tt_one_in(rnd, 16) ? NULL : feed_pick(rnd);

	if (feed)
		feed_wait(feed, rnd);
	else
		feed_replace(rnd);
}

static void feed_step_atomic(struct rnd_state *rnd)
{
	struct tt_feed *feed = feed_pick(rnd);
	struct tt_news n;

	if (!feed)
		return;
	switch (tt_below(rnd, 4)) {
	case 0:
		ktask_watch_peek(&feed->watch, &n);
		news_check(&n);
		tt_count(TT_OP_WATCH);
		break;
	case 1:
		watch_send(feed, rnd);
		break;
	default:
		broadcast_send(feed);
	}
	senders_put(feed);
	feed_unuse(feed);
}

static void feed_init(void)
{
	int i;

	for (i = 0; i < FEEDS; i++)
		feed_swap(i, feed_new(GFP_KERNEL));
}

static void feed_close(void)
{
	int i;

	for (i = 0; i < FEEDS; i++) {
		struct tt_feed *old = feed_swap(i, NULL);

		if (old)
			feed_end(old);
	}
}

static void feed_check(void)
{
	if (atomic_long_read(&feeds_live))
		tt_fault("%ld feeds were left", atomic_long_read(&feeds_live));
}

const struct tt_shared feed_shared = {
	.init = feed_init, .step = feed_step, .step_atomic = feed_step_atomic,
	.close = feed_close, .check = feed_check,
};
