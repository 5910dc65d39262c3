/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: the upstream that is assumed, and its replies.
 */

#include "ctl_plan.h"
#include "base/usage_json.h"

#include <inttypes.h>
#include <stdlib.h>


/* each day of each desktop in use: seconds, and the seconds before them */
#define MODEL_SECONDS USAGE_SECONDS_PER_HOUR
#define MODEL_STARTS  (8 * USAGE_SECONDS_PER_HOUR)

/* what a desktop's name and its sid have before its id */
#define MODEL_NAME "NAME-OF-"
#define MODEL_SID  "SID-OF-"


static FILE *
open_text(char **text, size_t *len)
{
    FILE *out;

    out = open_memstream(text, len);

    if (out == NULL) {
        ctl_die("out of memory");
    }

    return out;
}


/*
 * Writes a JSON string: a prefix and an id.
 */
static void
put_string(FILE *out, const char *prefix, usage_str_t id)
{
    char       *text, *end;
    usage_str_t whole;

    whole.len = strlen(prefix) + id.len;
    text = ctl_alloc(whole.len + usage_json_string_max(whole.len));
    memcpy(text, prefix, strlen(prefix));

    if (id.len > 0) {
        memcpy(text + strlen(prefix), id.data, id.len);
    }

    whole.data = text;
    end = usage_json_write_string(text + whole.len, whole);
    (void) fwrite(text + whole.len, 1, (size_t) (end - text) - whole.len, out);
    free(text);
}


/*
 * Gives the id of the i-th desktop, which may be made up in the buffer.
 */
static usage_str_t
id_of(const ctl_model_t *model, size_t i, char *buffer, size_t size)
{
    usage_str_t id;

    if (i < model->request->desktops) {
        return model->request->desktop_ids[i];
    }

    id.data = buffer;
    id.len = (size_t) snprintf(buffer, size, "DESKTOP-%06zu", i + 1);

    return id;
}


/*
 * Counts the days of a window that have figures: those that are final.
 */
static int64_t
days_final(const ctl_model_t *model, usage_day_t first, usage_day_t last)
{
    int64_t     days;
    usage_day_t day;

    for (day = first, days = 0; day <= last; day++) {
        days += usage_day_final(day, model->now);
    }

    return days;
}


static void
put_statistics_row(
    FILE *out, const ctl_model_t *model, const usage_call_t *call, size_t i)
{
    char        buffer[32];
    int64_t     seconds;
    usage_str_t id;

    seconds = MODEL_SECONDS * days_final(model, call->first, call->last);

    if (call->api == USAGE_CALL_USERS) {
        (void) fputs("{\"username\":", out);
        put_string(out, "", model->request->user);
        (void) fprintf(out,
            ",\"metric\":[{\"metric_name\":\"user_usage\",\"metric_value\":"
            "%" PRId64 ".0}]}",
            seconds * (int64_t) model->owned);
        return;
    }

    id = id_of(model, i, buffer, sizeof(buffer));

    (void) fputs("{\"resource_id\":", out);
    put_string(out, "", id);
    (void) fputs(",\"resource_name\":", out);
    put_string(out, MODEL_NAME, id);
    (void) fprintf(out,
        ",\"metric\":[{\"metric_name\":\"desktop_usage\",\"metric_value\":"
        "%" PRId64 ".0}]}",
        i < model->in_use ? seconds : 0);
}


static void
put_directory_row(
    FILE *out, const ctl_model_t *model, usage_str_t id, bool owned)
{
    (void) fputs("{\"desktop_id\":", out);
    put_string(out, "", id);
    (void) fputs(",\"computer_name\":", out);
    put_string(out, MODEL_NAME, id);
    (void) fputs(",\"sid\":", out);
    put_string(out, MODEL_SID, id);
    (void) fputs(",\"attach_user_infos\":[", out);

    if (owned) {
        (void) fputs("{\"type\":\"USER\",\"user_name\":", out);
        put_string(out, "", model->request->user);
        (void) fputs(",\"domain\":", out);
        put_string(out, "", model->request->domain);
        (void) fputc('}', out);
    }

    (void) fputs("]}", out);
}


static bool
is_owned(const ctl_model_t *model, usage_str_t id)
{
    char   buffer[32];
    size_t i;

    for (i = 0; i < model->owned; i++) {
        if (usage_str_equal(id, id_of(model, i, buffer, sizeof(buffer)))) {
            return true;
        }
    }

    return false;
}


/*
 * Writes the n-th record.  The oldest day, `first`, comes first, and a day has
 * one record for each of so many desktops.
 */
static void
put_record(FILE *out, const ctl_model_t *model, usage_day_t first,
    size_t desktops, size_t n)
{
    char        buffer[32], times[2][USAGE_TIME_LEN];
    int64_t     start;
    usage_str_t id;

    id = id_of(model, n % desktops, buffer, sizeof(buffer));
    start = ((int64_t) first + (int64_t) (n / desktops)) * USAGE_SECONDS_PER_DAY
            + MODEL_STARTS;
    usage_time_write(start, times[0]);
    usage_time_write(start + MODEL_SECONDS, times[1]);

    (void) fputs("{\"user_name\":", out);
    put_string(out, "",
        model->request->user.len > 0 ? model->request->user : ctl_str("USER"));
    (void) fputs(",\"computer_name\":", out);
    put_string(out, MODEL_NAME, id);
    (void) fputs(",\"sid\":", out);
    put_string(out, MODEL_SID, id);
    (void) fprintf(out,
        ",\"transaction_id\":\"%zu\",\"connection_start_time\":\"%.*s\","
        "\"connection_setup_time\":\"%.*s\",\"connection_end_time\":\"%.*s\"}",
        n, (int) USAGE_TIME_LEN, times[0], (int) USAGE_TIME_LEN, times[0],
        (int) USAGE_TIME_LEN, times[1]);
}


