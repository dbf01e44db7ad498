# Caches of answers of programs: fastcgi_cache, uwsgi_cache, scgi_cache and their families.

=== the family of fastcgi_cache
--- http_config
fastcgi_cache_path $DIR/cache keys_zone=c:64k levels=1:2;
log_format caches '$request_method $uri $upstream_cache_status [$upstream_cache_key]';
map $request_method $purges { PURGE 1; default 0; }
--- config
access_log $DIR/log caches;
fastcgi_cache c;
fastcgi_cache_key $request_method$uri;
fastcgi_cache_valid 200 404 1m;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_limit_rate 10m; fastcgi_pass $ORIGIN_p; }
location /off { fastcgi_cache off; fastcgi_pass $ORIGIN_p; }
location /uses { fastcgi_cache_min_uses 2; fastcgi_pass $ORIGIN_p; }
location /post { fastcgi_cache_methods POST; fastcgi_pass $ORIGIN_p; }
location /bypass { fastcgi_cache_bypass $arg_again; fastcgi_no_cache $arg_never; fastcgi_pass $ORIGIN_p; }
location /ranges { fastcgi_force_ranges on; fastcgi_cache_max_range_offset 10; fastcgi_pass $ORIGIN_p; }
location /lock { fastcgi_cache_lock on; fastcgi_cache_lock_age 5s; fastcgi_cache_lock_timeout 5s; fastcgi_pass $ORIGIN_p; }
location /purge { fastcgi_cache_key $uri; fastcgi_cache_purge $purges; fastcgi_pass $ORIGIN_p; }
location /cookie { fastcgi_ignore_headers Set-Cookie; fastcgi_hide_header Set-Cookie; fastcgi_pass $ORIGIN_p; }
--- origin p
* /gone 404
    | gone
* /error 500
    | error
* /cookie 200
    Set-Cookie: a=b
    | cookie
* /private 200
    Cache-Control: private
    | private
* * 200
    Content-Type: text/x
    ETag: "x"
    | here it is
--- requests
GET /a 200 x2 = here it is
--- response_headers
Content-Type: text/x
Content-Length: 10
!Status
--- requests
GET /a 304
    If-None-Match: "x"
GET /gone 404 x2 = gone
GET /error 500 x2
GET /private 200 x2
GET /off 200 x2
GET /uses 200 x3
POST /post 200 x2
    | body
GET /bypass 200
GET /bypass?again=1 200
GET /bypass 200
GET /bypass/never?never=1 200 x2
GET /ranges 200
GET /ranges 206 = ere
    Range: bytes=1-3
GET /lock 200 x2
GET /purge 200
PURGE /purge 204
PURGE /purge 404
GET /purge 200
GET /cookie 200 x2 = cookie
--- response_headers
!Set-Cookie
--- file_like log
\AGET /a MISS \[GET/a\]\nGET /a HIT \[GET/a\]\nGET /a HIT .*\n
GET /gone MISS .*\nGET /gone HIT .*\nGET /error MISS .*\nGET /error MISS .*\nGET /private MISS .*\nGET /private MISS .*\n
GET /off - .*\nGET /off - .*\nGET /uses MISS .*\nGET /uses MISS .*\nGET /uses HIT .*\nPOST /post MISS .*\nPOST /post HIT .*\n
GET /bypass MISS .*\nGET /bypass BYPASS .*\nGET /bypass HIT .*\nGET /bypass/never MISS .*\nGET /bypass/never MISS .*\n
GET /ranges MISS .*\nGET /ranges HIT .*\nGET /lock MISS .*\nGET /lock HIT .*\nGET /purge MISS .*\nPURGE /purge - .*\nPURGE /purge - .*\nGET /purge MISS .*\n
GET /cookie MISS .*\nGET /cookie HIT .*\n\Z

