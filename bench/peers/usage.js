// SPDX-License-Identifier: BSD-2-Clause

// The legacy call translated in njs: a peer of the module. It is written to be
// fast: runners take upstream calls from one queue, each page is parsed once by
// JSON.parse and kept as { id: seconds }, and the reply is made with one join.
// njs 0.7.9 has neither Map nor Set nor for...of. Hot loops have `var`, as `let`
// costs a tenth of the whole call there.

const PREFIX = '/workspace';
const RUNNERS = 31;        // a tenth faster than 8, as measured
const PAGE = 100;
const MAX_DAYS = 31;
const DAY = 86400000;

const SORTED = '&sort_field=desktop_usage&sort_type=DESC&limit=100&offset=';
const GET = 'GET';

const DATE = /^\d{4}-\d\d-\d\d$/;
const ROUTE = /^\/v2\/([A-Za-z0-9_-]{1,255})\/desktops\/statistics\/used$/;
const DIGITS = /^\d+$/;


// replies --------------------------------------------------------------------

function failure(status, code, msg, detail) {
    return {
        status: status,
        body: JSON.stringify({ error_code: code, error_msg: msg, error_detail: detail }),
    };
}

function wrong(detail) {
    return failure(400, 'APIGW.0201', 'API request error', detail);
}

function unavailable(detail) {
    return failure(502, 'APIGW.0201', 'Backend unavailable', detail);
}


// the request ------------------------------------------------------------------

function dayNumber(text, name) {
    const time = DATE.test(text) ? Date.parse(text + 'T00:00:00.000Z') : NaN;
    if (isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
        throw wrong(name + ' must be yyyy-MM-dd');
    }
    return time / DAY;
}

function integer(body, name, otherwise, max) {
    let value = body[name];
    if (value === undefined || value === null) {
        return otherwise;
    }
    if (typeof value === 'string' && DIGITS.test(value)) {
        value = Number(value);
    }
    if (!Number.isInteger(value) || value < 0 || value > max) {
        throw wrong(name + ' must be an integer from 0 to ' + max);
    }
    return value;
}

function optional(body, name) {
    const value = body[name];
    if (value === undefined || value === null || value === '') {
        return undefined;
    }
    if (typeof value !== 'string') {
        throw wrong(name + ' must be a string');
    }
    return value;
}

function desktopIds(body) {
    const list = body.desktop_ids;
    if (list === undefined || list === null) {
        return null;
    }
    if (!Array.isArray(list) || list.length > 2000) {
        throw wrong('desktop_ids must be an array of at most 2000 strings');
    }
    const seen = {};
    const ids = [];
    for (let i = 0; i < list.length; i++) {
        const id = list[i];
        if (typeof id !== 'string' || id === '' || id.length > 255 || id.includes('\0')) {
            throw wrong('desktop_ids must hold strings of 1 to 255 characters');
        }
        if (!seen[id]) {
            seen[id] = true;
            ids.push(id);
        }
    }
    return ids.length ? ids : null;
}

function parse(text) {
    let body = {};
    if (text) {
        try {
            body = JSON.parse(text);
        } catch (e) {
            throw wrong('the body must be JSON');
        }
        if (typeof body !== 'object' || body === null || Array.isArray(body)) {
            throw wrong('the body must be a JSON object');
        }
    }

    const request = { ids: desktopIds(body) };
    const from = optional(body, 'start_time');
    const to = optional(body, 'end_time');
    const group = optional(body, 'group_by_type');
    const user = optional(body, 'desktop_username');
    optional(body, 'desktop_user_domain');

    if (user !== undefined) {
        throw wrong('desktop_username: not supported yet');
    }
    if (group === 'HOUR') {
        throw wrong('group_by_type HOUR: not supported yet');
    }
    if (group !== undefined && group !== 'DAY') {
        throw wrong('group_by_type must be DAY or HOUR');
    }

    request.today = Math.floor(Date.now() / DAY);
    const first = from === undefined ? null : dayNumber(from, 'start_time');
    request.to = to === undefined ? request.today : dayNumber(to, 'end_time');
    request.from = first === null ? request.to - 14 : first;
    if (request.to < request.from) {
        throw wrong('end_time is before start_time');
    }
    if (request.to - request.from >= MAX_DAYS) {
        throw wrong('at most 31 days can be queried');
    }

    request.offset = integer(body, 'offset', 0, 2147483647);
    request.limit = integer(body, 'limit', 100, 100);
    return request;
}


// upstream calls ---------------------------------------------------------------

