// One function for each thing that scripts do with a request: it is what `js_content` calls at `/c/NAME`, here and in
// nginx. In the language that njs 0.7.9 has. Those with a blank ahead of their arguments are called otherwise.

function text(r, value) { r.return(200, String(value) + "\n"); }
function tried(work) { try { return String(work()); } catch (e) { return e.constructor.name; } }

// What a request is.
function uri(r) { text(r, [r.uri, typeof r.uri].join("|")); }
function method(r) { text(r, r.method); }
function version(r) { text(r, r.httpVersion); }
function address(r) { text(r, r.remoteAddress); }
function facts(r) { text(r, [r.internal, typeof r.status, typeof r.parent, typeof r.responseText, typeof r.args].join("|")); }
function args(r) { text(r, JSON.stringify(r.args)); }
function arg(r) { text(r, [r.args.a, r.args.b, r.args.none, typeof r.args.none].join("|")); }
function json(r) { text(r, Object.keys(JSON.parse(JSON.stringify(r))).sort().join()); }
function json_parts(r) { const told = JSON.parse(JSON.stringify(r)); text(r, [told.uri, told.method, told.internal, JSON.stringify(told.args), told.headersIn["X-A"]].join("|")); }
function read_only(r) { text(r, [tried(() => { r.uri = "/x"; }), r.uri, tried(() => { r.method = "PUT"; }), r.method].join("|")); }

// Its fields.
function header(r) { text(r, [r.headersIn.foo, r.headersIn["X-A"], r.headersIn["x-a"], typeof r.headersIn.none].join("|")); }
function header_names(r) { text(r, Object.keys(r.headersIn).filter((name) => name.startsWith("X-")).join()); }
function header_in(r) { text(r, ["X-A" in r.headersIn, "X-None" in r.headersIn].join("|")); }
function headers_twice(r) { text(r, [r.headersIn["X-A"], r.headersIn.Cookie, r.headersIn["X-Forwarded-For"], r.headersIn["Content-Type"], r.headersIn.Authorization].join("|")); }
function raw_headers(r) { text(r, JSON.stringify(r.rawHeadersIn.filter((pair) => pair[0].toLowerCase().startsWith("x-")))); }
function header_json(r) { const all = JSON.parse(JSON.stringify(r.headersIn)); text(r, all["X-A"]); }

// Fields of the answer.
function out(r) { r.headersOut["X-Out"] = "1"; r.headersOut.foo = 2; r.headersOut["X-Gone"] = "x"; delete r.headersOut["X-Gone"]; text(r, [r.headersOut["x-out"], r.headersOut.foo, typeof r.headersOut["X-Gone"]].join("|")); }
function out_many(r) { r.headersOut["X-Out"] = ["1", "2"]; r.headersOut["Set-Cookie"] = ["a=1", "b=2"]; text(r, [r.headersOut["X-Out"], JSON.stringify(r.headersOut["Set-Cookie"])].join("|")); }
function out_type(r) { r.headersOut["Content-Type"] = "application/json"; text(r, r.headersOut["Content-Type"]); }
function out_empty(r) { r.headersOut["X-Out"] = ""; r.headersOut["X-Null"] = null; r.headersOut["X-Undefined"] = undefined; text(r, "ok"); }
function out_changed(r) { r.headersOut["X-Out"] = "1"; r.headersOut["x-out"] = "2"; text(r, Object.keys(r.headersOut).length); }
function out_known(r) { r.headersOut["ETag"] = '"x"'; r.headersOut["Last-Modified"] = "Thu, 01 Jan 1970 00:00:01 GMT"; r.headersOut["Cache-Control"] = "no-store"; text(r, "ok"); }
function out_raw(r) { r.headersOut["X-Out"] = ["1", "2"]; text(r, JSON.stringify(r.rawHeadersOut.filter((pair) => pair[0] === "X-Out"))); }

