/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: one call to one endpoint.
 */

#include "check_call.h"
#include "base/usage_error.h"

#include <jansson.h>
#include <stdlib.h>


#define CALL_ROUTE     "/desktops/statistics/used"
#define CALL_REPLY_MAX ((size_t) 256 * 1024 * 1024) /* bytes */


const char *const check_names[CHECK_SIDES] = { "legacy", "translated" };


/*
 * Appends what libcurl has read to the reply; 0 ends the call.
 */
static size_t
add_data(char *data, size_t size, size_t count, void *to)
{
    size_t         len;
    check_reply_t *reply;

    reply = to;
    len = size * count;

    if (reply->len + len > CALL_REPLY_MAX) {
        return 0;
    }

    reply->body = ctl_grow(reply->body, reply->len + len + 1);
    memcpy(reply->body + reply->len, data, len);
    reply->len += len;
    reply->body[reply->len] = '\0';

    return len;
}


static bool
is_http(CURLU *parts)
{
    bool  http;
    char *scheme;

    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        return true; /* without a scheme libcurl takes http:// */
    }

    http = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    curl_free(scheme);

    return http;
}


/*
 * Puts the call's route behind the path of an address.
 */
static void
add_route(CURLU *parts, const char *path, const char *project)
{
    char  *route;
    size_t len;

    len = strlen(path);

    while (len > 0 && path[len - 1] == '/') {
        len--;
    }

    route = ctl_alloc(len + strlen(project) + sizeof("/v2/" CALL_ROUTE));
    (void) sprintf(route, "%.*s/v2/%s" CALL_ROUTE, (int) len, path, project);

    if (curl_url_set(parts, CURLUPART_PATH, route, 0) != CURLUE_OK) {
        ctl_die("out of memory");
    }

    free(route);
}


/*
 * Makes the address of the call: url itself, or url with the call's route
 * behind it.
 */
static char *
make_address(const char *url, const char *project)
{
    char  *path, *whole;
    CURLU *parts;

    parts = curl_url();

    if (parts == NULL) {
        ctl_die("out of memory");
    }

    if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK
        || curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK)
    {
        ctl_misuse("\"%s\" is not an address such as https://host/", url);
    }

    if (!is_http(parts)) {
        ctl_misuse("\"%s\" is neither https:// nor http://", url);
    }

    if (strstr(path, CALL_ROUTE) == NULL) {
        if (project == NULL) {
            ctl_misuse(
                "--project is missing: \"%s\" has no project_id in it", url);
        }

        add_route(parts, path, project);
    }

    curl_free(path);

    if (curl_url_get(parts, CURLUPART_URL, &whole, 0) != CURLUE_OK) {
        ctl_die("out of memory");
    }

    curl_url_cleanup(parts);

    return whole;
}


/*
 * Finds the header that has the same name as this one, up to its colon.
 */
static char **
find_header(const check_side_t *side, const char *header)
{
    size_t i, len;

    len = strcspn(header, ":");

    for (i = 0; i < side->headers_count; i++) {
        if (strncasecmp(side->headers[i], header, len) == 0
            && side->headers[i][len] == ':')
        {
            return &side->headers[i];
        }
    }

    return NULL;
}


bool
check_header_find(const check_side_t *side, const char *name)
{
    return find_header(side, name) != NULL;
}


void
check_header_set(check_side_t *side, const char *header)
{
    char **place;

    if (strchr(header, ':') == NULL) {
        ctl_misuse("a header has the form \"Name: value\"");
    }

    place = find_header(side, header);

    if (place == NULL) {
        side->headers =
            ctl_room(side->headers, side->headers_count, sizeof(char *));
        place = &side->headers[side->headers_count++];

    } else {
        free(*place);
    }

    *place = ctl_copy(header, strlen(header));
}


/*
 * Hands the headers to libcurl, with those that each call needs.
 */
static void
set_headers(check_side_t *side)
{
    size_t             i;
    struct curl_slist *list;

    if (!check_header_find(side, "Content-Type")) {
        check_header_set(side, "Content-Type: application/json");
    }

    /* (libcurl's own "Expect: 100-continue" would cost a round trip) */

    check_header_set(side, "Expect:");

    for (i = 0; i < side->headers_count; i++) {
        list = curl_slist_append(side->list, side->headers[i]);

        if (list == NULL) {
            ctl_die("out of memory");
        }

        side->list = list;
    }

    curl_easy_setopt(side->curl, CURLOPT_HTTPHEADER, side->list);
}


void
check_side_start(check_side_t *side, const char *url, const char *project,
    long timeout, const char *authorities)
{
    CURL *curl;

    side->url = make_address(url, project);
    side->curl = curl = curl_easy_init();

    if (curl == NULL) {
        ctl_die("out of memory");
    }

    set_headers(side);

    curl_easy_setopt(curl, CURLOPT_URL, side->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(
        curl, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "usagectl/" USAGE_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, add_data);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);

    if (authorities != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
    }

    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
}


void
check_side_free(check_side_t *side)
{
    ctl_list_free(side->headers, side->headers_count);
    curl_easy_cleanup(side->curl);
    curl_slist_free_all(side->list);
    curl_free(side->url);
}


/*
 * Copies a string of an object, if it is there, as far as it fits.
 */
static void
read_member(const json_t *root, const char *name, char *text, size_t size)
{
    const char *value;
    usage_str_t shown;

    value = json_string_value(json_object_get(root, name));

    if (value != NULL) {
        shown = ctl_str(value);
        (void) snprintf(text, size, "%.*s", usage_shown(shown), value);
    }
}


static void
read_error(check_reply_t *reply)
{
    json_t      *root;
    json_error_t reason;

    root = json_loadb(reply->body, reply->len, 0, &reason);

    read_member(
        root, "error_code", reply->error_code, sizeof(reply->error_code));
    read_member(root, "error_msg", reply->said, sizeof(reply->said));
    read_member(root, "error_detail", reply->said, sizeof(reply->said));

    json_decref(root);
}


/*
 * Gives the seconds of Retry-After; below 0 if there is no such header.
 */
static double
retry_after(CURL *curl)
{
    curl_off_t wait;

    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK
        && wait > 0)
    {
        return (double) wait;
    }

    return -1;
}


void
check_call(check_side_t *side, const char *body, check_reply_t *reply)
{
    char     error[CURL_ERROR_SIZE] = "";
    double   begun;
    CURLcode rc;

    memset(reply, 0, sizeof(check_reply_t));
    reply->body = ctl_copy("", 0);
    begun = ctl_clock();

    curl_easy_setopt(side->curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(side->curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(
        side->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(body));
    curl_easy_setopt(side->curl, CURLOPT_POSTFIELDS, body);

    rc = curl_easy_perform(side->curl);

    curl_easy_setopt(side->curl, CURLOPT_ERRORBUFFER, NULL);
    side->seconds += ctl_clock() - begun;

    if (rc != CURLE_OK) {
        (void) snprintf(reply->why, sizeof(reply->why), "%s",
            *error != '\0' ? error : curl_easy_strerror(rc));
        return;
    }

    curl_easy_getinfo(side->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    reply->retry_after = retry_after(side->curl);

    if (reply->status != 200) {
        read_error(reply);
    }
}
