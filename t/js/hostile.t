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

=== names that are no texts, or symbols
--- file main.js
import qs from 'querystring';
const half = "\ud800";
const told = (work) => { try { return String(work()); } catch (e) { return e.name; } };
function names(r) {
    const all = [
        told(() => { r.headersOut[Symbol.toPrimitive] = () => "x"; }),
        told(() => { r.headersOut[half] = "x"; }), told(() => `${r.headersIn[half]} ${r.variables[half]} ${half in r.headersIn}`),
        told(() => { r.variables[half] = "x"; }), told(() => delete r.headersOut[half]),
        told(() => new Headers({ [half]: "x" })), told(() => qs.stringify(JSON.parse('{"a\\ud800b": 1}'))),
        told(() => Object.keys(r.headersOut).length), told(() => r.headersIn[Symbol.iterator]),
    ];
    r.return(200, all.join("|"));
}
export default { names };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.names; }
--- requests
GET / 200 = undefined|TypeError|undefined undefined false|Error|TypeError|TypeError|a%EF%BF%BDb=1|0|undefined
--- response_headers
!Symbol.toPrimitive

=== lists for natives: without end, of long texts, of nothing
--- file main.js
import qs from 'querystring';
const long = "x".repeat(1e6);
const fields = (length, ...more) => {
    const headers = new Headers();
    headers["[[fields]]"].length = length;
    for (let i = 0; i < 100; i++) { headers["[[fields]]"].push(...more); }
    return headers.get("A");
};
const TRIED = {
    written: () => qs.stringify({ a: Array(4e9) }),
    separated: () => qs.stringify({ a: Array(1e5).fill("") }, long),
    repeated: () => qs.stringify({ a: Array(100).fill(long) }),
    out: (r) => { r.headersOut.X = Array(100).fill(long); },
    out_empty: (r) => { r.headersOut.X = Array(4e9); },
    said: () => console.log(...Array(100).fill(long)),
    headers: () => fields(0, "A", long),
    headers_empty: () => fields(4e9),
    joined: () => Buffer.concat(Array(4e9)),
    pairs: () => new Headers(Array(4e9)),
    halves: () => new Headers([Array(4e9)]),
    usages: () => crypto.subtle.importKey("raw", Buffer.from("a"), { name: "HMAC", hash: "SHA-1" }, false, Array(4e9)),
    proxy: (r) => { r.headersOut.X = new Proxy([], { get: () => "x" }); return r.headersOut.X; },
    proxy_throws: (r) => { r.headersOut.X = new Proxy([], { get() { throw new Error("not even a length"); } }); },
    logged: (r) => { r.error("\u0001".repeat(1e6)); console.error("\u0001".repeat(1e6)); return "logged"; },
};
async function go(r) {
    try { r.return(200, `${await TRIED[r.args.n](r)}\n`); } catch (error) {
        if (error instanceof InternalError) { throw error; }
        r.return(200, `${error}\n`);
    }
}
export default { go };
--- http_config
js_import $DIR/main.js;
js_limit_memory 16m;
--- config
location / { js_content main.go; }
--- requests
GET /?n=written 500
GET /?n=separated 500
GET /?n=repeated 500
GET /?n=out 500
GET /?n=out_empty 500
GET /?n=said 500
GET /?n=headers 500
GET /?n=headers_empty 500
GET /?n=joined 200 = TypeError: "list[0]" argument must be an instance of Buffer or Uint8Array\n
GET /?n=pairs 200 = TypeError: header does not contain exactly two elements\n
GET /?n=halves 200 = TypeError: header does not contain exactly two elements\n
GET /?n=usages 200 = TypeError: "undefined" is no usage of "HMAC" keys\n
GET /?n=proxy 200 = TypeError: not a function\n
GET /?n=proxy_throws 200 = Error: not even a length\n
GET /?n=logged 200 = logged\n
--- log
js exception: .*(out of memory|ran for longer).*n=written
js exception: .*(out of memory|ran for longer).*n=separated
js exception: .*(out of memory|ran for longer).*n=repeated
js exception: .*(out of memory|ran for longer).*n=out 
js exception: .*(out of memory|ran for longer).*n=out_empty
js exception: .*(out of memory|ran for longer).*n=said
js exception: .*(out of memory|ran for longer).*n=headers 
js exception: .*(out of memory|ran for longer).*n=headers_empty

