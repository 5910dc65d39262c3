/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that wait, and the thread that wakes them.
 */

#define _GNU_SOURCE

#include "sim_wait.h"
#include "sim_buf.h"
#include "sim_time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>


static struct {
    pthread_mutex_t lock;
    pthread_t       thread;
    int             pipe[2];
    int             stopping;
    sim_waiter_t   *waiters;
    size_t          n, size;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };


/* Makes the thread look again at who waits. */

static void
knock(void)
{
    ssize_t n;

    do {
        n = write(all.pipe[1], "", 1);
    } while (n < 0 && errno == EINTR);
}


/* Resumes a connection; called with the lock held. */

static void
wake(size_t i)
{
    sim_waiter_t w = all.waiters[i];

    all.waiters[i] = all.waiters[--all.n];
    MHD_resume_connection(w.connection);
}


/*
 * Makes the list for poll(): the pipe, then the waiters in their order.  Gives
 * how many waiters there are, and the time to wait in ms.
 */

static struct pollfd *
make_polls(size_t *n, int *timeout)
{
    size_t         i;
    int64_t        due = SIM_FOREVER, now = sim_monotonic();
    struct pollfd *p;

    p = sim_alloc((all.n + 1) * sizeof(*p));
    p[0] = (struct pollfd){ .fd = all.pipe[0], .events = POLLIN };

    for (i = 0; i < all.n; i++) {
        p[i + 1] =
            (struct pollfd){ .fd = all.waiters[i].fd, .events = POLLRDHUP };
        due = all.waiters[i].due < due ? all.waiters[i].due : due;
    }

    *n = all.n;
    *timeout = due == SIM_FOREVER ? -1 : due <= now ? 0 : (int) (due - now);

    return p;
}


/*
 * Wakes those that are due or whose client has left.  The n waiters that were
 * polled are still the first ones: new ones are added at the end, and nobody
 * but this thread removes any.
 */

static void
wake_due(const struct pollfd *p, size_t n)
{
    size_t  i;
    int64_t now = sim_monotonic();

    for (i = all.n; i-- > 0; /* void */) {
        if (i < n && p[i + 1].revents) {
            *all.waiters[i].gone = 1;
            wake(i);

        } else if (all.waiters[i].due <= now) {
            wake(i);
        }
    }
}


static void *
run(void *arg)
{
    char           buf[256];
    int            timeout, stopping = 0;
    size_t         n;
    struct pollfd *p;

    (void) arg;

    while (!stopping) {
        (void) pthread_mutex_lock(&all.lock);
        p = make_polls(&n, &timeout);
        (void) pthread_mutex_unlock(&all.lock);

        (void) poll(p, n + 1, timeout);

        if (p[0].revents) {
            (void) !read(all.pipe[0], buf, sizeof(buf));
        }

        (void) pthread_mutex_lock(&all.lock);
        wake_due(p, n);
        stopping = all.stopping;
        (void) pthread_mutex_unlock(&all.lock);

        free(p);
    }

    return NULL;
}


int
sim_wait_start(void)
{
    if (pipe2(all.pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }

    return pthread_create(&all.thread, NULL, run, NULL) == 0 ? 0 : -1;
}


void
sim_wait(const sim_waiter_t *waiter)
{
    (void) pthread_mutex_lock(&all.lock);

    if (!all.stopping) {
        MHD_suspend_connection(waiter->connection);

        if (all.n == all.size) {
            all.size = all.size ? 2 * all.size : 16;
            all.waiters =
                sim_realloc(all.waiters, all.size * sizeof(*all.waiters));
        }

        all.waiters[all.n++] = *waiter;
        knock();
    }

    (void) pthread_mutex_unlock(&all.lock);
}


/* Makes all waiters due, or those that wait forever. */

static void
all_due(int forever_only)
{
    size_t i;

    for (i = 0; i < all.n; i++) {
        if (!forever_only || all.waiters[i].due == SIM_FOREVER) {
            all.waiters[i].due = 0;
        }
    }

    knock();
}


void
sim_wait_release(void)
{
    (void) pthread_mutex_lock(&all.lock);
    all_due(1);
    (void) pthread_mutex_unlock(&all.lock);
}


void
sim_wait_stop(void)
{
    (void) pthread_mutex_lock(&all.lock);
    all.stopping = 1;
    all_due(0);
    (void) pthread_mutex_unlock(&all.lock);

    (void) pthread_join(all.thread, NULL);
    (void) close(all.pipe[0]);
    (void) close(all.pipe[1]);
    free(all.waiters);
    all.waiters = NULL;
    all.n = all.size = 0;
}