=== the family of uwsgi_cache
--- http_config
uwsgi_cache_path $DIR/cache keys_zone=c:64k levels=1:2;
log_format caches '$request_method $uri $upstream_cache_status [$upstream_cache_key]';
map $request_method $purges { PURGE 1; default 0; }
--- config
access_log $DIR/log caches;
uwsgi_cache c;
uwsgi_cache_key $request_method$uri;
uwsgi_cache_valid 200 404 1m;
uwsgi_param REQUEST_METHOD $request_method;
uwsgi_param REQUEST_URI $request_uri;
location / { uwsgi_limit_rate 10m; uwsgi_pass $ORIGIN_p; }
location /off { uwsgi_cache off; uwsgi_pass $ORIGIN_p; }
location /uses { uwsgi_cache_min_uses 2; uwsgi_pass $ORIGIN_p; }
location /post { uwsgi_cache_methods POST; uwsgi_pass $ORIGIN_p; }
location /bypass { uwsgi_cache_bypass $arg_again; uwsgi_no_cache $arg_never; uwsgi_pass $ORIGIN_p; }
location /ranges { uwsgi_force_ranges on; uwsgi_cache_max_range_offset 10; uwsgi_pass $ORIGIN_p; }
location /lock { uwsgi_cache_lock on; uwsgi_cache_lock_age 5s; uwsgi_cache_lock_timeout 5s; uwsgi_pass $ORIGIN_p; }
location /purge { uwsgi_cache_key $uri; uwsgi_cache_purge $purges; uwsgi_pass $ORIGIN_p; }
location /cookie { uwsgi_ignore_headers Set-Cookie; uwsgi_hide_header Set-Cookie; uwsgi_pass $ORIGIN_p; }
--- origin p
* /gone 404
    | gone
* /error 500
    | error
* /cookie 200
    Set-Cookie: a=b
    | cookie
* /private 200
    Cache-Control: private
    | private
* * 200
    Content-Type: text/x
    ETag: "x"
    | here it is
--- requests
GET /a 200 x2 = here it is
--- response_headers
Content-Type: text/x
Content-Length: 10
!Status
--- requests
GET /a 304
    If-None-Match: "x"
GET /gone 404 x2 = gone
GET /error 500 x2
GET /private 200 x2
GET /off 200 x2
GET /uses 200 x3
POST /post 200 x2
    | body
GET /bypass 200
GET /bypass?again=1 200
GET /bypass 200
GET /bypass/never?never=1 200 x2
GET /ranges 200
GET /ranges 206 = ere
    Range: bytes=1-3
GET /lock 200 x2
GET /purge 200
PURGE /purge 204
PURGE /purge 404
GET /purge 200
GET /cookie 200 x2 = cookie
--- response_headers
!Set-Cookie
--- file_like log
\AGET /a MISS \[GET/a\]\nGET /a HIT \[GET/a\]\nGET /a HIT .*\n
GET /gone MISS .*\nGET /gone HIT .*\nGET /error MISS .*\nGET /error MISS .*\nGET /private MISS .*\nGET /private MISS .*\n
GET /off - .*\nGET /off - .*\nGET /uses MISS .*\nGET /uses MISS .*\nGET /uses HIT .*\nPOST /post MISS .*\nPOST /post HIT .*\n
GET /bypass MISS .*\nGET /bypass BYPASS .*\nGET /bypass HIT .*\nGET /bypass/never MISS .*\nGET /bypass/never MISS .*\n
GET /ranges MISS .*\nGET /ranges HIT .*\nGET /lock MISS .*\nGET /lock HIT .*\nGET /purge MISS .*\nPURGE /purge - .*\nPURGE /purge - .*\nGET /purge MISS .*\n
GET /cookie MISS .*\nGET /cookie HIT .*\n\Z

=== the family of scgi_cache
--- http_config
scgi_cache_path $DIR/cache keys_zone=c:64k levels=1:2;
log_format caches '$request_method $uri $upstream_cache_status [$upstream_cache_key]';
map $request_method $purges { PURGE 1; default 0; }
--- config
access_log $DIR/log caches;
scgi_cache c;
scgi_cache_key $request_method$uri;
scgi_cache_valid 200 404 1m;
scgi_param REQUEST_METHOD $request_method;
scgi_param REQUEST_URI $request_uri;
location / { scgi_limit_rate 10m; scgi_pass $ORIGIN_p; }
location /off { scgi_cache off; scgi_pass $ORIGIN_p; }
location /uses { scgi_cache_min_uses 2; scgi_pass $ORIGIN_p; }
location /post { scgi_cache_methods POST; scgi_pass $ORIGIN_p; }
location /bypass { scgi_cache_bypass $arg_again; scgi_no_cache $arg_never; scgi_pass $ORIGIN_p; }
location /ranges { scgi_force_ranges on; scgi_cache_max_range_offset 10; scgi_pass $ORIGIN_p; }
location /lock { scgi_cache_lock on; scgi_cache_lock_age 5s; scgi_cache_lock_timeout 5s; scgi_pass $ORIGIN_p; }
location /purge { scgi_cache_key $uri; scgi_cache_purge $purges; scgi_pass $ORIGIN_p; }
location /cookie { scgi_ignore_headers Set-Cookie; scgi_hide_header Set-Cookie; scgi_pass $ORIGIN_p; }
--- origin p
* /gone 404
    | gone
