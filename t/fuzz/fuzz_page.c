/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The page reader against its oracle: the first two bytes choose the sizes of
 * the pieces and whose statistics these are, the rest is the page.  It is read
 * twice, as the first time tells the template of its rows.
 */

#include "oracle.h"


typedef struct {
    size_t least;
    size_t spread;
    size_t step;
} fuzz_pieces_t;


static size_t
fuzz_piece(void *data)
{
    fuzz_pieces_t *pieces;

    pieces = data;
    pieces->step = pieces->step * 5 + 3;

    return pieces->least + pieces->step % (pieces->spread + 1);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int           i;
    const char   *why;
    usage_str_t   text;
    unit_arena_t  arena;
    usage_error_t error;
    usage_template_t template;
    usage_table_t        table;
    fuzz_pieces_t        pieces;
    oracle_page_t        oracle;
    usage_result_t       rc;
    const oracle_keys_t *keys;
    usage_page_reader_t  reader;

    if (size < 2) {
        return 0;
    }

    pieces.least = (size_t) (data[0] & 0x3f) + 1;
    pieces.spread = data[1] & 0x3f;
    pieces.step = data[1];
    keys = &oracle_kinds[(data[1] >> 6) % ORACLE_KINDS];

    if (data[0] & 0x80) {
        pieces.least = SIZE_MAX;
        pieces.spread = 0;
    }

    text.data = (const char *) data + 2;
    text.len = size - 2;

    usage_template_start(&template);
    oracle_page_read(&oracle, keys, text);

    for (i = 0; i < 2; i++) {
        unit_arena_start(&arena);

        if (usage_table_init(&table, &arena.pool, 1) != USAGE_OK) {
            abort();
        }

        memset(&error, 0, sizeof(error));
        usage_page_start(
            &reader, keys->keys, oracle_bounds, &template, &table, &error);
        rc = oracle_feed(&reader, text, fuzz_piece, &pieces);

        if (!oracle_agrees(&oracle, &reader, rc, &error, &why)) {
            fprintf(stderr, "%s in the page:\n%.*s\n", why, (int) text.len,
                text.data);
            abort();
        }

        unit_arena_free(&arena);
    }

    oracle_page_free(&oracle);

    return 0;
}