// Answers.
function answer(r) { r.return(200, "a body"); }
function created(r) { r.return(201, "made"); }
function nothing(r) { r.return(204); }
function no_body(r) { r.return(200); }
function undefined_body(r) { r.return(200, undefined); }
function null_body(r) { r.return(200, null); }
function number_body(r) { r.return(200, 15); }
function buffer_body(r) { r.return(200, Buffer.from([0, 255, 10])); }
function unicode_body(r) { r.return(200, "é€😀"); }
function text_status(r) { r.return("202", "x"); }
function no_status(r) { r.return(); }
function wrong_status(r) { r.return(1000, "x"); }
function moved(r) { r.return(301, "/there?x=1"); }
function found(r) { r.return(302, "https://other.example/"); }
function see_other(r) { r.headersOut["X-Out"] = "1"; r.return(303, "/there"); }
function permanent(r) { r.return(308, "/there"); }
function missing(r) { r.return(404); }
function missing_body(r) { r.return(404, "own"); }
function refused(r) { r.headersOut["X-Out"] = "1"; r.return(403); }
function teapot(r) { r.return(418, "tea"); }
function failed(r) { r.return(500); }
function unavailable(r) { r.headersOut["Retry-After"] = "5"; r.return(503, "later"); }
function closed(r) { r.return(444); }
function returned_twice(r) { r.return(200, "a"); tried(() => r.return(201, "b")); }
function sent(r) { r.status = 202; r.headersOut["Content-Type"] = "text/x"; r.sendHeader(); r.send("ab"); r.send("cd"); r.finish(); }
function sent_bytes(r) { r.status = 200; r.sendHeader(); r.send(Buffer.from("ab")); r.send(new Uint8Array([99])); r.finish(); }
function sent_nothing(r) { r.status = 404; r.sendHeader(); r.finish(); }
async function sent_late(r) { r.status = 200; r.sendHeader(); r.send("ab"); await later(); r.send("cd"); r.finish(); }
function status(r) { r.status = 206; text(r, r.status); }
function silent(r) { }
function thrown(r) { throw new Error("thrown"); }
function thrown_text(r) { throw "text"; }
function not_there(r) { r.nowhere(); }
function late(r) { setTimeout(() => text(r, "late"), 5); }
function later() { return new Promise((resolve) => { setTimeout(resolve, 5); }); }
async function asynchronous(r) { await later(); text(r, "done"); }
async function rejected(r) { await later(); throw new Error("rejected"); }
async function rejected_at_once(r) { throw new Error("rejected"); }
async function caught(r) { try { await Promise.reject(new Error("x")); } catch (e) { text(r, e.message); } }