* /error 500
    | error
* /cookie 200
    Set-Cookie: a=b
    | cookie
* /private 200
    Cache-Control: private
    | private
* * 200
    Content-Type: text/x
    ETag: "x"
    | here it is
--- requests
GET /a 200 x2 = here it is
--- response_headers
Content-Type: text/x
Content-Length: 10
!Status
--- requests
GET /a 304
    If-None-Match: "x"
GET /gone 404 x2 = gone
GET /error 500 x2
GET /private 200 x2
GET /off 200 x2
GET /uses 200 x3
POST /post 200 x2
    | body
GET /bypass 200
GET /bypass?again=1 200
GET /bypass 200
GET /bypass/never?never=1 200 x2
GET /ranges 200
GET /ranges 206 = ere
    Range: bytes=1-3
GET /lock 200 x2
GET /purge 200
PURGE /purge 204
PURGE /purge 404
GET /purge 200
GET /cookie 200 x2 = cookie
--- response_headers
!Set-Cookie
--- file_like log
\AGET /a MISS \[GET/a\]\nGET /a HIT \[GET/a\]\nGET /a HIT .*\n
GET /gone MISS .*\nGET /gone HIT .*\nGET /error MISS .*\nGET /error MISS .*\nGET /private MISS .*\nGET /private MISS .*\n
GET /off - .*\nGET /off - .*\nGET /uses MISS .*\nGET /uses MISS .*\nGET /uses HIT .*\nPOST /post MISS .*\nPOST /post HIT .*\n
GET /bypass MISS .*\nGET /bypass BYPASS .*\nGET /bypass HIT .*\nGET /bypass/never MISS .*\nGET /bypass/never MISS .*\n
GET /ranges MISS .*\nGET /ranges HIT .*\nGET /lock MISS .*\nGET /lock HIT .*\nGET /purge MISS .*\nPURGE /purge - .*\nPURGE /purge - .*\nGET /purge MISS .*\n
GET /cookie MISS .*\nGET /cookie HIT .*\n\Z

=== fastcgi: what is old, and how programs are asked whether it has changed
--- http_config
fastcgi_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
fastcgi_cache c;
fastcgi_cache_key $uri;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_next_upstream off;
location / { fastcgi_cache_use_stale http_503; fastcgi_pass $ORIGIN_p; }
location /again { fastcgi_cache_key /a; fastcgi_cache_revalidate on; fastcgi_pass $ORIGIN_p; }
location /own { fastcgi_cache_key /a; fastcgi_cache_revalidate on; fastcgi_param REQUEST_URI $request_uri; fastcgi_param HTTP_IF_NONE_MATCH own; fastcgi_pass $ORIGIN_p; }
location /behind { fastcgi_cache_use_stale updating; fastcgi_cache_background_update on; fastcgi_pass $ORIGIN_p; }
--- origin p
* /a 200
    X-Accel-Expires: @1
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    ETag: "x"
    | old
* /behind 200
    X-Accel-Expires: @1
    | behind
* /a?error 503
    | broken
* /again?same 304
    Cache-Control: max-age=60
* * 200
    Cache-Control: no-store
    | $HEAD
--- requests
GET /a 200 = old
GET /a?error 200 = old
--- response_headers
X-Cache: STALE
ETag: "x"
--- requests
GET /behind 200 = behind
GET /behind 200 = behind
--- response_headers
X-Cache: STALE
--- requests
GET /again 200 ~ HTTP_IF_MODIFIED_SINCE: Sun, 06 Nov 1994 08:49:37 GMT\r\nHTTP_IF_NONE_MATCH: "x"
    If_None_Match: "client"
    Range: bytes=0-1
--- response_headers
X-Cache: EXPIRED
--- requests
GET /own 200 ~ (?s)^(?!.*SINCE)(?!.*"x").*HTTP_IF_NONE_MATCH: own
GET /again?same 200 = old
--- response_headers
X-Cache: REVALIDATED
--- requests
GET /a 200 = old
--- response_headers
X-Cache: HIT