function upstreamError(res) {
    const status = res.status;
    if ([400, 401, 403, 404, 409, 429].includes(status) || status >= 500) {
        let answer = null;
        try {
            answer = JSON.parse(res.responseText);
        } catch (e) {
            // it is not JSON, so not from the successors
        }
        if (answer && answer.error_code) {
            const retry = status === 429 && (res.headersOut['Retry-After'] || '60');
            return { status: status, body: res.responseText, retry: retry };
        }
        if (status === 401) {
            return failure(401, 'APIGW.0301', 'Incorrect authentication information');
        }
        if (status === 403) {
            return failure(403, 'APIGW.0302', 'Not allowed');
        }
        if (status === 504) {
            return failure(504, 'APIGW.0201', 'Backend timeout');
        }
    }
    return unavailable('status ' + status);
}

async function call(state, uri, args) {
    const res = await state.r.subrequest(uri, { args: args, method: GET });
    if (res.status !== 200) {
        throw upstreamError(res);
    }
    let answer = null;
    try {
        answer = JSON.parse(res.responseText);
    } catch (e) {
        // an error below
    }
    if (answer === null || typeof answer !== 'object') {
        throw unavailable('a reply that is not JSON');
    }
    return answer;
}

// Adds a page to its window; gives false if it does not agree with the others.
function takePage(window, answer, offset) {
    var count = answer.count;
    var items = answer.items;
    if (!Number.isInteger(count) || count < 0) {
        throw unavailable('a page without count');
    }
    if (window.count === -1) {
        window.count = count;
    } else if (window.count !== count) {
        return false;
    }
    if (!Array.isArray(items)) {
        if (count === 0 && (items === undefined || items === null)) {
            return true;
        }
        throw unavailable('a page without items');
    }
    var rows = items.length;
    if (rows !== Math.min(PAGE, count - offset)) {
        return false;
    }

    var use = window.use;
    var last = window.last;
    for (var i = 0; i < rows; i++) {
        var row = items[i];
        var id = row.resource_id;
        if (typeof id !== 'string') {
            throw unavailable('a row without resource_id');
        }
        if (use[id] !== undefined) {
            return false;
        }
        var seconds = 0;
        var metrics = row.metric;
        var n = metrics ? metrics.length : 0;
        for (var j = 0; j < n; j++) {
            var metric = metrics[j];
            if (metric.metric_name === 'desktop_usage') {
                var value = metric.metric_value;
                if (typeof value === 'number' && value >= 0 && value < Infinity) {
                    seconds = value;
                } else if (value !== undefined && value !== null) {
                    throw unavailable('a usage that is not a number');
                }
                break;
            }
        }
        use[id] = seconds;
        if (seconds > last) {
            window.unsorted = true;
        }
        last = seconds;
    }
    window.last = last;
    return true;
}

function reset(window) {
    window.use = {};
    window.count = -1;
    window.last = Infinity;
    window.unsorted = false;
    return window;
}

function dateOf(day) {
    return new Date(day * DAY).toISOString().slice(0, 10);
}

function windowOf(from, to) {
    return reset({
        args: 'start_time=' + from + 'T00:00:00Z&end_time=' + to + 'T23:59:59Z' + SORTED,
    });
}

// Reads the pages of a window one after the other; with `early`, down to the
// first row without use. If they do not agree, all are read again, at most twice.
async function readWindow(state, window, early) {
    let tries = 0;
    let offset = 0;
    while (!state.failed) {
        const answer = await call(state, state.uri, window.args + offset);
        if (takePage(window, answer, offset)) {
            offset += PAGE;
            if (offset >= window.count) {
                return;
            }
            if (early) {
                if (!state.ids) {
                    addSet(state);
                }
                if (window.last === 0 && !window.unsorted) {
                    state.stopped = true;
                    return;
                }
            }
        } else {
            if (++tries > 2) {
                throw unavailable('pages that do not agree');
            }
            reset(window);
            offset = 0;
        }
    }
}

// Reads all pages of the whole range, which has every desktop. The other pages
// join the queue when the first one is there, which says how many there are.
async function readSet(state) {
    const window = state.set;
    const answer = await call(state, state.uri, window.args + 0);
    if (!takePage(window, answer, 0)) {
        return readWindow(state, reset(window), false);
    }

    let left = 0;
    let agree = true;
    const page = (offset) => async () => {
        const got = await call(state, state.uri, window.args + offset);
        agree = takePage(window, got, offset) && agree;
        if (--left === 0 && !agree) {
            await readWindow(state, reset(window), false);
        }
    };
    for (let offset = PAGE; offset < window.count; offset += PAGE) {
        left++;
        state.queue.push(page(offset));
    }
}

function addSet(state) {
    if (!state.set) {
        state.set = windowOf(state.first, state.last);
        state.queue.push(() => readSet(state));
    }
}

