/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A growing string, and JSON written into it.
 */

#ifndef SIM_BUF_H
#define SIM_BUF_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    char  *data; /* NUL-terminated once anything was written */
    size_t len;
    size_t size;
} sim_buf_t;


/* malloc that never returns NULL: the simulator aborts without memory. */
void *sim_alloc(size_t size);

/* realloc likewise. */
void *sim_realloc(void *p, size_t size);

/* strdup likewise; a NULL stays NULL. */
char *sim_strdup(const char *s);

/* Frees the text and leaves an empty buffer. */
void sim_buf_free(sim_buf_t *b);

/* Makes room for `len` more bytes and the NUL. */
void sim_buf_reserve(sim_buf_t *b, size_t len);

/* Appends `len` bytes. */
void sim_buf_add(sim_buf_t *b, const void *data, size_t len);

/* Appends a C string. */
void sim_buf_str(sim_buf_t *b, const char *s);

/* Appends formatted text. */
void sim_buf_fmt(sim_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends `s` as a JSON string with its quotes; NULL gives null. */
void sim_buf_json(sim_buf_t *b, const char *s);

/* FNV-1a, 64 bits: the fingerprint that stands for a token in logs. */
uint64_t sim_fingerprint(const void *data, size_t len);

#endif
