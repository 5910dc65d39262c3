-- SPDX-License-Identifier: BSD-2-Clause

-- The legacy call translated in Lua: a peer of the module. It is written to be
-- fast: light threads take upstream calls from one queue, each page is decoded
-- once, desktops get numbers as they come so that a window is an array of
-- seconds, figures come from a table of strings, and the reply is made with one
-- table.concat.

local cjson     = require "cjson.safe"
local new_tab   = require "table.new"

local ngx       = ngx
local capture   = ngx.location.capture
local spawn     = ngx.thread.spawn
local wait      = ngx.thread.wait
local decode    = cjson.decode
local encode    = cjson.encode
local null      = cjson.null
local floor     = math.floor
local min       = math.min
local concat    = table.concat
local sort      = table.sort
local format    = string.format
local match     = string.match
local sub       = string.sub
local find      = string.find
local gsub      = string.gsub
local tonumber  = tonumber
local type      = type
local pairs     = pairs
local ipairs    = ipairs

cjson.decode_invalid_numbers(false)

local PREFIX    = "/workspace"
local THREADS   = 8
local PAGE      = 100
local MAX_DAYS  = 31
local DAY       = 86400
local HUGE      = math.huge

local SORTED    = "&sort_field=desktop_usage&sort_type=DESC&limit=100&offset="
local GET       = { method = ngx.HTTP_GET }

-- hours in hundredths from 0 to 24, which nearly all figures are
local HOURS     = new_tab(2400, 1)
for i = 0, 2400 do
    HOURS[i] = format("%.14g", i / 100)
end

local _M = {}


-- replies ------------------------------------------------------------------

local function failure(status, code, msg, detail)
    return {
        status = status,
        body = encode({ error_code = code, error_msg = msg, error_detail = detail }),
    }
end

local function wrong(detail)
    return failure(400, "APIGW.0201", "API request error", detail)
end

local function unavailable(detail)
    return failure(502, "APIGW.0201", "Backend unavailable", detail)
end

local function send(status, body)
    ngx.status = status
    local headers = ngx.header
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = #body
    ngx.print(body)
end


-- the request --------------------------------------------------------------

-- Gives the days since 1970-01-01; nil if there is no such date.
local function day_number(text)
    local y, m, d = match(text, "^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
    if not y then
        return nil
    end
    y, m, d = tonumber(y), tonumber(m), tonumber(d)
    if m < 1 or m > 12 or d < 1 then
        return nil
    end
    local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
    local last = m == 2 and (leap and 29 or 28)
                 or (m == 4 or m == 6 or m == 9 or m == 11) and 30 or 31
    if d > last then
        return nil
    end
    if m <= 2 then
        y, m = y - 1, m + 12
    end
    return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400)
           + floor((153 * (m - 3) + 2) / 5) + d - 719469
end

local function optional(value)
    if value == null or value == "" then
        return nil
    end
    return value
end

local function integer(body, name, default, max)
    local value = body[name]
    if value == nil or value == null then
        return default
    end
    if type(value) == "string" and find(value, "^%d+$") then
        value = tonumber(value)
    end
    if type(value) ~= "number" or value < 0 or value > max or value ~= floor(value) then
        return nil, wrong(name .. " must be an integer from 0 to " .. max)
    end
    return value
end

local function string_field(body, name)
    local value = optional(body[name])
    if value ~= nil and type(value) ~= "string" then
        return nil, wrong(name .. " must be a string")
    end
    return value
end

local function characters(text)
    local _, n = gsub(text, "[^\128-\191]", "")
    return n
end

local function desktop_ids(body)
    local list = body.desktop_ids
    if list == nil or list == null then
        return nil
    end
    if type(list) ~= "table" or #list > 2000 then
        return nil, wrong("desktop_ids must be an array of at most 2000 strings")
    end
    local n = #list
    for key in pairs(list) do
        if type(key) ~= "number" then
            return nil, wrong("desktop_ids must be an array")
        end
    end
    if n == 0 then
        return nil
    end
    local ids, seen, count = new_tab(n, 0), new_tab(0, n), 0
    for i = 1, n do
        local id = list[i]
        if type(id) ~= "string" or id == "" or #id > 255 and characters(id) > 255
           or find(id, "%z")
        then
            return nil, wrong("desktop_ids must hold strings of 1 to 255 characters")
        end
        if not seen[id] then
            seen[id] = true
            count = count + 1
            ids[count] = id
        end
    end
    return ids
end