async function runner(state) {
    while (!state.failed && state.at < state.queue.length) {
        try {
            const job = state.queue[state.at++];
            await job();
        } catch (e) {
            state.failed = state.failed || e;
        }
    }
}

async function run(state) {
    const n = Math.min(RUNNERS, state.queue.length - state.at);
    const runners = [];
    for (let i = 0; i < n; i++) {
        runners.push(runner(state));
    }
    await Promise.all(runners);
    if (state.failed) {
        throw state.failed;
    }
}

// Finds which of these desktops the directory has, 100 at a time.
async function readDirectory(state, project, missing) {
    const known = {};
    for (let i = 0; i < missing.length; i += PAGE) {
        const part = missing.slice(i, i + PAGE).map(encodeURIComponent);
        let answer;
        try {
            answer = await call(state, PREFIX + '/v2/' + project + '/desktops',
                                'desktop_id=' + part.join(',') + '&limit=' + part.length);
        } catch (e) {
            if (e.status === 401 || e.status === 403) {
                return known;
            }
            throw e;
        }
        if (!Array.isArray(answer.desktops)) {
            throw unavailable('a directory without desktops');
        }
        answer.desktops.forEach((desktop) => { known[desktop.desktop_id] = true; });
    }
    return known;
}


// the translation --------------------------------------------------------------

function show(seen, window) {
    const ids = Object.keys(window.use);
    for (let i = 0; i < ids.length; i++) {
        seen[ids[i]] = true;
    }
}

// Gives the desktops of the reply, before paging.
async function selectDesktops(state, request, project) {
    const seen = {};
    state.windows.forEach((window) => show(seen, window));
    if (state.set) {
        show(seen, state.set);
    }
    if (!request.ids) {
        return Object.keys(seen).sort();
    }

    let missing = request.ids.filter((id) => !seen[id]);
    if (missing.length && state.stopped) {
        // it may be among the rows without use that were not read
        addSet(state);
        await run(state);
        show(seen, state.set);
        missing = request.ids.filter((id) => !seen[id]);
    }
    const known = missing.length ? await readDirectory(state, project, missing) : {};
    return request.ids.filter((id) => seen[id] || known[id]);
}

function write(list, request, days) {
    var out = [];
    var end = Math.min(request.offset + request.limit, list.length);
    var n = days.length;
    for (var i = request.offset; i < end; i++) {
        var id = list[i];
        var entry = '{"desktop_id":' + JSON.stringify(id) + ',"used_info_list":[';
        for (var d = 0; d < n; d++) {
            var day = days[d];
            var seconds = day.window && day.window.use[id];
            entry += day.head + (seconds ? Math.floor(seconds / 36 + 0.5) / 100 : '0');
        }
        out.push(entry + '}]}');
    }
    return '{"desktop_used_info_list":[' + out.join(',') + '],"total_count":' + list.length + '}';
}

async function translate(r, project, request) {
    const last = Math.min(request.to, request.today);
    const state = {
        r: r,
        uri: PREFIX + '/v2/' + project + '/statistics/metrics/desktops',
        ids: request.ids,
        first: dateOf(request.from),
        last: dateOf(last),
        queue: [],
        at: 0,
        windows: [],
        set: null,
        stopped: false,    // a day was left before its last page
        failed: null,
    };

    const days = [];
    for (let day = request.from; day <= request.to; day++) {
        const date = dateOf(day);
        const head = (day === request.from ? '' : '},') + '{"date":"' + date + '","use_time":';
        const window = day <= request.today ? windowOf(date, date) : null;
        if (window) {
            state.windows.push(window);
            state.queue.push(() => readWindow(state, window, true));
        }
        days.push({ head: head, window: window });
    }
    if (request.limit === 0 && !request.ids && state.queue.length) {
        // only the count is requested: no day is needed
        state.queue = [];
        addSet(state);
    }

    await run(state);
    const list = await selectDesktops(state, request, project);
    return write(list, request, days);
}

async function handle(r) {
    r.headersOut['Content-Type'] = 'application/json';
    try {
        const route = ROUTE.exec(r.uri);
        if (!route) {
            throw failure(404, 'APIGW.0101', 'The API does not exist');
        }
        if (r.method !== 'POST') {
            r.headersOut['Allow'] = 'POST';
            throw failure(405, 'APIGW.0101', 'The API does not exist');
        }
        const reply = await translate(r, route[1], parse(r.requestText));
        r.return(200, reply);
    } catch (e) {
        if (!e.body) {
            r.error(String(e));
            e = failure(500, 'APIGW.0601', 'Internal server error');
        }
        if (e.retry) {
            r.headersOut['Retry-After'] = e.retry;
        }
        r.return(e.status, e.body);
    }
}

export default { handle };
