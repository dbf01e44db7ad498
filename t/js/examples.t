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
