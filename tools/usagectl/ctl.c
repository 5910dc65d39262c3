/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: the end, memory, text, files, time.
 */

#include "ctl.h"
#include "base/usage_json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>


#define CTL_BLOCK   65536 /* bytes allocated at a time */
#define CTL_MESSAGE 4096  /* bytes of the longest message */


struct ctl_block_s {
    ctl_block_t *next;
    max_align_t  data[];
};


static const char *ctl_command = "";


void
ctl_name(const char *command)
{
    ctl_command = command;
}


static void __attribute__((format(printf, 1, 0)))
ctl_say(const char *format, va_list args)
{
    char text[CTL_MESSAGE];

    (void) vsnprintf(text, sizeof(text), format, args);
    text[usage_text_clean(text, strlen(text))] = '\0';

    (void) fflush(stdout);
    (void) fprintf(stderr, "usagectl%s%s: %s\n",
        *ctl_command != '\0' ? " " : "", ctl_command, text);
}


void
ctl_warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ctl_say(format, args);
    va_end(args);
}


void
ctl_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ctl_say(format, args);
    va_end(args);

    _exit(CTL_FAILED);
}


void
ctl_misuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ctl_say(format, args);
    va_end(args);

    ctl_bad_option();
}


void
ctl_bad_option(void)
{
    (void) fprintf(stderr, "Try \"usagectl%s%s --help\".\n",
        *ctl_command != '\0' ? " " : "", ctl_command);

    exit(CTL_FAILED);
}


void *
ctl_grow(void *p, size_t size)
{
    p = realloc(p, size == 0 ? 1 : size);

    if (p == NULL) {
        ctl_die("out of memory");
    }

    return p;
}


void *
ctl_alloc(size_t size)
{
    return memset(ctl_grow(NULL, size), 0, size);
}


char *
ctl_copy(const char *text, size_t len)
{
    char *copy;

    copy = ctl_grow(NULL, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';

    return copy;
}


void *
ctl_room(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) {
        array = ctl_grow(array, (count == 0 ? 1 : 2 * count) * size);
    }

    return array;
}


static void *
ctl_arena_alloc(void *data, size_t size)
{
    char        *p;
    size_t       room;
    ctl_arena_t *arena;
    ctl_block_t *block;

    arena = data;
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);

    if (arena->blocks == NULL || size > arena->left) {
        room = size > CTL_BLOCK ? size : CTL_BLOCK;
        block = ctl_grow(NULL, sizeof(ctl_block_t) + room);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->left = room;
    }

    /* a block is used from its end */

    arena->left -= size;
    p = (char *) arena->blocks->data;

    return p + arena->left;
}


void
ctl_arena_start(ctl_arena_t *arena)
{
    memset(&arena->pool, 0, sizeof(arena->pool));
    arena->pool.alloc = ctl_arena_alloc;
    arena->pool.data = arena;
    arena->blocks = NULL;
    arena->left = 0;
}


void
ctl_arena_free(ctl_arena_t *arena)
{
    ctl_block_t *block;

    while (arena->blocks != NULL) {
        block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }

    arena->left = 0;
}


char *
ctl_read(const char *name, size_t *len)
{
    FILE  *file;
    char  *text;
    size_t size;

    file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");

    if (file == NULL) {
        ctl_die("%s: %s", name, strerror(errno));
    }

    size = CTL_BLOCK;
    text = ctl_grow(NULL, size);
    *len = 0;

    for (;;) {
        *len += fread(text + *len, 1, size - 1 - *len, file);

        if (*len < size - 1) {
            break;
        }

        size *= 2;
        text = ctl_grow(text, size);
    }

    if (ferror(file)) {
        ctl_die("%s: %s", name, strerror(errno));
    }

    if (file != stdin) {
        (void) fclose(file);
    }

    text[*len] = '\0';

    return text;
}


char *
ctl_line(char **text)
{
    char  *line;
    size_t len;

    if (**text == '\0') {
        return NULL;
    }

    line = *text;
    len = strcspn(line, "\n");
    *text += len + (line[len] == '\n');

    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }

    line[len] = '\0';

    return line;
}


char **
ctl_list_add(char **list, size_t *count, const char *text)
{
    list = ctl_room(list, *count, sizeof(char *));
    list[(*count)++] = ctl_copy(text, strlen(text));

    return list;
}


char **
ctl_list_file(char **list, size_t *count, const char *name)
{
    char  *all, *rest, *line;
    size_t len;

    all = rest = ctl_read(name, &len);

    while ((line = ctl_line(&rest)) != NULL) {
        if (*line != '\0') {
            list = ctl_list_add(list, count, line);
        }
    }

    free(all);

    return list;
}


void
ctl_list_free(char **list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(list[i]);
    }

    free(list);
}


void
ctl_print_json(json_t *value, size_t flags)
{
    if (value == NULL || json_dumpf(value, stdout, flags) != 0) {
        ctl_die("the output could not be written");
    }

    (void) putchar('\n');
    json_decref(value);
}


double
ctl_clock(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}
