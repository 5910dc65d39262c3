/*
 * The tenant of the published example: its two desktops, and a few others.
 */

#include "sim_tenant.h"

#include <stdlib.h>

#define FIRST  "\"c6e6dbd7-c950-471d-a6a7-01d0fb62f450\""
#define SECOND "\"d5367f84-1d64-498e-9b92-093002ac6ce9\""
#define SHARED "\"0b5c2d4e-7a31-4c1f-8f52-2f6f0c9b7d10\""
#define POOL   "\"7f3a9e62-1b4d-4e0a-9c55-d1e2f3a4b5c6\""
#define GROUP  "\"91d0c3b2-5e6f-4a7b-8c9d-0e1f2a3b4c5d\""
#define UNUSED "\"e2f1a0b9-c8d7-4e6f-a5b4-c3d2e1f0a9b8\""

#define DESKTOP(id, name, more)                                                \
    "{\"desktop_id\":" id ",\"computer_name\":\"" name "\"" more "}"
#define USE(id, user, setup, end)                                              \
    "{\"desktop_id\":" id ",\"user_name\":\"" user                             \
    "\",\"setup\":\"2022-12-" setup "Z\",\"end\":\"2022-12-" end "Z\"}"


static const char text[] =
    "{\"now\":\"2022-12-16T08:00:00Z\",\"desktops\":[" DESKTOP(
        FIRST, "ZRYUAN107", ",\"users\":[\"zryuan1\"]") "," DESKTOP(SECOND,
        "JY011", ",\"users\":[\"jy01\"]") "," DESKTOP(SHARED, "LAB-01",
        ",\"users\":[\"zryuan1\",\"annabel\"]") "," DESKTOP(POOL, "POOL-01",
        ",\"resource_pool_id\":\"5d2c-pool\"") "," DESKTOP(GROUP, "DEV-01",
        ",\"group\":\"developers\"") "," DESKTOP(UNUSED, "SPARE-01",
        ",\"users\":[\"Ann\"]") "],\"sessions\":["

    /* 45432, 9432, 3672, 0, 0, 13932 and 12816 seconds */
    USE(FIRST, "zryuan1", "09T07:10:00", "09T17:47:12") "," USE(
        FIRST, "zryuan1", "09T22:00:00", "10T01:30:00") "," USE(FIRST,
        "zryuan1", "10T10:00:00", "10T11:07:12") "," USE(FIRST, "zryuan1",
        "11T14:00:00", "11T15:01:12") "," USE(FIRST, "zryuan1", "14T08:30:00",
        "14T12:22:12") "," USE(FIRST, "zryuan1", "15T13:00:00",
        "15T16:33:36") ","

    /* 38016, 4968, 0, 0, 0, 13932 and 12816 seconds */
    USE(SECOND, "jy01", "09T08:00:00", "09T18:33:36") "," USE(
        SECOND, "jy01", "10T09:00:00", "10T10:22:48") "," USE(SECOND, "jy01",
        "14T13:00:00", "14T16:52:12") "," USE(SECOND, "jy01", "15T09:00:00",
        "15T11:03:36") "," USE(SECOND, "jy01", "15T13:00:00", "15T14:30:00") ","

    USE(SHARED, "annabel", "12T09:00:00", "12T12:15:00") "," USE(
        SHARED, "zryuan1", "12T14:00:00", "12T15:45:30") "," USE(POOL, "jy01",
        "13T07:00:00", "13T11:30:00") "," USE(POOL, "Ann", "13T23:00:00",
        "14T02:00:00") "," USE(GROUP, "jy01", "14T18:00:00",
        "14T19:00:18") ","

                       /* one that never connected, and one that is still open
                        */
                       "{\"desktop_id\":" UNUSED
                       ",\"user_name\":\"Ann\",\"start\":"
                       "\"2022-12-13T22:58:00Z\",\"failure\":\"The desktop is "
                       "powered off.\"},"
                       "{\"desktop_id\":" FIRST
                       ",\"user_name\":\"zryuan1\",\"reconnect\":true,"
                       "\"start\":\"2022-12-16T06:59:57Z\",\"setup\":\"2022-12-"
                       "16T07:00:00Z\"}]}";


sim_tenant_t *
sim_tenant_default(void)
{
    char          err[256];
    json_t       *root = json_loads(text, 0, NULL);
    sim_tenant_t *t;

    t = sim_tenant_load(root, err);
    json_decref(root);

    if (t == NULL) {
        abort();
    }

    return t;
}
