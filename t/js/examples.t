# What scripts are commonly used for: tokens, fields, joined subrequests, signed links

=== the payload of a JWT becomes variables, and a signature is checked
--- file jwt.js
import crypto from 'crypto';
function parts(r) {
    const token = (r.headersIn.Authorization ?? "").replace(/^Bearer /, "").split(".");
    return token.length === 3 ? token : null;
}
function payload(r) {
    const token = parts(r);
    return token ? JSON.parse(Buffer.from(token[1], "base64url").toString()) : {};
}
function subject(r) { return payload(r).sub; }
function check(r) {
    const token = parts(r);
    if (!token) { return r.return(401); }
    const own = crypto.createHmac("sha256", "secret").update(`${token[0]}.${token[1]}`).digest("base64url");
    if (own !== token[2]) { r.return(403); }
}
function issue(r) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: r.args.sub })}`;
    r.return(200, `${body}.${crypto.createHmac("sha256", "secret").update(body).digest("base64url")}`);
}
export default { subject, check, issue };
--- http_config
js_import $DIR/jwt.js;
js_set $jwt_sub jwt.subject;
metric_zone users:128k count;
--- config
location /issue { js_content jwt.issue; }
location /private {
    js_access jwt.check;
    metric users $jwt_sub;
    error_page 404 =200 @hello;
    try_files /nothing =404;
}
location @hello { return 200 "hello $jwt_sub\n"; }
--- requests
GET /issue?sub=alice 200 = eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.c3brGQkxoiCgrl5LGiV0go9qgN0MtrdnDBCCfJ45f_Q
GET /private 401
GET /private 403
    Authorization: Bearer a.b.c
GET /private 200 = hello alice\n
    Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.c3brGQkxoiCgrl5LGiV0go9qgN0MtrdnDBCCfJ45f_Q
--- json /status/http/metric_zones/users/metrics/
{}

=== a link is valid until it expires, for whoever it was made for
--- file links.js
import crypto from 'crypto';
function hash(r, uri, expires) {
    return crypto.createHash("md5").update(`${expires}${uri}${r.remoteAddress} secret`).digest("base64url");
}
function make(r) {
    const expires = Math.floor(Date.now() / 1000) + Number(r.args.seconds);
    r.return(200, `${r.args.uri}?md5=${hash(r, r.args.uri, expires)}&expires=${expires}`);
}
function check(r) {
    const { md5, expires } = r.args;
    if (md5 !== hash(r, r.uri, expires)) { return r.return(403); }
    if (Number(expires) < Date.now() / 1000) { r.return(410); }
}
async function follow(r) {
    const link = await r.subrequest("/make", `uri=/files/a&seconds=${r.args.seconds}`);
    const [path, query] = link.responseText.split("?");
    r.internalRedirect(`${path}?${query}`);
}
export default { make, check, follow };
--- http_config
js_import $DIR/links.js;
--- file html/files/a
content of a
--- config
location /make { js_content links.make; }
location /files/ { js_access links.check; }
location /follow { js_content links.follow; }
--- requests
GET /files/a 403
GET /files/a?md5=x&expires=9999999999 403
GET /follow?seconds=60 200 = content of a\n
GET /follow?seconds=-60 410

=== several backends as one answer, some of which fail
--- file join.js
async function join(r) {
    const names = ["users", "orders", "broken"];
    const replies = await Promise.all(names.map((name) => r.subrequest(`/api/${name}`)));
    const joined = {};
    replies.forEach((reply, number) => {
        joined[names[number]] = reply.status === 200 ? JSON.parse(reply.responseText) : null;
    });
    r.headersOut["Content-Type"] = "application/json";
    r.return(200, JSON.stringify(joined));
}
export default { join };
--- http_config
js_import $DIR/join.js;
--- origin o
GET /api/users 200 delay=0.2
    | [1,2]
GET /api/orders 200 delay=0.2
    | {"total":3}
* * 503
--- config
location /join { js_content join.join; }
location /api/ { internal; proxy_pass http://$ORIGIN_o; }
--- requests
GET /join 200 ~ ^\{"users":\[1,2\],"orders":\{"total":3\},"broken":null\}$
--- response_headers
Content-Type: application/json

=== fields are rewritten: cookies get attributes, servers lose their names
--- file headers.js
function harden(r) {
    const cookies = r.headersOut["Set-Cookie"];
    if (cookies) { r.headersOut["Set-Cookie"] = cookies.map((one) => `${one}; Secure; HttpOnly`); }
    for (const name of Object.keys(r.headersOut)) {
        if (/^x-(powered-by|internal-)/i.test(name)) { delete r.headersOut[name]; }
    }
}
export default { harden };
--- http_config
js_import $DIR/headers.js;
--- origin o
* * 200
    Set-Cookie: a=1
    Set-Cookie: b=2; Path=/
    X-Powered-By: magic
    X-Internal-Id: 7
    X-Kept: 1
--- config
location / { js_header_filter headers.harden; proxy_pass http://$ORIGIN_o; }
--- requests
GET / 200
--- response_headers
Set-Cookie: a=1; Secure; HttpOnly
!X-Powered-By
!X-Internal-Id
X-Kept: 1

=== the first of several backends that answers well
--- file first.js
async function first(r) {
    const ask = async (name) => {
        const reply = await r.subrequest(`/api/${name}`);
        if (reply.status !== 200) { throw new Error(`${name}: ${reply.status}`); }
        return reply.responseText;
    };
    try {
        r.return(200, await Promise.any(r.args.from.split(",").map(ask)));
    } catch (error) {
        r.return(502, error.errors.map((one) => one.message).join());
    }
}
export default { first };
--- http_config
js_import $DIR/first.js;
--- origin o
GET /api/slow 200 delay=0.5
    | slow
GET /api/quick 200
    | quick
* * 503
--- config
location /first { js_content first.first; }
location /api/ { internal; proxy_pass http://$ORIGIN_o; }
--- requests
GET /first?from=broken,slow,quick 200 = quick
GET /first?from=broken,gone 502 = broken: 503,gone: 503

=== redirects that follow rules of their own
--- file moved.js
const MOVED = [
    [/^\/blog\/(\d+)-(.*)$/, (id, title) => `/articles/${title.toLowerCase()}?id=${id}`],
    [/^\/shop\/(.+)\.php$/, (page) => `/store/${page}`],
];
function target(r) {
    for (const [pattern, build] of MOVED) {
        const found = pattern.exec(r.uri);
        if (found) { return build(...found.slice(1)) + (r.variables.args ? `#${r.variables.args}` : ""); }
    }
    return "";
}
export default { target };
--- http_config
js_import $DIR/moved.js;
js_set $moved moved.target;
--- config
absolute_redirect off;
location / {
    if ($moved) { return 301 $moved; }
    return 200 "here";
}
--- requests
GET /blog/12-Hello-World 301
--- response_headers
Location: /articles/hello-world?id=12
--- requests
GET /shop/cart.php?x=1 301
--- response_headers
Location: /store/cart#x=1
--- requests
GET /other 200 = here