local function read_body()
    ngx.req.read_body()
    local text = ngx.req.get_body_data()
    if text then
        return text
    end
    local name = ngx.req.get_body_file()
    if not name then
        return nil
    end
    local file = io.open(name, "rb")
    text = file:read("*a")
    file:close()
    return text
end

local function parse(text)
    local body
    if text == nil or text == "" then
        body = {}
    else
        body = decode(text)
        if type(body) ~= "table" or find(text, "^%s*%[") then
            return nil, wrong("the body must be a JSON object")
        end
    end

    local request, err = {}
    request.ids, err = desktop_ids(body)
    if err then return nil, err end

    local from_text, to_text, group, user, _
    from_text, err = string_field(body, "start_time")
    if err then return nil, err end
    to_text, err = string_field(body, "end_time")
    if err then return nil, err end
    group, err = string_field(body, "group_by_type")
    if err then return nil, err end
    user, err = string_field(body, "desktop_username")
    if err then return nil, err end
    _, err = string_field(body, "desktop_user_domain")
    if err then return nil, err end

    if user then
        return nil, wrong("desktop_username: not supported yet")
    end
    if group == "HOUR" then
        return nil, wrong("group_by_type HOUR: not supported yet")
    end
    if group and group ~= "DAY" then
        return nil, wrong("group_by_type must be DAY or HOUR")
    end

    local from = from_text and day_number(from_text)
    if from_text and not from then
        return nil, wrong("start_time must be yyyy-MM-dd")
    end
    local to = to_text and day_number(to_text)
    if to_text and not to then
        return nil, wrong("end_time must be yyyy-MM-dd")
    end
    request.today = floor(ngx.time() / DAY)
    to = to or request.today
    from = from or to - 14
    if to < from then
        return nil, wrong("end_time is before start_time")
    end
    if to - from >= MAX_DAYS then
        return nil, wrong("at most 31 days can be queried")
    end
    request.from, request.to = from, to

    request.offset, err = integer(body, "offset", 0, 2147483647)
    if err then return nil, err end
    request.limit, err = integer(body, "limit", 100, 100)
    if err then return nil, err end
    return request
end


-- upstream calls -----------------------------------------------------------

local STATUS_MSG = {
    [401] = { "APIGW.0301", "Incorrect authentication information" },
    [403] = { "APIGW.0302", "Not allowed" },
}

local PASSED = { [400] = true, [401] = true, [403] = true, [404] = true,
                 [409] = true, [429] = true }

-- Makes an upstream call; gives its answer as a table, or nil and the error.
local function call(uri)
    local res = capture(uri, GET)
    local status = res.status

    if status == 200 and not res.truncated then
        local answer = decode(res.body)
        if type(answer) ~= "table" then
            return nil, unavailable("a reply that is not JSON")
        end
        return answer
    end

    if PASSED[status] or status >= 500 then
        local answer = decode(res.body)
        if type(answer) == "table" and answer.error_code then
            local retry = status == 429 and (res.header["Retry-After"] or 60)
            return nil, { status = status, body = res.body, retry = retry }
        end
        local known = STATUS_MSG[status]
        if known then
            return nil, failure(status, known[1], known[2])
        end
        if status == 504 then
            return nil, failure(504, "APIGW.0201", "Backend timeout")
        end
    end
    return nil, unavailable("status " .. status)
end

-- Adds a page to its window. Gives true, or false if the page does not agree
-- with the others, or nil and the error.
local function take_page(state, window, answer, offset)
    local count, items = answer.count, answer.items
    if type(count) ~= "number" or count < 0 or count ~= floor(count) then
        return nil, unavailable("a page without count")
    end
    if window.count == nil then
        window.count = count
        window.use = new_tab(count, 0)
    elseif window.count ~= count then
        return false
    end
    if type(items) ~= "table" then
        if count == 0 and (items == nil or items == null) then
            return true
        end
        return nil, unavailable("a page without items")
    end

    local rows = #items
    if rows ~= min(PAGE, count - offset) then
        return false
    end

    local use, names, numbers = window.use, state.names, state.numbers
    local last = window.last
    for i = 1, rows do
        local row = items[i]
        local id = type(row) == "table" and row.resource_id
        if type(id) ~= "string" then
            return nil, unavailable("a row without resource_id")
        end
        local n = numbers[id]
        if not n then
            n = #names + 1
            names[n] = id
            numbers[id] = n
        end
        if use[n] then
            return false
        end

        local seconds = 0
        local metrics = row.metric
        if type(metrics) == "table" then
            for j = 1, #metrics do
                local metric = metrics[j]
                if metric.metric_name == "desktop_usage" then
                    local value = metric.metric_value
                    if type(value) == "number" and value >= 0 and value < HUGE then
                        seconds = value
                    elseif value ~= nil and value ~= null then
                        return nil, unavailable("a usage that is not a number")
                    end
                    break
                end
            end
        end
        use[n] = seconds

        if seconds > last then
            window.unsorted = true
        end
        last = seconds
    end
    window.last = last
    return true