=== tricks with a request are nothing to the next one, and to its answer
--- file main.js
const told = (work) => { try { return String(work()); } catch (e) { return e.name; } };
function tricks(r) {
    const answer = r.return.bind(r);
    const grows = [];
    grows.push({ toString() { grows.length = 0; grows.push("z"); return "1"; } }, "2");
    const proxy = new Proxy({}, { get: (_, key) => (key === "toString" ? () => { r.headersOut["X-Q"] = "q"; return "p"; } : undefined) });
    const all = [
        told(() => { Object.getPrototypeOf(r).uri = 1; }),
        told(() => Object.defineProperty(Object.getPrototypeOf(r), "uri", { value: 1 })),
        told(() => { r.headersOut.__proto__ = { a: 1 }; return r.headersOut.a; }), told(() => delete r.headersOut.__proto__),
        told(() => r.headersIn.constructor), told(() => r.headersIn.hasOwnProperty),
        told(() => { Object.defineProperty(r.headersOut, "X-G", { get: () => "evil" }); return r.headersOut["X-G"]; }),
        told(() => { r.headersOut["X-P"] = proxy; return r.headersOut["X-P"] + r.headersOut["X-Q"]; }),
        told(() => { r.headersOut["X-R"] = grows; return r.headersOut["X-R"]; }),
        told(() => r.toJSON.call({})), told(() => r.subrequest.call(r.headersOut, "/plain")), told(() => r.return.call(Object.create(r), 201)),
        told(() => { r.args.__proto__ = { a: 1 }; return Object.getPrototypeOf(r.args); }),
        told(() => { r.variables.__proto__ = {}; }),
        told(() => Object.defineProperty(r, "uri", { get: () => "mine" }).uri),
        told(() => { Object.setPrototypeOf(r, null); return typeof r.method; }),
    ];
    answer(200, all.join("|"));
}
function plain(r) { r.return(200, `${r.uri} ${r.method} ${r.headersOut["X-G"]}`); }
export default { tricks, plain };
--- http_config
js_import $DIR/main.js;
--- config
location = /tricks { js_content main.tricks; }
location = /plain { js_content main.plain; }
--- requests
GET /tricks 200 = TypeError|[object Request]|undefined|true|undefined|undefined|undefined|pq|1,undefined|TypeError|TypeError|TypeError|null|Error|mine|undefined
--- response_headers
X-P: p
!X-G
!__proto__
--- requests
GET /plain 200 = /plain GET undefined

=== what requests share cannot be changed, by names that no source shows either
--- file main.js
const told = (work) => { try { return String(work()); } catch (e) { return e.name; } };
const of = Object["getProto" + "typeOf"], define = Object["defineProp" + "erty"];
function tricks(r) {
    const shared = of(r), change = { value: 1 };
    const all = [
        told(() => { shared.uri = 1; }), told(() => define(shared, "uri", change)), told(() => delete shared.uri),
        told(() => define(of(Buffer.from("a")), "toString", change)), told(() => define(of([]), "map", change)),
        told(() => define(of(new Headers()), "get", change)), told(() => define(of(async () => 1), "call", change)),
        told(() => define(ngx, "fetch", change)), told(() => define(console, "log", change)),
        told(() => { r["__pro" + "to__"]["uri"] = 1; }),
    ];
    r.return(200, all.join("|"));
}
function plain(r) { r.return(200, `${r.uri} ${Buffer.from("a")} ${[1].map((one) => one + 1)} ${typeof ngx.fetch}`); }
export default { tricks, plain };
--- http_config
js_import $DIR/main.js;
--- config
location = /tricks { js_content main.tricks; }
location = /plain { js_content main.plain; }
--- requests
GET /tricks 200 x2 = TypeError|TypeError|TypeError|TypeError|TypeError|TypeError|TypeError|TypeError|TypeError|TypeError
GET /plain 200 = /plain a 2 function

=== subrequests that nobody waits for leave room for others
--- file main.js
function many(r) {
    let n = 0;
    try { for (;;) { r.subrequest("/waits", { detached: true }); n += 1; } } catch (e) { r.return(200, `${n} ${e.message}\n`); }
}
function waits(r) { setTimeout(() => r.return(204), 1000); }
function other(r) { const a = new Uint8Array(1 << 20); r.return(204); }
export default { many, waits, other };
--- http_config
js_import $DIR/main.js;
js_limit_memory 24m;
--- config
location /many { js_content main.many; }
location /waits { js_content main.waits; }
location /other { js_content main.other; }
--- requests
GET /many 200 = 256 the script has 256 detached subrequests under way\n
GET /other 204
GET /many 200 = 256 the script has 256 detached subrequests under way\n
GET /other 204
--- no_log
out of memory
exited on signal
