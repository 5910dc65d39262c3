/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * GCRA, the algorithm of usage_rate: the pace at which a credential's calls of
 * one successor may start.  The buckets are in shared memory, so the pace holds
 * for all workers.  In: the key of a bucket, and a call to reserve or to start.
 * Out: the time at which the call may start.
 *
 * A bucket has two times.  Each call moves them ahead of the clock by one
 * interval T:
 *
 *   next   is moved when a call is reserved.  It tells the first time at which
 *          a further call may start, so that calls take their turns;
 *   sent   is moved when a call is started.  It is strict, however late a
 *          worker comes to start what is reserved.
 *
 * A call may start at the time t if sent <= t + (burst - 1) T + S.  Then sent
 * becomes max(sent, t) + T.  (S is how late a call may start without delaying
 * the calls behind it.)  Assume that N calls start in a window of the length W,
 * the first of them at a and the last at b.  Each moves sent by T at least, so
 * sent >= a + (N - 1) T before the last, and as that one may start,
 *
 *     (N - burst) T <= b - a + S <= W + S.
 *
 * With the margin M and T = (W + M) / (rate - burst + 1), that is
 *
 *     N - burst <= (rate - burst + 1) (W + S) / (W + M) < rate - burst + 1
 *
 * for S < M.  So at most "rate" calls start in any window, the burst included.
 * S is half of M.  The other half is for the time that a call takes to the
 * upstream, which differs from call to call.
 *
 * A reload may change the rate.  The times ahead of the clock stand for calls,
 * so the first worker of the new configuration turns them into as many calls of
 * the new interval.  If the rate is raised, nobody waits for times of the old
 * one; if it is cut, the calls before count.  The old workers go on with their
 * own rate.
 *
 * Gateways that share a rate reserve their calls in Redis, by the same algorithm
 * (ngx_http_usage_turn.c).  "next" is then what this gateway last knew of it.  If
 * Redis doesn't answer, each gateway goes on alone, at its part of the rate: see
 * ngx_http_usage_tempo.c.
 */

#include "pace/ngx_http_usage_gcra.h"


/* microseconds: a time that is further ahead is wrong */
#define NGX_HTTP_USAGE_RATE_AHEAD  (86400 * (uint64_t) 1000000)


static ngx_http_usage_bucket_t *ngx_http_usage_rate_lock(
    ngx_http_usage_rate_t *rate, uint64_t *key);
static void ngx_http_usage_rate_rescale(ngx_http_usage_rate_t *rate,
    uint64_t now);
static uint64_t ngx_http_usage_rate_scaled(uint64_t time, uint64_t now,
    uint64_t from, uint64_t to);
static void ngx_http_usage_rate_unlock(ngx_http_usage_rate_t *rate,
    ngx_log_t *log);
static uint64_t ngx_http_usage_rate_slot(ngx_http_usage_tempo_t *tempo,
    uint64_t next, uint64_t now);


uint64_t
ngx_http_usage_rate_now(void)
{
    /* the time that nginx has cached may be from a while ago */

    ngx_time_update();

    return (uint64_t) ngx_current_msec * 1000;
}


uint64_t
ngx_http_usage_rate_reserve(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, ngx_http_usage_slot_t *slot,
    ngx_log_t *log)
{
    uint64_t                  now, from;
    ngx_http_usage_bucket_t  *bucket;

    now = ngx_http_usage_rate_now();
    from = ngx_max(now, tempo->from);
    bucket = ngx_http_usage_rate_lock(rate, key);

    slot->before = bucket->next;
    slot->after = ngx_max(bucket->next, from) + tempo->interval;
    slot->time = ngx_http_usage_rate_slot(tempo, bucket->next, from);

    bucket->next = slot->after;

    ngx_http_usage_rate_unlock(rate, log);

    return slot->time;
}


void
ngx_http_usage_rate_return(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_http_usage_slot_t *slot, ngx_log_t *log)
{
    ngx_http_usage_bucket_t  *bucket;

    bucket = ngx_http_usage_rate_lock(rate, key);

    /* if others have reserved since, the slot is lost */

    if (bucket->next == slot->after) {
        bucket->next = slot->before;
    }

    ngx_http_usage_rate_unlock(rate, log);
}


uint64_t
ngx_http_usage_rate_start(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, ngx_log_t *log)
{
    uint64_t                  now, ahead, late;
    ngx_http_usage_bucket_t  *bucket;

    now = ngx_http_usage_rate_now();

    if (now < tempo->from) {
        return tempo->from;
    }

    late = rate->margin / 2;
    ahead = tempo->ahead + late;

    bucket = ngx_http_usage_rate_lock(rate, key);

    if (bucket->sent > now + ahead) {
        now = bucket->sent - ahead;

    } else {
        bucket->sent = ngx_max(bucket->sent, now) + tempo->interval;

        /* nobody is to reserve a time at which no call may start */

        if (bucket->sent > bucket->next + late) {
            bucket->next = bucket->sent - late;
        }

        now = 0;
    }

    ngx_http_usage_rate_unlock(rate, log);

    return now;
}