end

local function reset(window)
    window.use = {}
    window.count = nil
    window.last = HUGE
    window.unsorted = nil
    return window
end

-- Reads the pages of a window one after the other; with `early`, down to the
-- first row without use. If they do not agree, all are read again, at most twice.
local function read_window(state, window, early)
    local tries = 0
    local offset = 0
    while not state.err do
        local answer, err = call(window.uri .. offset)
        local ok
        if answer then
            ok, err = take_page(state, window, answer, offset)
        end
        if err then
            return err
        end
        if ok then
            offset = offset + PAGE
            if offset >= window.count then
                return
            end
            if early then
                if not state.ids then
                    state.more()
                end
                if window.last == 0 and not window.unsorted then
                    state.stopped = true
                    return
                end
            end
        else
            tries = tries + 1
            if tries > 2 then
                return unavailable("pages that do not agree")
            end
            state.again = true
            reset(window)
            offset = 0
        end
    end
end

local function worker(state)
    while not state.err do
        local at = state.at
        local job = state.queue[at]
        if not job then
            return
        end
        state.at = at + 1
        local err = job()
        if err and not state.err then
            state.err = err
        end
    end
end

local function run(state)
    local n = min(THREADS, #state.queue - state.at + 1)
    local threads = new_tab(n, 0)
    for i = 1, n do
        threads[i] = spawn(worker, state)
    end
    for i = 1, n do
        local ok = wait(threads[i])
        if not ok and not state.err then
            state.err = failure(500, "APIGW.0601", "Internal server error")
        end
    end
    return state.err
end

local function date_of(day)
    return os.date("!%Y-%m-%d", day * DAY)
end

local function window_of(base, from, to)
    return reset({
        uri = base .. "start_time=" .. from .. "T00:00:00Z&end_time=" .. to
              .. "T23:59:59Z" .. SORTED,
    })
end

-- Reads all pages of the whole range, which has every desktop. The other pages
-- join the queue when the first one is there, which says how many there are.
local function read_set(state)
    local window = state.set
    local answer, err = call(window.uri .. 0)
    local ok
    if answer then
        ok, err = take_page(state, window, answer, 0)
    end
    if err then
        return err
    end
    local left = 0
    local agree = ok
    local function page(offset)
        return function()
            local got, failed = call(window.uri .. offset)
            local fits
            if got then
                fits, failed = take_page(state, window, got, offset)
            end
            if failed then
                return failed
            end
            agree = agree and fits
            left = left - 1
            if left == 0 and not agree then
                state.again = true
                return read_window(state, reset(window))
            end
        end
    end
    if not ok then
        state.again = true
        return read_window(state, reset(window))
    end
    local queue = state.queue
    for offset = PAGE, window.count - 1, PAGE do
        left = left + 1
        queue[#queue + 1] = page(offset)
    end
end

-- Finds which of these desktops the directory has, 100 at a time.
local function read_directory(project, missing)
    local known = {}
    for i = 1, #missing, PAGE do
        local part = {}
        for j = i, min(i + PAGE - 1, #missing) do
            part[#part + 1] = ngx.escape_uri(missing[j])
        end
        local answer, err = call(PREFIX .. "/v2/" .. project .. "/desktops?desktop_id="
                                 .. concat(part, ",") .. "&limit=" .. #part)
        if err then
            if err.status == 401 or err.status == 403 then
                return known
            end
            return nil, err
        end
        local desktops = answer.desktops
        if type(desktops) ~= "table" then
            return nil, unavailable("a directory without desktops")
        end
        for _, desktop in ipairs(desktops) do
            known[desktop.desktop_id] = true
        end
    end
    return known
end


-- the translation ----------------------------------------------------------

local function unseen(ids, seen)
    local missing = {}
    for _, id in ipairs(ids) do
        if not seen[id] then
            missing[#missing + 1] = id
        end
    end
    return missing
end

-- Gives the numbers of all desktops that windows list, by id, and their ids.
-- After pages were read again, a desktop with a number may be in no window.
local function shown(state)
    local numbers, names = state.numbers, state.names
    if not state.again then
        return numbers, names
    end
    local left, list = {}, {}
    local function look(window)
        for n = 1, #names do
            local id = names[n]
            if window.use[n] and not left[id] then
                left[id] = n
                list[#list + 1] = id
            end
        end
    end
    for _, window in ipairs(state.windows) do
        look(window)
    end
    if state.set then
        look(state.set)
    end
    return left, list
end

-- Gives the desktops of the reply, before paging.
local function select_desktops(state, request, project)
    local seen, names = shown(state)
    if not request.ids then
        sort(names)
        return names
    end

    local missing = unseen(request.ids, seen)
    if missing[1] and state.stopped then
        -- it may be among the rows without use that were not read
        state.more()
        local err = run(state)
        if err then
            return nil, err
        end
        seen = shown(state)
        missing = unseen(request.ids, seen)
    end
    local known = {}
    if missing[1] then
        local err
        known, err = read_directory(project, missing)
        if err then
            return nil, err
        end
    end
    local list, n = {}, 0
    for _, id in ipairs(request.ids) do
        if seen[id] or known[id] then
            n = n + 1
            list[n] = id
        end
    end
    return list
end

local function figure(seconds)
    local hundredths = floor(seconds / 36 + 0.5)
    return HOURS[hundredths] or format("%.14g", hundredths / 100)
end

local function write(list, request, days, heads, numbers)
    local out = new_tab(request.limit * (2 * #days + 3) + 3, 0)
    local n = 1
    out[1] = '{"desktop_used_info_list":['
    local last = min(request.offset + request.limit, #list)
    for i = request.offset + 1, last do
        local id = list[i]
        local number = numbers[id] or 0
        out[n + 1] = '{"desktop_id":'
        out[n + 2] = encode(id)
        out[n + 3] = ',"used_info_list":['
        n = n + 3
        for d = 1, #days do
            local use = days[d]
            local seconds = use and use[number]
            out[n + 1] = heads[d]
            out[n + 2] = seconds and seconds > 0 and figure(seconds) or "0"
            n = n + 2
        end
        n = n + 1
        out[n] = i < last and '}]},' or '}]}'
    end
    out[n + 1] = '],"total_count":'
    out[n + 2] = #list
    out[n + 3] = '}'
    return concat(out, "", 1, n + 3)
end

local function translate(project, request)
    local base = PREFIX .. "/v2/" .. project .. "/statistics/metrics/desktops?"
    local windows, days, heads, queue = {}, {}, {}, {}
    local state = { queue = queue, at = 1, windows = windows, ids = request.ids,
                    names = {}, numbers = {} }

    -- if a day has more than one page, the days alone don't list all desktops
    local last_past = min(request.to, request.today)
    state.more = function()
        if not state.set then
            state.set = window_of(base, date_of(request.from), date_of(last_past))
            queue[#queue + 1] = function() return read_set(state) end
        end
    end

    for day = request.from, request.to do
        local i = day - request.from + 1
        local date = date_of(day)
        heads[i] = (i == 1 and '{"date":"' or '},{"date":"') .. date .. '","use_time":'
        days[i] = false
        if day <= request.today then
            local window = window_of(base, date, date)
            windows[#windows + 1] = window
            queue[#queue + 1] = function()
                local err = read_window(state, window, true)
                days[i] = window.use
                return err
            end
        end
    end
    if request.limit == 0 and not request.ids and last_past >= request.from then
        -- only the count is requested: no day is needed
        for i = #queue, 1, -1 do
            queue[i] = nil
        end
        state.more()
    end

    local err = run(state)
    if err then
        return nil, err
    end
    local list
    list, err = select_desktops(state, request, project)
    if err then
        return nil, err
    end
    return write(list, request, days, heads, state.numbers)
end

function _M.handle()
    local project = match(ngx.var.uri, "^/v2/([%w_%-]+)/desktops/statistics/used$")
    local reply, err
    if not project or #project > 255 then
        err = failure(404, "APIGW.0101", "The API does not exist")
    elseif ngx.req.get_method() ~= "POST" then
        ngx.header["Allow"] = "POST"
        err = failure(405, "APIGW.0101", "The API does not exist")
    else
        local request
        request, err = parse(read_body())
        if request then
            reply, err = translate(project, request)
        end
    end

    if reply then
        return send(200, reply)
    end
    if err.retry then
        ngx.header["Retry-After"] = err.retry
    end
    return send(err.status, err.body)
end

return _M