=== uwsgi: what is old, and how programs are asked whether it has changed
--- http_config
uwsgi_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
uwsgi_cache c;
uwsgi_cache_key $uri;
uwsgi_param REQUEST_METHOD $request_method;
uwsgi_param REQUEST_URI $request_uri;
uwsgi_next_upstream off;
location / { uwsgi_cache_use_stale http_503; uwsgi_pass $ORIGIN_p; }
location /again { uwsgi_cache_key /a; uwsgi_cache_revalidate on; uwsgi_pass $ORIGIN_p; }
location /own { uwsgi_cache_key /a; uwsgi_cache_revalidate on; uwsgi_param REQUEST_URI $request_uri; uwsgi_param HTTP_IF_NONE_MATCH own; uwsgi_pass $ORIGIN_p; }
location /behind { uwsgi_cache_use_stale updating; uwsgi_cache_background_update on; uwsgi_pass $ORIGIN_p; }
--- origin p
* /a 200
    X-Accel-Expires: @1
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    ETag: "x"
    | old
* /behind 200
    X-Accel-Expires: @1
    | behind
* /a?error 503
    | broken
* /again?same 304
    Cache-Control: max-age=60
* * 200
    Cache-Control: no-store
    | $HEAD
--- requests
GET /a 200 = old
GET /a?error 200 = old
--- response_headers
X-Cache: STALE
ETag: "x"
--- requests
GET /behind 200 = behind
GET /behind 200 = behind
--- response_headers
X-Cache: STALE
--- requests
GET /again 200 ~ HTTP_IF_MODIFIED_SINCE: Sun, 06 Nov 1994 08:49:37 GMT\r\nHTTP_IF_NONE_MATCH: "x"
    If_None_Match: "client"
    Range: bytes=0-1
--- response_headers
X-Cache: EXPIRED
--- requests
GET /own 200 ~ (?s)^(?!.*SINCE)(?!.*"x").*HTTP_IF_NONE_MATCH: own
GET /again?same 200 = old
--- response_headers
X-Cache: REVALIDATED
--- requests
GET /a 200 = old
--- response_headers
X-Cache: HIT

=== scgi: what is old, and how programs are asked whether it has changed
--- http_config
scgi_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
scgi_cache c;
scgi_cache_key $uri;
scgi_param REQUEST_METHOD $request_method;
scgi_param REQUEST_URI $request_uri;
scgi_next_upstream off;
location / { scgi_cache_use_stale http_503; scgi_pass $ORIGIN_p; }
location /again { scgi_cache_key /a; scgi_cache_revalidate on; scgi_pass $ORIGIN_p; }
location /own { scgi_cache_key /a; scgi_cache_revalidate on; scgi_param REQUEST_URI $request_uri; scgi_param HTTP_IF_NONE_MATCH own; scgi_pass $ORIGIN_p; }
location /behind { scgi_cache_use_stale updating; scgi_cache_background_update on; scgi_pass $ORIGIN_p; }
--- origin p
* /a 200
    X-Accel-Expires: @1
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    ETag: "x"
    | old
* /behind 200
    X-Accel-Expires: @1
    | behind
* /a?error 503
    | broken
* /again?same 304
    Cache-Control: max-age=60
* * 200
    Cache-Control: no-store
    | $HEAD
--- requests
GET /a 200 = old
GET /a?error 200 = old
--- response_headers
X-Cache: STALE
ETag: "x"
--- requests
GET /behind 200 = behind
GET /behind 200 = behind
--- response_headers
X-Cache: STALE
--- requests
GET /again 200 ~ HTTP_IF_MODIFIED_SINCE: Sun, 06 Nov 1994 08:49:37 GMT\r\nHTTP_IF_NONE_MATCH: "x"
    If_None_Match: "client"
    Range: bytes=0-1
--- response_headers
X-Cache: EXPIRED
--- requests
GET /own 200 ~ (?s)^(?!.*SINCE)(?!.*"x").*HTTP_IF_NONE_MATCH: own
GET /again?same 200 = old
--- response_headers
X-Cache: REVALIDATED
--- requests
GET /a 200 = old
--- response_headers
X-Cache: HIT

=== conditions and ranges of clients are judged here, and programs are asked for all of it
--- http_config
fastcgi_cache_path $DIR/cache keys_zone=c:64k;
underscores_in_headers on;
--- config
fastcgi_cache c;
fastcgi_cache_key $uri;
fastcgi_cache_valid 1m;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_pass $ORIGIN_p; }
location /part { fastcgi_cache_key $uri$http_range; fastcgi_param HTTP_RANGE $http_range; fastcgi_param REQUEST_URI $request_uri; fastcgi_cache_valid 206 1m; add_header X-Cache $upstream_cache_status; fastcgi_pass $ORIGIN_p; }
--- origin p
* /part 206
    Content-Range: bytes 1-3/10
    | 123
