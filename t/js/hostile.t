# Scripts that mean no good, or clients of theirs

=== what is thrown may be anything
--- file main.js
const things = {
    undefined: () => undefined, null: () => null, symbol: () => Symbol("s"), bigint: () => 1n, fn: () => () => {},
    proxy: () => new Proxy({}, { get() { throw 1; } }), getter: () => ({ get message() { throw 2; }, toString() { for (;;) {} } }),
    long: () => "x".repeat(1 << 22), error: () => { const e = new Error("m"); e.stack = { toString() { throw 3; } }; return e; },
    circle: () => { const a = []; a.push(a); return a; }, named: () => Object.assign(new Error("a\nb"), { name: "N\n2026/01/01 [alert] x" }),
};
function thrown(r) { throw things[r.args.what](); }
async function rejected(r) { return Promise.reject(things[r.args.what]()); }
async function behind(r) { r.return(204); Promise.reject(new Error("nobody")); }
function ok(r) { r.return(204); }
export default { thrown, rejected, behind, ok };
--- http_config
js_import $DIR/main.js;
js_limit_time 300ms;
--- config
location /thrown { js_content main.thrown; }
location /rejected { js_content main.rejected; }
location /behind { js_content main.behind; }
location /ok { js_content main.ok; }
--- requests
GET /thrown?what=undefined 500
GET /thrown?what=null 500
GET /thrown?what=symbol 500
GET /thrown?what=bigint 500
GET /thrown?what=fn 500
GET /thrown?what=proxy 500
GET /thrown?what=getter 500
GET /thrown?what=long 500
GET /thrown?what=error 500
GET /thrown?what=circle 500
GET /thrown?what=named 500
GET /thrown?what=__proto__ 500
GET /rejected?what=undefined 500
GET /rejected?what=null 500
GET /rejected?what=symbol 500
GET /rejected?what=proxy 500
GET /rejected?what=getter 500
GET /rejected?what=long 500
GET /rejected?what=error 500
GET /behind 500
GET /ok 204
--- no_log
^2026/01/01
exited on signal

=== what stands in traces is nobody's to change for later requests
--- file main.js
function set(r) {
    const E = Error;
    const tries = [
        () => { E.prepareStackTrace = () => "mine"; }, () => { Reflect.set(E, "stackTraceLimit", 0); },
        () => { class Own extends E {} Own.prepareStackTrace = () => "mine"; },
    ];
    r.return(200, tries.map((one) => { try { one(); return "set"; } catch (e) { return e.name; } }).join(" "));
}
function get(r) { r.return(200, `${Error.prepareStackTrace} ${Error.stackTraceLimit} ${/ at /.test(new Error("x").stack)}`); }
export default { set, get };
--- http_config
js_import $DIR/main.js;
--- config
location /set { js_content main.set; }
location /get { js_content main.get; }
--- requests
GET /get 200 = undefined undefined true
GET /set 200 = TypeError set set
GET /get 200 = undefined undefined true

=== values that natives are handed
--- file main.js
function all(r) {
    const odd = [undefined, null, 0, -1, 1e308, NaN, "", "\0", "\ud800", "x".repeat(1 << 20), Symbol("s"), 1n, [], {}, [[[]]],
        new Proxy({}, {}), () => {}, new Uint8Array(3), new ArrayBuffer(2), Object.create(null), new Date(NaN), /x/,
        { toString() { throw new Error("t"); } }, { toString() { r.return(200); return "x"; } }, { get args() { throw 1; } }];
    const calls = ["return", "send", "sendHeader", "finish", "log", "warn", "error", "subrequest", "internalRedirect", "setReturnValue", "done"];
    let count = 0;
    for (const one of odd) {
        for (const name of calls) {
            for (const values of [[one], [one, one], [200, one], ["/x", one], [one, one, one]]) {
                try { const p = r[name](...values); p?.catch?.(() => {}); } catch (e) { count += 1; }
            }
        }
        for (const table of [r.headersIn, r.headersOut, r.variables, r.rawVariables]) {
            for (const change of [() => { table.x = one; }, () => { table["x-y"] = one; }, () => table[one], () => { table[one] = one; },
                () => delete table[one], () => one in table, () => Object.getOwnPropertyDescriptor(table, one),
                () => Object.assign(table, { a: one }), () => Object.freeze(table), () => Object.keys(table),
                () => JSON.stringify(table), () => `${table}`, () => ({ ...table }), () => Object.setPrototypeOf(table, one)]) {
                try { change(); } catch (e) { count += 1; }
            }
        }
        try { r.status = one; } catch (e) { count += 1; }
        try { ngx.log(one, one); } catch (e) { count += 1; }
        try { console.log(one); } catch (e) { count += 1; }
    }
    r.variables.metric_hits = `${count > 100}=1`;
}
export default { all };
--- http_config
js_import $DIR/main.js;
js_limit_time 20s;
metric_zone hits:128k count;
--- config
location /x { return 204; }
location / { js_content main.all; }
--- requests
GET / any
GET /x 204
--- json /status/http/metric_zones/hits/metrics/
{"true": 1}
--- no_log
exited on signal
panicked

=== a request that asks itself without end, and values that stay
--- file main.js
async function circle(r) {
    const replies = await Promise.all([r.subrequest("/circle"), r.subrequest("/x")]);
    r.return(200, replies.map((reply) => reply.status).join());
}
function large(r) { r.headersOut["X-Large"] = "x".repeat(20000); r.variables.kept = "y".repeat(1 << 20); r.return(204); }
export default { circle, large };
--- http_config
js_import $DIR/main.js;
js_limit_memory 16m;
js_var $kept;
--- config
location /circle { js_content main.circle; }
location /x { return 204; }
location /large { js_content main.large; }
--- requests
GET /circle any
GET /large 204 x60
--- no_log
out of memory
exited on signal
