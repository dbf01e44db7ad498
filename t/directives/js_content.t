# js_content: a script makes the answer of a location

=== a function that an import names answers
--- file main.js
function hello(r) { r.return(200, "hello\n"); }
async function later(r) { await Promise.resolve(1); r.return(201, "later\n"); }
let calls = 0;
function count(r) { calls += 1; r.return(200, `${calls}\n`); }
export default { hello, later, inner: { count } };
--- http_config
js_import $DIR/main.js;
--- config
location /hello { js_content main.hello; }
location /later { js_content main.later; }
location /count { js_content main.inner.count; }
--- requests
GET /hello 200 = hello\n
GET /later 201 = later\n
GET /count 200 x3 = 1\n
--- no_log
exception

=== one that ends without an answer is answered with 500
--- file main.js
export default { nothing(r) { }, never(r) { return new Promise(() => {}); } };
--- http_config
js_import $DIR/main.js;
--- config
location /nothing { js_content main.nothing; }
location /never { js_content main.never; }
--- requests
GET /nothing 500
GET /never 500
--- log
js: the handler has ended without an answer.*request: "GET /nothing HTTP
js: the handler has ended without an answer.*request: "GET /never HTTP

=== what is thrown is in the log, and the answer is 500
--- file main.js
function thrown(r) {
    throw new Error("no luck");
}
async function rejected(r) {
    await null;
    thrown(r);
}
function text(r) { throw "a text"; }
function object(r) { throw { toString() { throw 1; } }; }
function answered(r) { r.return(200); r.undefined_function(); }
export default { thrown, rejected, text, object, answered };
--- http_config
js_import $DIR/main.js;
--- config
location /thrown { js_content main.thrown; }
location /rejected { js_content main.rejected; }
location /text { js_content main.text; }
location /object { js_content main.object; }
location /answered { js_content main.answered; }
--- requests
GET /thrown 500
GET /rejected 500
GET /text 500
GET /object 500
GET /answered 500
--- log
js exception: Error: no luck at thrown \(.*main.js:2:1[0-9]\).*client: .*request: "GET /thrown HTTP
js exception: Error: no luck at thrown \(.*main.js:2:.*\) at rejected \(.*main.js:6:.*request: "GET /rejected HTTP
js exception: a text, client.*request: "GET /text HTTP
js exception: a value of type object was thrown, client.*request: "GET /object HTTP
js exception: TypeError: .* at answered \(.*main.js:10:

=== no script stops a worker
--- file main.js
function loop(r) { for (;;) {} }
function caught(r) { for (;;) { try { for (;;) {} } catch (e) {} } }
async function jobs(r) { for (;;) { await null; } }
function deep(r) { return deep(r) + 1; }
function large(r) { const all = []; for (;;) { all.push("x".repeat(1 << 20).split("")); } }
function ok(r) { r.return(204); }
export default { loop, caught, jobs, deep, large, ok };
--- http_config
js_import $DIR/main.js;
js_limit_time 200ms;
--- config
location /loop { js_content main.loop; js_limit_time 2s; }
location /caught { js_content main.caught; }
location /jobs { js_content main.jobs; }
location /deep { js_content main.deep; }
location /large { js_content main.large; js_limit_time 10s; }
location /ok { js_content main.ok; }
--- requests
GET /ok 204
GET /loop 500
GET /ok 204
GET /caught 500
GET /ok 204
GET /jobs 500
GET /ok 204
GET /deep 500
GET /ok 204
GET /large 500
GET /ok 204
--- log
js exception: the script ran for longer than 2s at loop .*request: "GET /loop HTTP
js exception: the script ran for longer than 200ms.*request: "GET /caught HTTP
js exception: the script ran for longer than 200ms.*request: "GET /jobs HTTP
js exception: RangeError: .*stack.*request: "GET /deep HTTP
js exception: .*InternalError: out of memory.*request: "GET /large HTTP

=== requests see nothing of each other
--- file main.js
const kept = new Map();
const names = [];
function state(r) { kept.set(names.length, 1); names.push(1); r.return(200, `${kept.size} ${names.length}\n`); }
function built_in(r) {
    const what = [];
    for (const change of [
        () => { Object.getPrototypeOf("x").evil = 1; },
        () => { Object.assign(Object.getPrototypeOf([]), { evil: 1 }); },
        () => { JSON["parse"] = 1; },
        () => { Reflect.set(Math, "evil", 1) || what.push("Math"); },
    ]) {
        try { change(); } catch (e) { what.push(e.name); }
    }
    r.return(200, `${what} ${"x".evil} ${[].evil}\n`);
}
export default { state, built_in };
--- http_config
js_import $DIR/main.js;
--- config
location /state { js_content main.state; }
location /built_in { js_content main.built_in; }
--- requests
GET /state 200 x2 = 1 1\n
GET /built_in 200 = TypeError,TypeError,TypeError,Math undefined undefined\n

=== a program that changes what is built in has it for itself
--- file apart.js
Object.prototype.seen = 0;
function change(r) { Object.prototype.seen += 1; globalThis.more = (globalThis.more ?? 0) + 1; r.return(200, `${({}).seen} ${more}\n`); }
export default { change };
--- http_config
js_import $DIR/apart.js;
--- config
location /change { js_content apart.change; }
--- requests
GET /change 200 x3 = 1 1\n

=== what is inherited from built-in objects can be overridden
--- file main.js
class Own extends Error { constructor(m) { super(m); this.name = "Own"; this.message += "!"; } }
function Old() { this.toString = () => "old"; this.valueOf = () => 7; }
function all(r) {
    const error = new Own("m");
    const old = new Old();
    const plain = {}; plain.toString = () => "plain"; plain.hasOwnProperty = 1;
    r.return(200, `${error} ${old} ${old + 1} ${plain} ${Object.keys(plain)} ${error instanceof Error}\n`);
}
export default { all };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.all; }
--- requests
GET / 200 = Own: m! old 8 plain toString,hasOwnProperty true\n

=== what is wrong with a module is told when it is loaded
--- file broken.js
export default {
    f(r) { let x = ; }
};
--- file missing.js
import other from './nowhere.js';
export default { };
--- file named.js
import { nothing } from './fine.js';
export default { };
--- file fine.js
export default { one: 1 };
--- file thrown.js
const table = null;
table.x;
export default { f(r) {} };
--- http_config
js_import broken.js;
js_import missing.js;
js_import named.js;
js_import fine.js;
js_import absent.js;
js_import fine.js;
--- config
location /a { js_content fine.two; }
location /b { js_content unknown.f; }
location /c { js_content fine.one; }
--- error
pingauge: [emerg] SyntaxError: unexpected token in expression: ';' in broken.js:2:20 in http_config:1
   1 | js_import broken.js;
     |           ^^^^^^^^^
     help:     f(r) { let x = ; }
                              ^
pingauge: [emerg] cannot read "nowhere.js" (2: No such file or directory) in missing.js:1:1 in http_config:2
   2 | js_import missing.js;
     |           ^^^^^^^^^^
     help: import other from './nowhere.js';
           ^
pingauge: [emerg] "./fine.js" exports no "nothing" in named.js:1:1 in http_config:3
   3 | js_import named.js;
     |           ^^^^^^^^
     help: import { nothing } from './fine.js';
           ^
pingauge: [emerg] cannot read "absent.js" (2: No such file or directory) in http_config:5
   5 | js_import absent.js;
     |           ^^^^^^^^^
pingauge: [emerg] "js_import" has the name "fine" already in http_config:6
   6 | js_import fine.js;
     |           ^^^^^^^
pingauge: [emerg] "fine.two" cannot be called: ReferenceError: the module exports no function "two" in config:1
   1 | location /a { js_content fine.two; }
     |                          ^^^^^^^^
pingauge: [emerg] no "js_import" has the name "unknown" of "unknown.f" here in config:2
   2 | location /b { js_content unknown.f; }
     |                          ^^^^^^^^^
     help: a handler is written as module.function, where "js_import module.js;" imports the module
pingauge: [emerg] "fine.one" cannot be called: ReferenceError: the module exports no function "one" in config:3
   3 | location /c { js_content fine.one; }
     |                          ^^^^^^^^
