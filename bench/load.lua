-- SPDX-License-Identifier: BSD-2-Clause

-- For wrk: what to ask and what to tell at the end.
--   wrk ... -s load.lua URL -- POST FILE    the file is the body
--   wrk ... -s load.lua URL -- GET FILE     the file lists paths, asked in turn

local requests = {}
local at = 0

function init(args)
    local method, name = args[1], args[2]
    wrk.headers["X-Auth-Token"] = "a-token-made-for-the-benchmark"

    if method == "POST" then
        local file = assert(io.open(name))
        local body = file:read("*a")
        file:close()
        wrk.headers["Content-Type"] = "application/json"
        requests[1] = wrk.format("POST", nil, nil, body)
    else
        for path in io.lines(name) do
            requests[#requests + 1] = wrk.format("GET", path)
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failed":%d}\n',
        summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