void
ngx_http_usage_rate_push(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, uint64_t delay,
    ngx_log_t *log)
{
    uint64_t                  until;
    ngx_http_usage_bucket_t  *bucket;

    until = ngx_http_usage_rate_now() + delay + tempo->ahead;

    bucket = ngx_http_usage_rate_lock(rate, key);

    bucket->next = ngx_max(bucket->next, until);
    bucket->sent = ngx_max(bucket->sent, until + rate->margin / 2);

    ngx_http_usage_rate_unlock(rate, log);
}


uint64_t
ngx_http_usage_rate_ahead(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, uint64_t now,
    ngx_uint_t calls, ngx_log_t *log)
{
    uint64_t                  next;
    ngx_http_usage_bucket_t  *bucket;

    bucket = ngx_http_usage_rate_lock(rate, key);
    next = bucket->next;
    ngx_http_usage_rate_unlock(rate, log);

    now = ngx_max(now, tempo->from);
    next = ngx_max(next, now);

    return calls == 0 ? next
                      : ngx_http_usage_rate_slot(tempo,
                                         next + (calls - 1) * tempo->interval,
                                         now);
}


void
ngx_http_usage_rate_learn(ngx_http_usage_rate_t *rate, uint64_t *key,
    uint64_t next, ngx_log_t *log)
{
    ngx_http_usage_bucket_t  *bucket;

    bucket = ngx_http_usage_rate_lock(rate, key);
    bucket->next = ngx_max(bucket->next, next);
    ngx_http_usage_rate_unlock(rate, log);
}


/*
 * Returns the time at which a bucket's next call may start.
 */

static uint64_t
ngx_http_usage_rate_slot(ngx_http_usage_tempo_t *tempo, uint64_t next,
    uint64_t now)
{
    return next > now + tempo->ahead ? next - tempo->ahead : now;
}


/*
 * Locks the zone and returns the bucket of a key.  If there is none, the key
 * gets the stalest bucket of its set.  Mostly that has no time ahead of the
 * clock, so it is as good as new.
 */

static ngx_http_usage_bucket_t *
ngx_http_usage_rate_lock(ngx_http_usage_rate_t *rate, uint64_t *key)
{
    uint64_t                  now, end;
    ngx_uint_t                i;
    ngx_http_usage_bucket_t  *bucket, *stalest;

    i = key[0] % rate->sh->sets;
    bucket = &rate->sh->buckets[i * NGX_HTTP_USAGE_RATE_WAYS];
    stalest = bucket;

    ngx_shmtx_lock(&rate->shpool->mutex);

    now = (uint64_t) ngx_current_msec * 1000;

    if (rate->sh->reloads < rate->reloads) {
        ngx_http_usage_rate_rescale(rate, now);
    }

    end = now + rate->burst * rate->interval + NGX_HTTP_USAGE_RATE_AHEAD;

    for (i = 0; i < NGX_HTTP_USAGE_RATE_WAYS; i++, bucket++) {

        /* with 32 bits, nginx's clock starts anew every 49 days */

        if (bucket->next > end || bucket->sent > end) {
            bucket->next = 0;
            bucket->sent = 0;
        }

        if (bucket->key[0] == key[0] && bucket->key[1] == key[1]) {
            return bucket;
        }

        if (bucket->next < stalest->next) {
            stalest = bucket;
        }
    }

    rate->crowded = stalest->next > now || stalest->sent > now;

    stalest->key[0] = key[0];
    stalest->key[1] = key[1];
    stalest->next = 0;
    stalest->sent = 0;

    return stalest;
}


/*
 * Brings all times to the interval of a new configuration.
 */

static void
ngx_http_usage_rate_rescale(ngx_http_usage_rate_t *rate, uint64_t now)
{
    uint64_t                  from;
    ngx_uint_t                i;
    ngx_http_usage_bucket_t  *bucket;

    from = rate->sh->interval;

    rate->sh->reloads = rate->reloads;
    rate->sh->interval = rate->interval;

    if (from == rate->interval) {
        return;
    }

    for (i = 0; i < rate->sh->sets * NGX_HTTP_USAGE_RATE_WAYS; i++) {
        bucket = &rate->sh->buckets[i];

        bucket->next = ngx_http_usage_rate_scaled(bucket->next, now, from,
                                                  rate->interval);
        bucket->sent = ngx_http_usage_rate_scaled(bucket->sent, now, from,
                                                  rate->interval);
    }
}


/*
 * Returns the time that stands for as many calls ahead of now by the new
 * interval as the old time did by the old one.
 */

static uint64_t
ngx_http_usage_rate_scaled(uint64_t time, uint64_t now, uint64_t from,
    uint64_t to)
{
    return time > now ? now + (uint64_t) ((double) (time - now) / from * to)
                      : time;
}


static void
ngx_http_usage_rate_unlock(ngx_http_usage_rate_t *rate, ngx_log_t *log)
{
    ngx_shmtx_unlock(&rate->shpool->mutex);

    if (rate->crowded) {
        rate->crowded = 0;

        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage_rate zone \"%V\" is too small: a bucket in use "
                      "was replaced", &rate->name);
    }
}