=== links within pages lead to the site that the client knows
--- file links.js
let rest = "";
function links(r, data, flags) {
    const all = rest + data;
    const end = flags.last ? all.length : all.lastIndexOf(">") + 1;
    rest = all.slice(end);
    r.sendBuffer(all.slice(0, end).replaceAll("http://inside.example", `https://${r.headersIn.Host}`), flags);
}
function fields(r) { if (r.headersOut.Location) { r.headersOut.Location = r.headersOut.Location.replace("http://inside.example", ""); } }
export default { links, fields };
--- http_config
js_import $DIR/links.js;
--- origin o
GET /page 200
    Content-Type: text/html
    | <a href="http://inside.example/x">one</a> <img src="http://inside.example/y"> end
GET /moved 302
    Location: http://inside.example/there
--- config
location / { js_body_filter links.links; js_header_filter links.fields; proxy_pass http://$ORIGIN_o; }
--- requests
GET /page 200 = <a href="https://localhost/x">one</a> <img src="https://localhost/y"> end
GET /moved 302
--- response_headers
Location: /there

=== names of files that are uploaded
--- file upload.js
function names(r) {
    const boundary = /boundary="?([^";]+)/.exec(r.headersIn["Content-Type"] ?? "");
    if (!boundary || !r.requestText) { return r.return(400, "no form\n"); }
    const parts = r.requestText.split(`--${boundary[1]}`).slice(1, -1);
    const files = parts.map((part) => [/filename="([^"]*)"/.exec(part), part.length - part.indexOf("\r\n\r\n") - 6]);
    r.return(200, files.filter(([name]) => name).map(([name, length]) => `${name[1]}: ${length}\n`).join(""));
}
export default { names };
--- http_config
js_import $DIR/upload.js;
--- config
location /upload { js_content upload.names; }
--- raw_request
POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n
Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 90210\r\n\r\n
--XX\r\nContent-Disposition: form-data; name="a"; filename="one.txt"\r\n\r\nhello\r\n
--XX\r\nContent-Disposition: form-data; name="b"; filename="two.bin"\r\n\r\n<<x*90000>>\r\n
--XX\r\nContent-Disposition: form-data; name="c"\r\n\r\nv\r\n--XX--\r\n
--- raw_response_like
one.txt: 5\ntwo.bin: 90000\n$
--- requests
POST /upload 400 = no form\n
    | plain

