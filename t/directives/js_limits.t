# js_path, js_limit_memory, js_limit_stack, js_limit_time: where modules are, and what scripts may take

=== modules are looked for in each path, then beside the configuration; what they import, first beside them
--- file one/a.js
import b from './b.js';
import c from 'lib/c.js';
export default { f(r) { r.return(200, `a ${b} ${c}\n`); } };
--- file one/b.js
export default "b of one";
--- file two/b.js
export default "b of two";
--- file two/lib/c.js
export default "c of two";
--- file near.js
export default { f(r) { r.return(200, "near\n"); } };
--- http_config
js_path $DIR/two;
js_path $DIR/one;
js_import a.js;
js_import near.js;
--- config
location /a { js_content a.f; }
location /near { js_content near.f; }
location /own { js_path $DIR; js_import other from one/b.js; js_import wrapped from near.js; js_content wrapped.f; }
--- requests
GET /a 200 = a b of one c of two\n
GET /near 200 = near\n
GET /own 200 = near\n

=== each limit ends the script that meets it, and no other
--- file main.js
function deep(r) { let n = 0; const go = () => { n += 1; go(); }; try { go(); } catch (e) { r.return(200, `${e.name} ${n > 50}\n`); } }
function much(r) { const all = []; for (let n = 0; n < 64; n += 1) { all.push(new Uint8Array(1 << 20)); } r.return(200, "had it\n"); }
function little(r) { r.return(200, "little\n"); }
function long(r) { const end = Date.now() + 400; while (Date.now() < end) { } r.return(200, "long\n"); }
export default { deep, much, little, long };
--- http_config
js_import $DIR/main.js;
js_limit_memory 16m;
js_limit_stack 128k;
js_limit_time 30s;
--- config
location /deep { js_content main.deep; }
location /much { js_content main.much; }
location /little { js_content main.little; }
location /long { js_content main.long; js_limit_time 50ms; }
location /patient { js_content main.long; }
--- requests
GET /deep 200 = RangeError true\n
GET /much 500
GET /little 200 = little\n
GET /long 500
GET /little 200 = little\n
GET /patient 200 = long\n
--- log
out of memory.*"GET /much
ran for longer than 50ms.*"GET /long

=== limits hold for programs that speak of built-in objects, too
--- file main.js
const all = globalThis;
function much(r) { const held = []; for (let n = 0; n < 64; n += 1) { held.push(new Uint8Array(1 << 20)); } r.return(200, "had it\n"); }
function little(r) { r.return(200, `${typeof all}\n`); }
export default { much, little };
--- http_config
js_import $DIR/main.js;
js_limit_memory 16m;
--- config
location /much { js_content main.much; }
location /little { js_content main.little; }
--- requests
GET /little 200 = object\n
GET /much 500
GET /little 200 = object\n
--- log
out of memory.*"GET /much

=== a module that throws or never ends is told of when it is loaded
--- file thrown.js
const table = null;
table.x;
export default { f(r) { } };
--- file endless.js
for (;;) { }
export default { f(r) { } };
--- file jobs.js
const again = () => { Promise.resolve().then(again); };
again();
export default { f(r) { } };
--- http_config
js_import $DIR/thrown.js;
js_import $DIR/endless.js;
js_import $DIR/jobs.js;
js_limit_time 0;
--- config
location /a { js_content thrown.f; }
location /b { js_content endless.f; }
location /c { js_content jobs.f; }
location /d { return 200; js_content jobs.f; api /status/; }
--- error
pingauge: [emerg] "js_limit_time" leaves no script any time in http_config:4
   4 | js_limit_time 0;
     |               ^
     help: the least is 1ms
pingauge: [emerg] "thrown.f" cannot be called: TypeError: cannot read property 'x' of null at <anonymous> (thrown.js:2:1) in config:1
   1 | location /a { js_content thrown.f; }
     |                          ^^^^^^^^
pingauge: [emerg] "endless.f" cannot be called: the script ran for longer than 1s at <anonymous> (endless.js:1:1) in config:2
   2 | location /b { js_content endless.f; }
     |                          ^^^^^^^^^
pingauge: [emerg] "jobs.f" cannot be called: the script ran for longer than 1s in config:3
   3 | location /c { js_content jobs.f; }
     |                          ^^^^^^
     also: line 4
pingauge: [emerg] "api" needs an exact location, one given by a regular expression, or a prefix that ends with a slash in config:4
   4 | location /d { return 200; js_content jobs.f; api /status/; }
     |                                              ^^^^^^^^^^^^^
     help: write "location /d/" or "location = /d"