// Other places.
function redirect(r) { r.internalRedirect("/there?x=1"); }
function redirect_kept(r) { r.internalRedirect("/there"); }
function redirect_named(r) { r.internalRedirect("@named"); }
function redirect_nowhere(r) { r.internalRedirect("/nowhere"); }
async function sub(r) { const reply = await r.subrequest("/there?x=1"); text(r, [reply.status, reply.responseText].join("|")); }
async function sub_args(r) { const reply = await r.subrequest("/there", "x=2"); text(r, reply.responseText); }
async function sub_options(r) { const reply = await r.subrequest("/method", { method: "PUT", args: "x=3", body: "posted" }); text(r, reply.responseText); }
async function sub_method(r) { const reply = await r.subrequest("/method"); text(r, reply.responseText); }
function sub_callback(r) { r.subrequest("/there", { args: "x=4" }, (reply) => { text(r, [reply.uri, reply.method, reply.status, reply.responseText].join("|")); }); }
function sub_callback_second(r) { r.subrequest("/there", (reply) => { text(r, reply.responseText); }); }
async function sub_missing(r) { const reply = await r.subrequest("/nowhere"); text(r, reply.status); }
async function sub_fields(r) { const reply = await r.subrequest("/fields"); text(r, [reply.headersOut["X-Origin"], reply.headersOut["Content-Type"], typeof reply.headersOut.none].join("|")); }
async function sub_parent(r) { const reply = await r.subrequest("/there"); text(r, [reply.parent.uri, reply.parent.method].join("|")); }
async function sub_within(r) { const reply = await r.subrequest("/within", "a=1"); text(r, reply.responseText); }
function within (r) { r.return(200, [r.uri, r.parent.uri, r.parent.method, r.parent.args.q, typeof r.parent.parent, r.args.a, r.parent.headersIn["X-A"]].join("|")); }
async function sub_all(r) { const all = await Promise.all(["/there?x=1", "/there?x=2", "/fields"].map((uri) => r.subrequest(uri))); text(r, all.map((reply) => reply.responseText).join("|")); }
async function sub_any(r) { const any = await Promise.any([Promise.reject(1), r.subrequest("/there?x=1")]); text(r, any.responseText); }
async function sub_settled(r) { const all = await Promise.allSettled([Promise.reject(1), r.subrequest("/there?x=1")]); text(r, all.map((one) => one.status).join()); }
async function sub_chained(r) { const one = await r.subrequest("/there", "x=" + 5); const two = await r.subrequest("/there", "x=" + one.responseText.length); text(r, two.responseText); }
async function sub_json(r) { const reply = await r.subrequest("/json"); text(r, JSON.parse(reply.responseText).a[1]); }
async function sub_buffer(r) { const reply = await r.subrequest("/there?x=1"); text(r, reply.responseBuffer.toString("hex")); }
async function sub_detached(r) { const nothing = r.subrequest("/there", { detached: true }); text(r, typeof nothing); }
async function sub_answer(r) { const reply = await r.subrequest("/teapot"); r.return(reply.status, reply.responseText); }
// Of places that filter what they answer.
async function sub_of (r) { const reply = await r.subrequest(r.args.u); const told = ["X-Filter", "X-Origin", "X-Added", "Cache-Control", "Content-Encoding", "Vary", "Content-Length"]; text(r, [reply.status].concat(told.map((name) => reply.headersOut[name])).join("|") + "|" + reply.responseText); }
function passed (r) { text(r, [r.variables.seen_filter, r.variables.seen_added, r.variables.seen_expires].join("|")); }

// Variables.
function read(r) { text(r, [r.variables.request_uri, r.variables.arg_a, typeof r.variables.none, r.variables.host].join("|")); }
function written(r) { r.variables.own = "new"; text(r, [r.variables.own, r.variables.copy].join("|")); }
function unknown(r) { text(r, tried(() => { r.variables.nowhere_at_all = 1; })); }
function unset(r) { text(r, [typeof r.variables.own, r.variables.own].join("|")); }
function raw(r) { text(r, r.rawVariables.arg_a.toString("hex")); }
function computed(r) { text(r, [r.variables.computed, r.variables.computed, r.variables.nothing, r.variables.number].join("|")); }
function value (r) { return "[" + r.uri + "]"; }
function value_nothing (r) { }
function value_number (r) { return 3; }

// The body of a request.
function body(r) { text(r, [typeof r.requestText, r.requestText, r.requestBuffer ? r.requestBuffer.length : ""].join("|")); }
function body_json(r) { text(r, JSON.parse(r.requestText).a); }
function body_long(r) { text(r, r.requestText.length); }

// Filters.
function header_filter (r) { r.headersOut["X-Filter"] = r.status; delete r.headersOut["X-Origin"]; }
function unmeasured (r) { delete r.headersOut["Content-Length"]; }
function header_filter_throws (r) { throw new Error("no filter"); }
function body_filter(r, data, flags) { r.sendBuffer(data.toUpperCase(), flags); }
function body_filter_end(r, data, flags) { if (flags.last) { r.sendBuffer(data + "!", flags); } else { r.sendBuffer(data, flags); } }

// What there is beside the request.
function engine(r) { text(r, [typeof ngx.fetch, typeof ngx.log, ngx.INFO, ngx.WARN, ngx.ERR].join("|")); }
function hex(r) { text(r, Buffer.from("é").toString("hex")); }
function decoded(r) { text(r, Buffer.from("eyJzdWIiOiJhbGljZSJ9", "base64url").toString()); }