=== requests are logged in a form of their own
--- file logged.js
function line(r) {
    const secret = /^(authorization|cookie)$/i;
    const fields = Object.keys(r.headersIn).filter((name) => /^(x-.*|authorization)$/i.test(name));
    const shown = fields.map((name) => [name.toLowerCase(), secret.test(name) ? "***" : r.headersIn[name]]);
    return JSON.stringify({ method: r.method, uri: r.uri, status: Number(r.variables.status), fields: Object.fromEntries(shown) });
}
export default { line };
--- http_config
js_import $DIR/logged.js;
js_set $line logged.line;
log_format own escape=none $line;
--- config
access_log $DIR/own.log own;
location /a { return 204; }
location /b { return 404; }
--- requests
GET /a 204
    X-Id: 7
    Authorization: Basic eA==
POST /b 404
--- file_like own.log
^\{"method":"GET","uri":"/a","status":204,"fields":\{(?="?x-id|"authorization").*"authorization":"\*\*\*"
^\{"method":"POST","uri":"/b","status":404,"fields":\{\}\}$

=== a script says who may pass by auth_request, and names them to the origin
--- file auth.js
function check(r) {
    const [scheme, encoded] = (r.headersIn.Authorization ?? "").split(" ");
    const [user, password] = scheme === "Basic" ? Buffer.from(encoded, "base64").toString().split(":") : [];
    if (password !== "open") { r.headersOut["WWW-Authenticate"] = "Basic realm=js"; return r.return(401); }
    r.headersOut["X-User"] = user;
    r.return(204);
}
export default { check };
--- http_config
js_import $DIR/auth.js;
--- origin o
* * 200
    | $HEAD
--- config
location /auth { internal; js_content auth.check; }
location / {
    auth_request /auth;
    auth_request_set $user $sent_http_x_user;
    proxy_set_header X-User $user;
    proxy_pass http://$ORIGIN_o;
}
--- requests
GET / 401
--- response_headers
WWW-Authenticate: Basic realm=js
--- requests
GET / 200 ~ [Xx]-[Uu]ser: alice
    Authorization: Basic YWxpY2U6b3Blbg==

=== hello, and a name as it was meant
--- file hello.js
function hello(r) { r.return(200, "Hello world!\n"); }
function name(r) { return decodeURIComponent(r.variables.arg_name ?? ""); }
export default { hello, name };
--- http_config
js_import main from $DIR/hello.js;
js_set $name main.name;
--- config
location = /hello { js_content main.hello; }
location = /named { return 200 "$name\n"; }
--- requests
GET /hello 200 = Hello world!\n
GET /named?name=%D1%82%D0%B5%D1%81%D1%82%20%2F 200 = \xd1\x82\xd0\xb5\xd1\x81\xd1\x82 /\n
GET /named?name=%E2%82 200 = \n
--- log
js exception: URIError

=== who may pass is in the body of the request, which goes on to an origin
--- file body.js
import crypto from 'crypto';
function check(r) {
    let told;
    try { told = JSON.parse(r.requestText); } catch (error) { return r.return(400, "no JSON\n"); }
    const own = crypto.createHmac("sha256", "secret").update(`${told.user} ${told.amount}`).digest("hex");
    if (told.mark !== own) { return r.return(402, "not paid\n"); }
    r.internalRedirect("@origin");
}
function mark(r) { r.return(200, crypto.createHmac("sha256", "secret").update(r.requestText).digest("hex")); }
export default { check, mark };
--- http_config
js_import $DIR/body.js;
--- origin o
POST /buy 201
    | origin has $BODY
--- config
location /buy { js_content body.check; }
location /mark { js_content body.mark; }
location @origin { proxy_pass http://$ORIGIN_o; }
--- requests
POST /buy 400 = no JSON\n
    | rubbish
POST /buy 400 = no JSON\n
POST /buy 402 = not paid\n
    | {"user":"alice","amount":1,"mark":"x"}
POST /mark 200 = ce9549040a33aab0d64524e62e12167a50dd2a20f2adb79d89299021a250f074
    | alice 1
POST /buy 201 = origin has {"user":"alice","amount":1,"mark":"ce9549040a33aab0d64524e62e12167a50dd2a20f2adb79d89299021a250f074"}
    | {"user":"alice","amount":1,"mark":"ce9549040a33aab0d64524e62e12167a50dd2a20f2adb79d89299021a250f074"}

=== the origin is chosen by what the body says
--- file choose.js
const ORIGINS = { orders: "one", users: "two" };
function choose(r) {
    let kind = "";
    try { kind = JSON.parse(r.requestText).kind; } catch (error) { r.warn(`no JSON: ${error.message}`); }
    r.variables.chosen = ORIGINS[kind] ?? "one";
    r.internalRedirect("@chosen");
}
export default { choose };
--- origin a
* * 200
    | one has $BODY
--- origin b
* * 200
    | two has $BODY
--- http_config
js_import $DIR/choose.js;
js_var $chosen;
upstream one { server $ORIGIN_a; }
upstream two { server $ORIGIN_b; }
--- config
location /api { js_content choose.choose; }
location @chosen { proxy_pass http://$chosen; }
--- requests
POST /api 200 = one has {"kind":"orders"}
    | {"kind":"orders"}
POST /api 200 = two has {"kind":"users"}
    | {"kind":"users"}
POST /api 200 = one has rubbish
    | rubbish
--- log
js: no JSON

=== subrequests one after another, each with what the one before has said
--- file chain.js
async function chain(r) {
    const login = await r.subrequest("/auth/login", { method: "POST", body: JSON.stringify({ user: r.args.user }) });
    if (login.status !== 200) { return r.return(login.status, "no login\n"); }
    const { token } = JSON.parse(login.responseText);
    const reply = await r.subrequest("/auth/data", `token=${token}`);
    r.return(reply.status, reply.responseText);
}
function called(r) {
    r.subrequest("/auth/login", { method: "POST", body: "{}" })
        .then((login) => JSON.parse(login.responseText))
        .then((told) => {
            if (!told.token) { throw new Error("no token"); }
            return r.subrequest("/auth/data", `token=${told.token}`);
        })
        .then((reply) => r.return(reply.status, reply.responseText))
        .catch((error) => r.return(500, error.message));
}
function login(r) {
    const { user } = JSON.parse(r.requestText);
    if (user === "mallory") { return r.return(403); }
    r.return(200, JSON.stringify(user ? { token: Buffer.from(user).toString("hex") } : {}));
}
function data(r) { r.return(200, `data of ${Buffer.from(r.args.token, "hex")}\n`); }
export default { chain, called, login, data };
--- http_config
js_import $DIR/chain.js;
--- config
location = /chain { js_content chain.chain; }
location = /called { js_content chain.called; }
location = /auth/login { internal; js_content chain.login; }
location = /auth/data { internal; js_content chain.data; }
--- requests
GET /chain?user=alice 200 = data of alice\n
GET /chain?user=mallory 403 = no login\n
GET /called 500 = no token

=== a variable whose value has to be waited for
--- file late.js
async function value(r) {
    await new Promise((done) => { setTimeout(done, 5); });
    r.headersOut["X-Value"] = `of ${r.parent?.uri ?? r.variables.request_uri}`;
    r.return(204);
}
export default { value };
--- http_config
js_import $DIR/late.js;
--- file html/file.txt
x
--- config
location = /late { internal; js_content late.value; }
location / {
    auth_request /late;
    auth_request_set $late $sent_http_x_value;
    add_header X-Late $late;
}
--- requests
GET /file.txt 200
--- response_headers
X-Late: of /file.txt

=== a body in small letters, its fields in capitals
--- file letters.js
function small(r, data, flags) { r.sendBuffer(data.toLowerCase(), flags); }
function capital(r) { r.headersOut["X-Kind"] = (r.headersOut["X-Kind"] ?? "none").toUpperCase(); }
export default { small, capital };
--- origin o
* * 200
    X-Kind: letters
    | SOME Letters
--- http_config
js_import $DIR/letters.js;
--- config
location / { js_body_filter letters.small; js_header_filter letters.capital; proxy_pass http://$ORIGIN_o; }
--- requests
GET / 200 = some letters
--- response_headers
X-Kind: LETTERS

=== files are read, at once and later
--- file data/users.json
{"alice":{"groups":["admin"]}}
--- file files.js
import fs from 'fs';
const USERS = JSON.parse(fs.readFileSync("$DIR/data/users.json"));
function groups(r) { return (USERS[r.args.user]?.groups ?? []).join(); }
async function read(r) {
    try {
        const text = await fs.promises.readFile(`$DIR/data/${r.args.name}`, "utf8");
        r.return(200, `${text.length} ${fs.statSync("$DIR/data/users.json").size}`);
    } catch (error) { r.return(404, error.code); }
}
export default { groups, read };
--- http_config
js_import $DIR/files.js;
js_set $groups files.groups;
--- config
location = /groups { return 200 "[$groups]"; }
location = /read { js_content files.read; }
--- requests
GET /groups?user=alice 200 = [admin]
GET /groups?user=bob 200 = []
GET /read?name=users.json 200 = 31 31
GET /read?name=none 404 = ENOENT

=== what several servers say, fetched at once, each with its time
--- origin o
POST /text 200
    | no JSON
POST * 200 delay=0.1
    X-Id: 7
    | $BODY
--- file fetch.js
async function all(r) {
    const ask = async (path) => {
        const begun = Date.now();
        try {
            const reply = await ngx.fetch(`http://$ORIGIN_o/${path}`, { method: "POST", body: JSON.stringify({ path }), headers: { "X-Id": r.args.id } });
            return [reply.status, reply.headers.get("X-Id"), (await reply.json()).path, Date.now() - begun < 60000];
        } catch (error) { return [error.name]; }
    };
    const told = await Promise.all(["a", "b", "text"].map(ask));
    r.headersOut["Content-Type"] = "application/json";
    r.return(200, JSON.stringify(told));
}
export default { all };
--- http_config
js_import $DIR/fetch.js;
--- config
location / { js_content fetch.all; }
--- requests
GET /?id=7 200 = [[200,"7","a",true],[200,"7","b",true],["SyntaxError"]]
