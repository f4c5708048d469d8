/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parcels: what a courier brings.
 */
#ifndef _KTASK_TORTURE_VALUE_H
#define _KTASK_TORTURE_VALUE_H

enum parcel_kind {
	PARCEL_ONESHOT,
	PARCEL_PROMISE,
	PARCEL_TOKEN,
	PARCEL_KINDS
};

struct ktask_future;
struct rnd_state;
struct tt_parcel;

struct tt_parcel *parcel_new(struct rnd_state *rnd, gfp_t gfp);
void parcel_put(void *parcel);
struct ktask_future *parcel_future(struct tt_parcel *p);
void parcel_open(struct tt_parcel *p);

#endif /* _KTASK_TORTURE_VALUE_H */