// What is asked less often.
function in_host(r) { text(r, [typeof r.headersIn.Host, r.headersIn["Content-Length"], r.headersIn.Range].join("|")); }
function in_loop(r) { const names = []; for (let name in r.headersIn) { if (name.startsWith("X-")) { names.push(name); } } text(r, names.join()); }
function in_written(r) { text(r, [tried(() => { r.headersIn["X-A"] = "2"; }), r.headersIn["X-A"]].join("|")); }
function in_deleted(r) { text(r, [tried(() => delete r.headersIn["X-A"]), r.headersIn["X-A"]].join("|")); }
function out_framing(r) { r.headersOut["Content-Length"] = "3"; r.headersOut["Transfer-Encoding"] = "chunked"; text(r, "longer"); }
function out_server(r) { r.headersOut.Server = "mine"; text(r, "ok"); }
function out_emptied(r) { r.headersOut["Content-Type"] = "text/x"; r.headersOut["Content-Type"] = ""; text(r, "ok"); }
function out_type_many(r) { r.headersOut["Content-Type"] = ["text/x", "text/y"]; text(r, "ok"); }
function out_line(r) { tried(() => { r.headersOut["X-Out"] = "a b"; }); text(r, r.headersOut["X-Out"]); }
function out_location(r) { r.headersOut.Location = "/there"; r.return(302); }
function out_location_ok(r) { r.headersOut.Location = "/there"; r.return(201, "x"); }
function out_encoding(r) { r.headersOut["Content-Encoding"] = "identity"; text(r, r.headersOut["content-encoding"]); }
function out_expires(r) { r.headersOut["Expires"] = "0"; r.headersOut["Cache-Control"] = ["a", "b"]; text(r, r.headersOut["Cache-Control"]); }
function out_vary(r) { r.headersOut.Vary = ["A", "B"]; text(r, r.headersOut.Vary); }
function out_authenticate(r) { r.headersOut["WWW-Authenticate"] = "Basic realm=x"; r.return(401); }
function out_has(r) { r.headersOut["X-Out"] = 1; text(r, ["X-Out" in r.headersOut, "x-none" in r.headersOut].join("|")); }
function out_number(r) { r.headersOut["X-Out"] = 1.5; r.headersOut["Retry-After"] = true; text(r, typeof r.headersOut["X-Out"]); }
function status_set(r) { r.status = 404; r.return(200, "x"); }
function status_wrong(r) { tried(() => { r.status = "text"; }); text(r, "ok"); }
function head_only(r) { r.status = 200; r.sendHeader(); }
function head_twice(r) { r.status = 200; r.sendHeader(); tried(() => r.sendHeader()); r.send("x"); r.finish(); }
function returned_late(r) { r.status = 200; r.sendHeader(); r.return(200, "x"); }
function finished_twice(r) { r.status = 200; r.sendHeader(); r.send("x"); r.finish(); tried(() => r.finish()); }
function sent_numbers(r) { r.status = 200; r.sendHeader(); r.send(1); r.send(true); r.finish(); }
function redirect_late(r) { r.return(200, "a"); tried(() => r.internalRedirect("/there")); }
function return_then_throw(r) { r.return(200, "a"); throw new Error("late"); }
function redirect_wrong(r) { r.internalRedirect(""); }
function redirect_method(r) { r.internalRedirect("/method"); }
function redirect_named_missing(r) { r.internalRedirect("@missing"); }
function redirect_fields(r) { r.headersOut["X-Out"] = "1"; r.internalRedirect("/there"); }
async function sub_none(r) { try { await r.subrequest(); text(r, "nothing"); } catch (e) { text(r, "caught"); } }
async function sub_bad_method(r) { try { await r.subrequest("/there", { method: "NO" }); text(r, "nothing"); } catch (e) { text(r, "caught"); } }
async function sub_head(r) { const reply = await r.subrequest("/there", { method: "HEAD" }); text(r, [reply.status, typeof reply.responseText, (reply.responseText || "").length].join("|")); }
async function sub_body_method(r) { const reply = await r.subrequest("/method", { body: "x" }); text(r, reply.responseText); }
async function sub_redirected(r) { const reply = await r.subrequest("/c/redirect"); text(r, [reply.status, reply.responseText].join("|")); }
async function sub_variables(r) { r.variables.own = "outer"; const reply = await r.subrequest("/own"); text(r, reply.responseText); }
async function sub_throws(r) { const reply = await r.subrequest("/c/thrown"); text(r, reply.status); }
async function sub_named(r) { try { const reply = await r.subrequest("@named"); text(r, reply.status); } catch (e) { text(r, "caught"); } }
async function sub_detached_promise(r) { await r.subrequest("/there", { detached: true }); text(r, "ok"); }
function sub_detached_callback(r) { text(r, tried(() => r.subrequest("/there", { detached: true }, () => {}))); }
async function sub_headers(r) { const reply = await r.subrequest("/c/header"); text(r, reply.responseText); }
async function sub_own_fields(r) { r.headersOut["X-Out"] = "1"; await r.subrequest("/fields"); text(r, r.headersOut["X-Out"]); }
function variable_args(r) { text(r, [r.variables.args, r.variables.uri, r.variables.document_uri, r.variables.is_args].join("|")); }
function variable_case(r) { text(r, [r.variables.REQUEST_METHOD, r.variables.Own].join("|")); }
function variable_request(r) { text(r, [r.variables.request_method, r.variables.http_x_a, r.variables.cookie_a, r.variables.scheme].join("|")); }
function variable_fixed(r) { text(r, tried(() => { r.variables.remote_addr = "1"; })); }
function variable_number(r) { r.variables.own = 5; text(r, r.variables.own); }
function logged(r) { r.log("a"); r.warn("b"); r.error("c"); text(r, typeof r.log("x")); }
function promised(r) { Promise.resolve("x").then((value) => text(r, value)); }
function timer_cleared(r) { const timer = setTimeout(() => text(r, "late"), 1); clearTimeout(timer); setTimeout(() => text(r, "other"), 2); }
function timer_arguments(r) { setTimeout((a, b) => text(r, a + b), 1, 1, 2); }
function own_member(r) { r.own = 1; text(r, r.own); }
function kind(r) { text(r, [typeof r, Object.prototype.toString.call(r)].join("|")); }

