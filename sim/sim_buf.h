/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Memory that is never missing, strings that grow, JSON written into them.
 */

#ifndef SIM_BUF_H
#define SIM_BUF_H

#include <stddef.h>
#include <stdint.h>


/* All zeros is an empty buffer. */

typedef struct {
    char  *data; /* ends with a NUL; NULL until something is written */
    size_t len;  /* bytes, without the NUL */
    size_t size; /* bytes allocated */
} sim_buf_t;


/* Allocates `size` bytes of zeros; ends the program if there is no memory. */
void *sim_alloc(size_t size);

/* Changes a block's size, as realloc(); ends the program without memory. */
void *sim_realloc(void *p, size_t size);

/* Copies a string; the caller frees the copy.  A NULL stays NULL. */
char *sim_strdup(const char *s);

/* Frees the text and leaves an empty buffer. */
void sim_buf_free(sim_buf_t *b);

/* Makes room for `len` more bytes and the NUL. */
void sim_buf_reserve(sim_buf_t *b, size_t len);

/* Appends `len` bytes. */
void sim_buf_add(sim_buf_t *b, const void *data, size_t len);

/* Appends a string. */
void sim_buf_str(sim_buf_t *b, const char *s);

/* Appends formatted text. */
void sim_buf_fmt(sim_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends `s` as a JSON string with its quotes; NULL becomes null. */
void sim_buf_json(sim_buf_t *b, const char *s);

/*
 * Appends the key of an object's next member with its colon.  A comma goes
 * before it, unless the object has only just begun.  `key` needs no escapes.
 */
void sim_buf_key(sim_buf_t *b, const char *key);

/* Appends a member whose value is a string; NULL becomes null. */
void sim_buf_member(sim_buf_t *b, const char *key, const char *value);

/*
 * Reads a file into a string, which the caller frees.  NULL if it can't, with a
 * message on standard error.
 */
char *sim_read_file(const char *name);

/* Hashes bytes to 64 bits (FNV-1a): a fingerprint stands for a token in logs.
 */
uint64_t sim_fingerprint(const void *data, size_t len);

#endif