* * 200
    Accept-Ranges: bytes
    | $HEAD
--- requests
GET /a 200 ~ ^(?!(?s).*(RANGE|HTTP_IF))
    Range: bytes=0-0
    If_None_Match: "a"
    If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
GET /a 206 = R
    Range: bytes=0-0
GET /part 206 x2 = 123
    Range: bytes=1-3
--- response_headers
X-Cache: HIT

=== an answer to HEAD is given to HEAD alone
--- http_config
fastcgi_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status;
fastcgi_cache c;
fastcgi_cache_valid 1m;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_cache_key $uri; fastcgi_pass $ORIGIN_p; }
location /method { fastcgi_cache_key $request_method$uri; fastcgi_pass $ORIGIN_p; }
location /get { fastcgi_cache_key $uri; fastcgi_param REQUEST_METHOD GET; fastcgi_param REQUEST_URI $request_uri; fastcgi_pass $ORIGIN_p; }
--- origin p
* * 200
    | body
--- requests
HEAD /a 200
HEAD /a 200
--- response_headers
X-Cache: HIT
--- requests
GET /a 200 = body
--- response_headers
X-Cache: MISS
--- requests
GET /a 200 = body
--- response_headers
X-Cache: HIT
--- requests
HEAD /a 200
--- response_headers
X-Cache: HIT
--- requests
GET /method 200 = body
HEAD /method 200
--- response_headers
X-Cache: MISS
--- requests
GET /method 200 = body
--- response_headers
X-Cache: HIT
--- requests
HEAD /method 200
--- response_headers
X-Cache: HIT
--- requests
HEAD /get 200
GET /get 200 = body
--- response_headers
X-Cache: HIT

=== caches are found by name, whatever family declares them
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status;
location / { fastcgi_cache $arg_name; fastcgi_cache_key $uri; fastcgi_cache_valid 1m; fastcgi_param REQUEST_URI $uri; fastcgi_pass $ORIGIN_p; }
--- origin p
* * 200
    | $HEAD
--- requests
GET /a?name=c 200 x2
--- response_headers
X-Cache: HIT
--- requests
GET /a?name=off 200
--- response_headers
!X-Cache
--- requests
GET /a?name=d 500

=== what is missing
--- http_config
fastcgi_cache_path cache levels=1:2;
--- config
location / { fastcgi_cache c; fastcgi_pass 127.0.0.1:9; }
location /u { uwsgi_cache u; uwsgi_cache_key $uri; uwsgi_pass 127.0.0.1:9; }
location /s { scgi_cache off; scgi_pass 127.0.0.1:9; }
--- error
pingauge: [emerg] "fastcgi_cache_path" has no "keys_zone" in http_config:1
   1 | fastcgi_cache_path cache levels=1:2;
     | ^^^^^^^^^^^^^^^^^^
     help: write keys_zone=NAME:SIZE, as in keys_zone=answers:10m
pingauge: [emerg] no "fastcgi_cache_key" for "fastcgi_cache" in config:1
   1 | location / { fastcgi_cache c; fastcgi_pass 127.0.0.1:9; }
     |                            ^
     help: write fastcgi_cache_key $scheme$request_method$host$request_uri;
pingauge: [emerg] unknown cache "c" in config:1
   1 | location / { fastcgi_cache c; fastcgi_pass 127.0.0.1:9; }
     |                            ^
     help: declare it: fastcgi_cache_path /PATH keys_zone=c:10m;
pingauge: [emerg] unknown cache "u" in config:2
   2 | location /u { uwsgi_cache u; uwsgi_cache_key $uri; uwsgi_pass 127.0.0.1:9; }
     |                           ^
     help: declare it: uwsgi_cache_path /PATH keys_zone=u:10m;

=== a program that a subrequest tells HEAD says nothing that is kept for GET
--- file main.js
async function ask(r) { const answer = await r.subrequest('/api'); r.return(200, `[${answer.responseText}]`); }
export default { ask };
--- http_config
fastcgi_cache_path $DIR/cache keys_zone=c:64k;
js_import $DIR/main.js;
--- config
location /js { js_content main.ask; }
location /api {
    fastcgi_cache c;
    fastcgi_cache_key $uri;
    fastcgi_cache_valid 1m;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $uri;
    fastcgi_pass $ORIGIN_p;
}
--- origin p
HEAD * 200
* * 200
    | body
--- requests
HEAD /js 200
GET /api 200 = body
GET /js 200 = [body]
