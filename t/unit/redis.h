/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A Redis of a unit test's own, which speaks over a socket in a folder of its
 * own.  Without redis-server fd stays -1, and in CI (which sets CI) that fails.
 */

#ifndef REDIS_H
#define REDIS_H

#include "unit.h"
#include "share/usage_resp.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


/* names as usage_seal_name() writes them */

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define BUCKET "usage:" HEX "0"
#define BORN   "usage:" HEX "1"
#define LOCK   "usage:" HEX "2"


static char         dir[] = "/tmp/usage-share-XXXXXX";
static pid_t        server;
static int          fd = -1;
static unit_arena_t arena;
static usage_resp_t resp;


static inline void
wait_ms(int64_t ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void) nanosleep(&time, NULL);
}


/*
 * Sends a command, and reads its reply.
 */
static inline void
send_command(usage_str_t command)
{
    char           buffer[4096];
    size_t         taken;
    ssize_t        n;
    usage_result_t rc;

    assert_int_equal(
        write(fd, command.data, command.len), (ssize_t) command.len);
    usage_resp_init(&resp, 0, &arena.pool);

    do {
        n = read(fd, buffer, sizeof(buffer));
        assert_true(n > 0);
        taken = (size_t) n;
        rc = usage_resp_feed(&resp, buffer, &taken);
        assert_int_equal(taken, n);
    } while (rc == USAGE_AGAIN);

    assert_int_equal(rc, USAGE_OK);
}


/*
 * Sends a command of words with spaces between them.
 */
static inline void
say(const char *words)
{
    size_t      n;
    usage_str_t args[8], command;

    for (n = 0; *words != '\0'; n++) {
        assert_true(n < unit_count(args));
        args[n].data = words;
        args[n].len = strcspn(words, " ");
        words += args[n].len;
        words += *words == ' ' ? 1 : 0;
    }

    assert_int_equal(
        usage_resp_command(args, n, &arena.pool, &command), USAGE_OK);
    send_command(command);
}


static inline int
start(void **state)
{
    char               path[64];
    int                i;
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    (void) state;

    if (mkdtemp(dir) == NULL) {
        return -1;
    }

    (void) snprintf(path, sizeof(path), "%s/socket", dir);
    (void) strcpy(address.sun_path, path);

    server = fork();

    if (server == 0) {
        (void) freopen("/dev/null", "w", stdout);
        (void) execlp("redis-server", "redis-server", "--port", "0",
            "--unixsocket", path, "--dir", dir, "--save", "", "--appendonly",
            "no", (char *) NULL);
        _exit(127);
    }

    for (i = 0; i < 200; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0) {
            return 0;
        }

        (void) close(fd);
        fd = -1;

        if (waitpid(server, NULL, WNOHANG) == server) {
            server = 0;
            return getenv("CI") == NULL ? 0 : -1;
        }

        wait_ms(50);
    }

    return -1;
}


static inline int
end(void **state)
{
    char path[64];

    (void) state;

    if (server > 0) {
        (void) kill(server, SIGKILL);
        (void) waitpid(server, NULL, 0);
    }

    (void) snprintf(path, sizeof(path), "%s/socket", dir);
    (void) unlink(path);

    return rmdir(dir);
}


static inline int
begin(void **state)
{
    (void) state;

    unit_arena_start(&arena);

    if (fd != -1) {
        say("FLUSHALL");
    }

    return 0;
}


static inline int
finish(void **state)
{
    (void) state;

    unit_arena_free(&arena);

    return 0;
}


/* A test that begins with an empty Redis and an empty arena. */

#define share_test(test) cmocka_unit_test_setup_teardown(test, begin, finish)


#endif /* REDIS_H */