/*
 * Counts the records that start in a window, and gives the day of the first.
 */
static size_t
records_of(const ctl_model_t *model, const usage_call_t *call, size_t desktops,
    usage_day_t *first)
{
    int64_t days;

    *first =
        usage_day_of(call->from + USAGE_SECONDS_PER_DAY - MODEL_STARTS - 1);
    days = (call->to - MODEL_STARTS) / USAGE_SECONDS_PER_DAY - *first + 1;

    while (days > 0
           && !usage_day_final(*first + (usage_day_t) days - 1, model->now))
    {
        days--;
    }

    return days > 0 ? (size_t) days * desktops : 0;
}


/*
 * Writes a period of desktop monitoring: that of the n-th day from first on.
 */
static void
put_period(FILE *out, usage_day_t first, size_t n)
{
    char    times[2][USAGE_TIME_LEN];
    int64_t start;

    start =
        ((int64_t) first + (int64_t) n) * USAGE_SECONDS_PER_DAY + MODEL_STARTS;
    usage_time_write(start, times[0]);
    usage_time_write(start + MODEL_SECONDS, times[1]);

    (void) fprintf(out,
        "{\"connection_setup_time\":\"%.*s\","
        "\"connection_end_time\":\"%.*s\"}",
        (int) USAGE_TIME_LEN, times[0], (int) USAGE_TIME_LEN, times[1]);
}


/*
 * What a reply lists.
 */
typedef struct {
    const char *count;    /* the name of the member with the count */
    const char *list;     /* the name of the member with the rows */
    size_t      total;    /* rows, on all pages */
    size_t      desktops; /* that records are of */
    usage_day_t first;    /* that records and periods are of */
} model_list_t;


/*
 * Finds the desktop that a call is narrowed to.
 */
static size_t
narrowed_to(const ctl_model_t *model, const usage_call_t *call)
{
    char        buffer[32];
    size_t      i, prefix;
    usage_str_t id, name;

    prefix = sizeof(MODEL_NAME) - 1;

    for (i = 0; i < model->desktops; i++) {
        id = id_of(model, i, buffer, sizeof(buffer));
        name = call->name;

        if (name.len > prefix) {
            name.data += prefix;
            name.len -= prefix;
        }

        if (usage_str_equal(id, call->id.len > 0 ? call->id : name)) {
            break;
        }
    }

    return i;
}


/*
 * Finds out what the reply to an upstream call lists.
 */
static void
list_of(const ctl_model_t *model, const usage_call_t *call, model_list_t *list)
{
    list->desktops = model->desktops;
    list->first = 0;

    switch (call->api) {

    case USAGE_CALL_DIRECTORY:
        list->count = "total_count";
        list->list = "desktops";
        list->total = call->count > 0      ? call->count
                      : call->name.len > 0 ? model->owned
                                           : model->desktops;
        return;

    case USAGE_CALL_RECORDS:
        list->desktops = call->name.len > 0 ? model->owned : model->in_use;
        list->count = "total_count";
        list->list = "records";
        list->total = records_of(model, call, list->desktops, &list->first);
        return;

    case USAGE_CALL_MONITOR:
        list->count = "online_status";
        list->list = "user_online_info";
        list->total = narrowed_to(model, call) < model->in_use
                          ? records_of(model, call, 1, &list->first)
                          : 0;
        return;

    case USAGE_CALL_USERS:
    case USAGE_CALL_DESKTOPS:
    default:
        list->count = "count";
        list->list = "items";
        list->total = call->api == USAGE_CALL_USERS || call->name.len > 0
                              || call->id.len > 0
                          ? 1
                          : model->desktops;
        return;
    }
}


static void
put_row(FILE *out, const ctl_model_t *model, const usage_call_t *call,
    const model_list_t *list, size_t i)
{
    char        buffer[32];
    usage_str_t id;

    switch (call->api) {

    case USAGE_CALL_DIRECTORY:
        id = call->count > 0 ? call->desktops[i]->id
                             : id_of(model, i, buffer, sizeof(buffer));
        put_directory_row(out, model, id, is_owned(model, id));
        return;

    case USAGE_CALL_RECORDS:
        put_record(out, model, list->first, list->desktops, i);
        return;

    case USAGE_CALL_MONITOR:
        put_period(out, list->first, i);
        return;

    case USAGE_CALL_USERS:
    case USAGE_CALL_DESKTOPS:
    default:
        put_statistics_row(out, model, call,
            call->name.len > 0 || call->id.len > 0 ? narrowed_to(model, call)
                                                   : i);
        return;
    }
}


char *
ctl_model_reply(const ctl_model_t *model, const usage_call_t *call, size_t *len)
{
    FILE        *out;
    char        *text;
    size_t       i, from, to;
    model_list_t list;

    list_of(model, call, &list);

    from = (size_t) call->offset;
    to = from + (size_t) call->limit;

    if (to > list.total || call->api == USAGE_CALL_MONITOR) {
        to = list.total;
    }

    out = open_text(&text, len);
    (void) fprintf(
        out, "{\"%s\":%zu,\"%s\":[", list.count, list.total, list.list);

    for (i = from; i < to; i++) {
        (void) fputs(i > from ? "," : "", out);
        put_row(out, model, call, &list, i);
    }

    (void) fputs("]}", out);

    if (fclose(out) != 0) {
        ctl_die("out of memory");
    }

    return text;
}
