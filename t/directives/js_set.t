# js_set, js_var: variables of scripts

=== a function gives a variable its value, once for a request, or each time
--- file main.js
let calls = 0;
function count(r) { calls += 1; return calls; }
function nothing(r) { }
function broken(r) { throw new Error("no value"); }
async function late(r) { return "late"; }
function outer(r) { return `outer of ${r.variables.inner}`; }
function inner(r) { return `inner of ${r.uri}`; }
function itself(r) { return `[${r.variables.itself}]`; }
function content(r) { r.return(200, `${r.variables.outer} ${++calls}\n`); }
export default { count, nothing, broken, late, outer, inner, itself, content };
--- http_config
js_import $DIR/main.js;
js_set $cached main.count;
js_set $fresh main.count nocache;
js_set $nothing main.nothing;
js_set $broken main.broken;
js_set $late main.late;
js_set $itself main.itself;
--- config
js_set $outer main.outer;
location /cached { return 200 "$cached $cached\n"; }
location /fresh { return 200 "$fresh $fresh $fresh\n"; }
location /nothing { return 200 "[$nothing]\n"; }
location /broken { return 200 "[$broken]\n"; }
location /late { return 200 "[$late]\n"; }
location /outer { js_set $inner main.inner; return 200 "$outer\n"; }
location /itself { return 200 "$itself\n"; }
location /content { js_content main.content; }
--- requests
GET /cached 200 = 1 1\n
GET /fresh 200 x2 = 1 2 3\n
GET /nothing 200 = []\n
GET /broken 200 = []\n
GET /late 200 = []\n
GET /outer 200 = outer of inner of /outer\n
GET /itself 200 ~ ^\[+undefined\]+\n$
GET /content 200 = outer of inner of /content 1\n
--- log
js exception: Error: no value at broken
js exception: TypeError: a variable cannot wait: its function has returned a promise

=== js_var makes a variable that scripts assign
--- file main.js
function set(r) { r.variables.user = "x" + r.variables.user; r.return(200, r.variables.user); }
export default { set };
--- http_config
js_import $DIR/main.js;
js_var $user "$arg_user";
js_var $empty;
--- config
location /set { js_content main.set; add_header X-User $user; }
location /read { return 200 "[$user][$empty]"; }
--- requests
GET /set?user=me 200 = xme
--- response_headers
X-User: xme
--- requests
GET /read?user=me 200 = [me][]

=== mistakes
--- file main.js
export default { f(r) {} };
--- http_config
js_import $DIR/main.js;
js_set name main.f;
js_set $a main.f cached;
js_set $b main.g;
js_set $c main.f;
js_set $c main.f;
js_limit_stack 2m;
js_limit_memory 1k;
js_import a.b from main.js;
js_import a of main.js;
--- config
--- error
pingauge: [emerg] invalid variable name "name" in http_config:2
   2 | js_set name main.f;
     |        ^^^^
     help: the first argument is the variable, as "$name"
pingauge: [emerg] invalid parameter "cached" in http_config:3
   3 | js_set $a main.f cached;
     |                  ^^^^^^
     help: the only parameter is "nocache"
pingauge: [emerg] "main.g" cannot be called: ReferenceError: the module exports no function "g" in http_config:4
   4 | js_set $b main.g;
     |           ^^^^^^
pingauge: [emerg] variable "$c" of js_set "main.f" is that of js_set "main.f" too in http_config:6
   6 | js_set $c main.f;
     |        ^^
     help: names of variables do not tell upper from lower case
pingauge: [emerg] "js_limit_stack" is more than a worker has in http_config:7
   7 | js_limit_stack 2m;
     |                ^^
     help: the most is 1m
pingauge: [emerg] "js_limit_memory" is too little for any script in http_config:8
   8 | js_limit_memory 1k;
     |                 ^^
     help: the least is 4096k
pingauge: [emerg] invalid name "a.b" of a module in http_config:9
   9 | js_import a.b from main.js;
     |           ^^^
     help: write "js_import NAME from FILE;", with a NAME that has no dot
pingauge: [emerg] invalid parameters of "js_import" in http_config:10
  10 | js_import a of main.js;
     |             ^^
     help: it is written as "js_import FILE;" or "js_import NAME from FILE;"

=== a variable whose handler is missing is one problem
--- http_config
js_set $v main.f;
--- config
location / { return 200 $v; }
--- error
pingauge: [emerg] no "js_import" has the name "main" of "main.f" here in http_config:1
   1 | js_set $v main.f;
     |           ^^^^^^
     help: a handler is written as module.function, where "js_import module.js;" imports the module