export default {
    uri, method, version, address, facts, args, arg, json, json_parts, read_only, header, header_names, header_in,
    headers_twice, raw_headers, header_json, out, out_many, out_type, out_empty, out_changed, out_known, out_raw,
    answer, created, nothing, no_body, undefined_body, null_body, number_body, buffer_body, unicode_body, text_status,
    no_status, wrong_status, moved, found, see_other, permanent, missing, missing_body, refused, teapot, failed,
    unavailable, closed, returned_twice, sent, sent_bytes, sent_nothing, sent_late, status, silent, thrown, thrown_text,
    not_there, late, asynchronous, rejected, rejected_at_once, caught, redirect, redirect_kept, redirect_named,
    redirect_nowhere, sub, sub_args, sub_options, sub_method, sub_callback, sub_callback_second, sub_missing, sub_fields,
    sub_parent, sub_within, within, sub_all, sub_any, sub_settled, sub_chained, sub_json, sub_buffer, sub_detached,
    sub_answer, read, written, unknown, unset, raw, computed, value, value_nothing, value_number, body, body_json,
    body_long, header_filter, header_filter_throws, body_filter, body_filter_end, engine, hex, decoded,
    in_host, in_loop, in_written, in_deleted, out_framing, out_server, out_emptied, out_type_many, out_line,
    out_location, out_location_ok, out_encoding, out_expires, out_vary, out_authenticate, out_has, out_number,
    status_set, status_wrong, head_only, head_twice, returned_late, finished_twice, sent_numbers,
    redirect_late, return_then_throw, redirect_wrong, redirect_method, redirect_named_missing, redirect_fields,
    sub_none, sub_bad_method, sub_head, sub_body_method, sub_redirected, sub_variables, sub_throws, sub_named,
    sub_detached_promise, sub_detached_callback, sub_headers, sub_own_fields, variable_args, variable_case,
    variable_request, variable_fixed, variable_number, logged, promised, timer_cleared, timer_arguments, own_member,
    kind, sub_of, passed, unmeasured,
};
