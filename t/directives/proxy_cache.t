# proxy_cache and its family: what is kept, for how long, for whom, and what is said of it.

=== an answer is kept and given again
--- origin o
GET /a 200
    Cache-Control: max-age=60
    Content-Type: text/plain
    ETag: "x"
    | hello
GET /b 200
    | uncached
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k levels=1:2;
log_format caches '$request_method $uri $upstream_cache_status [$upstream_cache_key] $upstream_cache_etag $upstream_addr';
--- config
access_log $DIR/log caches;
proxy_cache c;
proxy_cache_key $uri;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200 = hello
GET /a 200 = hello
--- response_headers
Content-Type: text/plain
Content-Length: 5
ETag: "x"
Cache-Control: max-age=60
--- requests
HEAD /a 200
--- response_headers
Content-Length: 5
--- requests
GET /b 200 = uncached
GET /b 200 = uncached
GET /a 304
    If-None-Match: "x"
GET /a 412
    If-Match: "y"
--- file_like log
\AGET /a MISS \[/a\] - 127.*
^GET /a HIT \[/a\] \\x22x\\x22 -
^HEAD /a HIT \[/a\] \\x22x\\x22 -
^GET /b MISS \[/b\] - 127.*\nGET /b MISS \[/b\] - 127.*
^GET /a HIT

=== how long an answer is valid
--- origin o
GET /plain 200
    | a
GET /gone 404
    | b
GET /error 500
    | c
GET /none 200
    Cache-Control: no-store
    | d
GET /accel 200
    X-Accel-Expires: 60
    Cache-Control: no-cache
    | e
GET /cookie 200
    Set-Cookie: a=b
    | f
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
log_format caches '$uri $upstream_cache_status';
--- config
access_log $DIR/log caches;
proxy_cache c;
proxy_cache_valid 60;
proxy_cache_valid 404 any 1m;
location / { proxy_pass http://$ORIGIN_o; }
location /none { proxy_ignore_headers Cache-Control; proxy_pass http://$ORIGIN_o; }
location /cookie { proxy_pass http://$ORIGIN_o; }
--- requests
GET /plain 200 x2
GET /gone 404 x2
GET /error 500 x2
GET /none 200 x2
GET /accel 200 x2
GET /cookie 200 x2
--- file_like log
\A/plain MISS\n/plain HIT\n/gone MISS\n/gone HIT\n/error MISS\n/error HIT\n/none MISS\n/none HIT\n/accel MISS\n/accel HIT\n/cookie MISS\n/cookie MISS\n

=== methods, uses, bypass
--- origin o
* * 200
    Cache-Control: max-age=60
    | hello
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
log_format caches '$request_method $uri $upstream_cache_status';
--- config
access_log $DIR/log caches;
proxy_cache c;
location / { proxy_cache_methods POST; proxy_cache_bypass $arg_fresh; proxy_no_cache $arg_not; proxy_pass http://$ORIGIN_o; }
location /uses { proxy_cache_min_uses 3; proxy_pass http://$ORIGIN_o; }
location /off { proxy_cache off; proxy_pass http://$ORIGIN_o; }
--- requests
POST /post 200 x2
PUT /put 200
GET /uses 200 x4
GET /off 200 x2
GET /a?fresh=1 200 x2
GET /a?fresh=1&not=1 200
GET /b?not=1 200 x2
--- file_like log
\APOST /post MISS\nPOST /post HIT\nPUT /put -\nGET /uses MISS\nGET /uses MISS\nGET /uses MISS\nGET /uses HIT\nGET /off -\nGET /off -\nGET /a BYPASS\nGET /a BYPASS\nGET /a BYPASS\nGET /b MISS\nGET /b MISS\n

=== an answer that depends on fields is kept for each of their values
--- origin o
* * 200
    Cache-Control: max-age=60
    Vary: X-Kind
    | $HEAD
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
log_format caches '$http_x_kind $upstream_cache_status';
--- config
access_log $DIR/log caches;
proxy_cache c;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET / 200 ~ (?i)X-Kind: a
    X-Kind: a
GET / 200 ~ (?i)X-Kind: b
    X-Kind: b
GET / 200 ~ (?i)X-Kind: a
    X-Kind: a
GET / 200 ~ (?i)X-Kind: b
    X-Kind: b
GET / 200
GET / 200
--- file_like log
\Aa MISS\nb MISS\na HIT\nb HIT\n- MISS\n- HIT\n

=== conditions and ranges are judged here
--- origin o
* /a 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    ETag: "x"
    X-Seen: yes
    | $HEAD 0123456789
* /b 200
    Cache-Control: max-age=60
    ETag: "x"
    | 0123456789
* /c 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    | 0123456789
* /d 200
    Cache-Control: max-age=60
    | 0123456789
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
add_header X-Cache $upstream_cache_status always;
location / { proxy_pass http://$ORIGIN_o; }
location /d { proxy_force_ranges on; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 304
    If-None-Match: "x"
    Range: bytes=2-3
--- response_headers
X-Cache: MISS
--- requests
GET /a 200 ~ 0123456789
--- response_headers
X-Cache: HIT
Accept-Ranges: bytes
--- requests
GET /a 206 = GET
    Range: bytes=0-2
--- requests
GET /b 200 = 0123456789
    Range: bytes=2-3
GET /c 206 = 23
    Range: bytes=2-3
--- response_headers
X-Cache: MISS
Content-Range: bytes 2-3/10
Content-Length: 2
--- requests
GET /c 206 = 789
    Range: bytes=-3
--- response_headers
X-Cache: HIT
Content-Range: bytes 7-9/10
--- requests
GET /c 416
    Range: bytes=20-
GET /d 206 = 23
    Range: bytes=2-3
GET /c 200 = 0123456789

=== ranges can be had of what is not kept, too
--- origin o
GET /a 200
    | 0123456789
POST /a 200
    | 0123456789
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_force_ranges on;
location / { proxy_pass http://$ORIGIN_o; }
location /cached { proxy_cache c; proxy_pass http://$ORIGIN_o/a; }
location /plain { proxy_force_ranges off; proxy_pass http://$ORIGIN_o/a; }
--- requests
GET /a 206 = 34
    Range: bytes=3-4
--- response_headers
Content-Range: bytes 3-4/10
Content-Length: 2
--- requests
POST /a 206 = 89
    Range: bytes=-2
    | body
GET /cached 206 = 34
    Range: bytes=3-4
POST /cached 206 = 34
    Range: bytes=3-4
    | body
GET /a 416
    Range: bytes=10-
GET /a 200 = 0123456789
    Range: bytes=0-1,4-5
GET /a 200 = 0123456789
--- response_headers
Accept-Ranges: bytes
--- requests
GET /plain 200 = 0123456789
    Range: bytes=3-4
--- response_headers
!Accept-Ranges

=== stale answers
--- origin o
GET /a 200
    Cache-Control: max-age=0, stale-if-error=60
    X-Accel-Expires: @1
    | old
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
location / { proxy_cache c; proxy_pass http://$ORIGIN_o; add_header X-Cache $upstream_cache_status always; }
--- requests
GET /a 200 = old
GET /a 200 = old
--- response_headers
X-Cache: EXPIRED

=== what is old is given where that is allowed
--- origin o
GET /a 200
    X-Accel-Expires: @1
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    ETag: "x"
    | old
GET /a?down close
GET /a?error 503
    | broken
GET /a?gone 404
    | gone
GET /a?nonsense 99
    | nonsense
GET /a?same 304
    Cache-Control: max-age=60
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_key $uri;
proxy_next_upstream off;
add_header X-Cache $upstream_cache_status always;
location / { proxy_cache_use_stale error http_503; proxy_pass http://$ORIGIN_o; }
location /again/ { proxy_cache_revalidate on; proxy_cache_key /a; proxy_pass http://$ORIGIN_o/; }
--- requests
GET /a 200 = old
--- response_headers
X-Cache: MISS
--- requests
GET /a?down 200 = old
--- response_headers
X-Cache: STALE
ETag: "x"
--- requests
GET /a?error 200 = old
--- response_headers
X-Cache: STALE
--- requests
GET /a?gone 404 = gone
--- response_headers
X-Cache: EXPIRED
--- requests
GET /again/a?same 200 = old
--- response_headers
X-Cache: REVALIDATED
--- requests
GET /a?down 200 = old
--- response_headers
X-Cache: HIT

=== what is old is given at once where the origin is asked beside it
--- origin o
GET /a 200
    X-Accel-Expires: @1
    | old
GET /a?new 200
    Cache-Control: max-age=60
    | new
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
log_format caches '$upstream_cache_status $upstream_status';
--- config
proxy_cache c;
proxy_cache_key $uri;
access_log $DIR/log caches;
location / { proxy_cache_use_stale updating; proxy_cache_background_update on; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200 = old
GET /a?new 200 = old
--- file_like log
\AMISS 200\nSTALE -\n

=== the origin is asked whether what is old still holds
--- origin o
GET /a 200
    X-Accel-Expires: @1
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    ETag: "x"
    | $HEAD
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
location / { proxy_cache c; proxy_cache_revalidate on; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200
    If-None-Match: "y"
--- response_body_like
(?s)\AGET /a HTTP/1.1(?!.*If-)
--- requests
GET /a 200
    If-None-Match: "y"
--- response_body_like
If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
If-None-Match: "x"

=== HEAD, ranges that lie far behind, locks
--- origin o
* * 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    | $HEAD
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
add_header X-Cache $upstream_cache_status always;
location / { proxy_cache_lock on; proxy_cache_lock_age 1s; proxy_cache_lock_timeout 2s; proxy_pass http://$ORIGIN_o; }
location /head { proxy_cache_convert_head off; proxy_pass http://$ORIGIN_o; }
location /far { proxy_cache_max_range_offset 10; proxy_pass http://$ORIGIN_o; }
--- requests
HEAD /a 200
GET /a 200 ~ GET /a
--- response_headers
X-Cache: HIT
--- requests
HEAD /head 200
GET /head 200
--- response_headers
X-Cache: MISS
--- requests
HEAD /head 200
--- response_headers
X-Cache: HIT
--- requests
GET /far 200 ~ (?i)Range: bytes=11-12
    Range: bytes=11-12
GET /far 200 ~ (?i)Range: bytes=-1
    Range: bytes=-1
GET /far 206 = GET
    Range: bytes=0-2
GET /far 206 = r H
    Range: bytes=7-9
--- response_headers
X-Cache: HIT

=== fields that are ignored
--- origin o
GET /buffering 200
    X-Accel-Buffering: no
    Cache-Control: max-age=60
    | a
GET /vary 200
    Vary: *
    Cache-Control: max-age=60
    | a
GET /cookie 200
    Set-Cookie: a=b
    Expires: Thu, 01 Jan 1970 00:00:01 GMT
    X-Accel-Expires: 0
    | a
GET /elsewhere 200
    X-Accel-Redirect: /gone
    Cache-Control: max-age=60
    | a
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_valid 1m;
add_header X-Cache $upstream_cache_status always;
location / { proxy_pass http://$ORIGIN_o; }
location /all/ {
    proxy_ignore_headers X-Accel-Buffering Vary Set-Cookie Expires X-Accel-Expires X-Accel-Redirect X-Accel-Charset;
    proxy_pass http://$ORIGIN_o/;
}
location /gone { return 404; }
location /grpc { grpc_ignore_headers Vary; grpc_pass $ORIGIN_o; }
--- requests
GET /buffering 200 x2
--- response_headers
X-Cache: MISS
--- requests
GET /vary 200 x2
--- response_headers
X-Cache: MISS
--- requests
GET /cookie 200 x2
--- response_headers
X-Cache: MISS
--- requests
GET /elsewhere 404
GET /all/buffering 200 x2
--- response_headers
X-Cache: HIT
--- requests
GET /all/vary 200 x2
--- response_headers
X-Cache: HIT
--- requests
GET /all/cookie 200 x2
--- response_headers
X-Cache: HIT
Set-Cookie: a=b
--- requests
GET /all/elsewhere 200 x2
--- response_headers
X-Cache: HIT

=== a cache must be there
--- config
location / { proxy_cache answers; proxy_pass http://127.0.0.1:9; }
--- error
pingauge: [emerg] unknown cache "answers" in config:1
   1 | location / { proxy_cache answers; proxy_pass http://127.0.0.1:9; }
     |                          ^^^^^^^
     help: declare it: proxy_cache_path /PATH keys_zone=answers:10m;

=== words of the family
--- config
location /a { proxy_cache_use_stale http_501; }
location /b { proxy_cache_valid 2000 1m; }
location /c { proxy_cache_valid soon; }
location /d { proxy_cache_methods PUT; }
location /e { proxy_ignore_headers Server; }
--- error
pingauge: [emerg] invalid value "http_501" in config:1
   1 | location /a { proxy_cache_use_stale http_501; }
     |                                     ^^^^^^^^
     help: expected error, timeout, invalid_header, updating, off, or http_ and one of 403, 404, 429, 500, 502, 503, 504
pingauge: [emerg] invalid status "2000" in config:2
   2 | location /b { proxy_cache_valid 2000 1m; }
     |                                 ^^^^
     help: a number from 100 to 599, or "any"
pingauge: [emerg] invalid time value "soon" in config:3
   3 | location /c { proxy_cache_valid soon; }
     |                                 ^^^^
     help: a time such as 30, 10s or "1h 30m"
pingauge: [emerg] invalid value "PUT" in config:4
   4 | location /d { proxy_cache_methods PUT; }
     |                                   ^^^
     help: expected GET, HEAD or POST
pingauge: [emerg] invalid value "Server" in config:5
   5 | location /e { proxy_ignore_headers Server; }
     |                                    ^^^^^^
     help: expected X-Accel-Redirect, X-Accel-Expires, X-Accel-Limit-Rate, X-Accel-Buffering, X-Accel-Charset, Expires, Cache-Control, Set-Cookie or Vary

=== what is to go is gone, with its variants
--- origin o
* * 200
    Cache-Control: max-age=60
    Vary: X-Kind
    | hello
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k levels=1;
map $request_method $purges { PURGE 1; default 0; }
--- config
proxy_cache c;
proxy_cache_key $uri;
add_header X-Cache $upstream_cache_status always;
location / { proxy_cache_purge $purges; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a/1 200
GET /a/1 200
    X-Kind: b
GET /a/2 200
GET /b 200
PURGE /a/1 204
PURGE /a/1 404
GET /a/1 200
    X-Kind: b
--- response_headers
X-Cache: MISS
--- requests
GET /a/1 200
--- response_headers
X-Cache: MISS
--- requests
GET /a/2 200
--- response_headers
X-Cache: HIT
--- requests
PURGE /a/* 204
PURGE /a/* 404
GET /a/2 200
--- response_headers
X-Cache: MISS
--- requests
GET /b 200
--- response_headers
X-Cache: HIT

=== proxy_cache_digest: what is not a digest
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:1m;
--- config
proxy_cache c;
location /a { proxy_cache_digest md5:900150983cd24fb0d6963f7d28e17f72; proxy_pass http://127.0.0.1:1; }
location /b { proxy_cache_digest sha256:12; proxy_pass http://127.0.0.1:1; }
--- error
pingauge: [emerg] invalid digest "md5:900150983cd24fb0d6963f7d28e17f72" in "proxy_cache_digest" in config:2
   2 | location /a { proxy_cache_digest md5:900150983cd24fb0d6963f7d28e17f72; proxy_pass http://127.0.0.1:1; }
     |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: expected "sha256:" or "sha512:" and hexadecimal digits
pingauge: [emerg] invalid digest "sha256:12" in "proxy_cache_digest" in config:3
   3 | location /b { proxy_cache_digest sha256:12; proxy_pass http://127.0.0.1:1; }
     |                                  ^^^^^^^^^
     help: expected "sha256:" or "sha512:" and hexadecimal digits

=== proxy_cache_digest: only what is known to be right is kept, and of the rest nobody has the end
--- origin one
GET /good* 200
    | abc
GET /empty* 200
    | abc
GET /odd* 200
    | abc
GET /bad* 200
    | abd
GET /none* 404
    | abd
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:1m;
--- config
location / {
    proxy_cache c; proxy_cache_valid any 1h; proxy_cache_key $uri;
    proxy_cache_digest $arg_d;
    add_header X-Cache $upstream_cache_status always;
    proxy_pass http://$ORIGIN_one;
}
--- requests
GET /good?d=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 200 x2 = abc
--- response_headers
X-Cache: HIT
--- requests
GET /empty 200 x2 = abc
--- response_headers
X-Cache: HIT
--- requests
GET /odd?d=md5:1 200 x2 = abc
--- response_headers
X-Cache: MISS
--- requests
GET /none?d=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 404 x2 = abd
--- response_headers
X-Cache: HIT
--- raw_request
GET /bad?d=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1\.1 200 
^Content-Length: 3\r
\r\n\r\n$
--- wait_like /status/http/caches/c
{"entries": {"digest_mismatch": 1, "filling": 0, "current": 3}, "requests": {"total": 9, "hit": 3, "miss": 6}}
--- log
cache "c": an answer is not kept, because "md5:1" is no digest, client: 
cache "c": [0-9a-f]{32} is not kept \(the body has another digest\), client:

=== without proxy_cache_key it is what the origin is asked for
--- origin o
GET /one/x 200
    Cache-Control: max-age=60
    | one
GET /two/x 200
    Cache-Control: max-age=60
    | two
GET /user/alice 200
    Cache-Control: max-age=60
    | alice
GET /user/bob 200
    Cache-Control: max-age=60
    | bob
GET /user/bob?a=b 200
    Cache-Control: max-age=60
    | bob b
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
log_format keys '[$upstream_cache_key]';
map $cookie_u $who { default alice; b bob; }
--- config
access_log $DIR/log keys;
proxy_cache c;
location /one/ { rewrite ^/one(/.*) $1 break; proxy_pass http://$ORIGIN_o/one/x?; }
location /1/ { proxy_pass http://$ORIGIN_o/one/; }
location /2/ { proxy_pass http://$ORIGIN_o/two/; }
location /rewritten { rewrite ^ /user/$who break; proxy_pass http://$ORIGIN_o; }
location /varied { proxy_pass http://$ORIGIN_o/user/$who$is_args$args; }
location /tried { try_files /nothing /user/$who; }
location /user/ { proxy_pass http://$ORIGIN_o; }
--- requests
GET /1/x 200 = one
GET /2/x 200 = two
GET /rewritten 200 = alice
GET /rewritten 200 = bob
    Cookie: u=b
GET /varied 200 = alice
GET /varied 200 = bob
    Cookie: u=b
GET /varied?a=b 200 = bob b
    Cookie: u=b
GET /tried 200 = alice
GET /tried 200 = bob
    Cookie: u=b
GET /user/bob 200 = bob
--- file_like log
\A\[http://127\.0\.0\.1:\d+/one/x\]
^\[http://127\.0\.0\.1:\d+/two/x\]
^\[http://127\.0\.0\.1:\d+/user/alice\]
^\[http://127\.0\.0\.1:\d+/user/bob\?a=b\]
--- wait_like /status/http/caches/c/entries
{"current": 5}

=== lists may be said in several lines
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_bypass $cookie_nocache $arg_nocache;
proxy_cache_bypass $http_pragma;
proxy_no_cache $arg_a;
proxy_no_cache $arg_b;
proxy_cache_purge $arg_c;
proxy_cache_purge $arg_d;
proxy_cache_use_stale error;
proxy_cache_use_stale timeout;
proxy_cache_methods GET;
proxy_cache_methods POST;
proxy_ignore_headers Expires;
proxy_ignore_headers Vary;
proxy_next_upstream error;
proxy_next_upstream http_503;
location / { proxy_pass http://127.0.0.1:1; }
--- ok

=== what is said in several lines adds up
--- origin o
GET /a 200
    Cache-Control: max-age=60
    Set-Cookie: a=b
    Vary: *
    | a
GET /b 200
    Cache-Control: max-age=60
    | b
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_key $uri;
proxy_ignore_headers Set-Cookie;
proxy_ignore_headers Vary;
proxy_cache_bypass $arg_x;
proxy_cache_bypass $arg_y;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200
GET /a 200
--- response_headers
X-Cache: HIT
--- requests
GET /b 200
GET /b?x=1 any
--- response_headers
X-Cache: BYPASS
--- requests
GET /b?y=1 any
--- response_headers
X-Cache: BYPASS

=== variables may name the cache
--- origin o
* * 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    | hello
--- http_config
proxy_cache_path $DIR/one keys_zone=one:64k;
proxy_cache_path $DIR/two keys_zone=two:64k;
map $arg_in $cache { default $arg_in; none off; purge one; }
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache_key $uri;
proxy_cache_purge $arg_purge;
location / { proxy_cache $cache; proxy_pass http://$ORIGIN_o; }
location /ended { proxy_cache "t$arg_in"; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a?in=one 200 = hello
--- response_headers
X-Cache: MISS
--- requests
GET /a?in=one 200 = hello
--- response_headers
X-Cache: HIT
--- requests
GET /a?in=two 200 = hello
--- response_headers
X-Cache: MISS
--- requests
GET /a?in=two 206 = el
    Range: bytes=1-2
--- requests
GET /a?in=none 200 = hello
--- response_headers
!X-Cache
--- requests
GET /a 200 = hello
--- response_headers
!X-Cache
--- requests
GET /a?in=three 500
GET /a?in=purge&purge=1 204
GET /a?in=one 200
--- response_headers
X-Cache: MISS
--- requests
GET /ended?in=wo 200
--- response_headers
X-Cache: MISS
--- json_like /status/http/caches/one/requests
{"total": 3, "hit": 1, "miss": 2}
--- json_like /status/http/caches/two/requests
{"total": 3, "hit": 1, "miss": 2}
--- log
cache "three" not found

=== variables may name a cache where none is declared
--- origin o
* * 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    | hello
--- config
location / { proxy_cache $arg_in; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200 = hello
GET /a?in=off 200 = hello
GET /a?in=one 500

=== proxy_cache_path: a file in the way
--- file in-the-way
x
--- http_config
proxy_cache_path $DIR/in-the-way keys_zone=c:64k;
proxy_cache_path $DIR/in-the-way/below keys_zone=d:64k;
--- error_like
cannot use "in-the-way" \(it is no folder\) in http_config:1
cannot use "in-the-way/below" \("in-the-way" is no folder\) in http_config:2

=== an intercepted error is kept as a status, and its page is made anew
--- origin o
GET /gone 404
    X-Why: because
    | the origin's own
GET /who 401
    WWW-Authenticate: Basic realm="a"
    | the origin's own
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_key $uri;
proxy_cache_valid 401 404 1m;
proxy_intercept_errors on;
error_page 401 404 =200 @page;
location / { proxy_pass http://$ORIGIN_o; }
location /who { error_page 401 /none; proxy_pass http://$ORIGIN_o; }
location = /none { return 401 none; }
location @page { return 200 "$request_id$upstream_http_x_why"; }
--- requests
GET /gone 200 ~ ^[0-9a-f]{32}because$
--- response_headers
X-Cache: MISS
--- requests
GET /gone 200 ~ ^[0-9a-f]{32}because$
--- response_headers
X-Cache: HIT
--- requests
GET /who 401
GET /who 401
--- response_headers
WWW-Authenticate: Basic realm="a"
X-Cache: HIT

=== what is added to an answer does not wait for the answer that it is added to
--- origin o
GET /a 200
    Cache-Control: max-age=60
    Content-Type: text/html
    | small
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_key one;
proxy_cache_lock on;
location /a { add_before_body /sub; proxy_pass http://$ORIGIN_o; }
location = /sub { internal; proxy_pass http://$ORIGIN_o/a; }
--- requests
GET /a 200 = smallsmall

=== words of a status fit it
--- origin o
GET /a 200
    Cache-Control: max-age=60
    Accept-Ranges: bytes
    ETag: "x"
    | hello
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
location / { proxy_pass http://$ORIGIN_o; }
--- raw_request
GET /a HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n
--- raw_response_like
\AHTTP/1.1 206 Partial Content\r\n

=== a key with the request's body in it tells requests apart by that
--- origin o
POST /a 200
    Cache-Control: max-age=60
    | hello
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
map $request_body $asked { default other; one one; }
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_methods POST;
proxy_cache_key $uri$request_body;
location / { proxy_pass http://$ORIGIN_o; }
location = /by-map { proxy_cache_key $uri$asked; proxy_pass http://$ORIGIN_o/a; }
--- requests
POST /a 200
    | one
POST /a 200 = hello
    | two
--- response_headers
X-Cache: MISS
--- requests
POST /a 200 = hello
    | one
--- response_headers
X-Cache: HIT
--- requests
POST /by-map 200
    | one
POST /by-map 200
    | two
--- response_headers
X-Cache: MISS
--- requests
POST /by-map 200
    | three
--- response_headers
X-Cache: HIT
--- requests
POST /a 200 = hello
    | <<x*70000>>
POST /a 200 = hello
    | <<x*70000>>
--- response_headers
!X-Cache
--- log
cache "c" is not asked, because "\$request_body" is not known

=== whether a cache is asked, and what is to go, may depend on the request's body
--- origin o
POST /a 200
    Cache-Control: max-age=60
    | hello
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
map $request_body $is_fresh { default 0; fresh 1; }
map $request_body $is_purge { default 0; purge 1; }
map $request_body $is_secret { default 0; secret 1; }
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_methods POST;
proxy_cache_bypass $is_fresh;
proxy_cache_purge $is_purge;
proxy_no_cache $is_secret;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
POST /a 200
    | secret
POST /a 200
    | one
--- response_headers
X-Cache: MISS
--- requests
POST /a 200
    | two
--- response_headers
X-Cache: HIT
--- requests
POST /a 200
    | fresh
--- response_headers
X-Cache: BYPASS
--- requests
POST /a 204
    | purge
POST /a 200
    | one
--- response_headers
X-Cache: MISS

=== conditions that the configuration sets hold alone
--- origin o
GET /a 200
    X-Accel-Expires: @1
    ETag: "x"
    | $HEAD
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_revalidate on;
proxy_set_header If-None-Match $http_x_match;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200
GET /a 200 ~ (?s)\A(?!.*[Ii]f-)
--- response_headers
X-Cache: EXPIRED
--- requests
GET /a 200 ~ (?is)\A(?=.*if-none-match: "y")(?!.*if-none-match.*if-none-match)
    X-Match: "y"
--- response_headers
X-Cache: EXPIRED

=== a status that is never kept is told
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_valid 200 304 1h;
location / { proxy_pass http://127.0.0.1:1; }
--- warn
pingauge: accepted without effect in config (line): an answer with status 304 is never kept (2)

=== a part is kept where the configuration asks for it
--- origin o
GET /a 206
    Content-Range: bytes 0-4/10
    ETag: "x"
    | 01234
GET /b 206
    Content-Range: bytes 0-4/10
    Cache-Control: max-age=60
    | 01234
GET /none 416
    Content-Range: bytes */10
    | none
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
add_header X-Cache $upstream_cache_status always;
proxy_cache c;
proxy_cache_key $uri$http_range;
proxy_cache_valid 206 416 1h;
location / { proxy_set_header Range $http_range; proxy_pass http://$ORIGIN_o; }
location /one/ { proxy_cache_key one; proxy_set_header Range $http_range; proxy_pass http://$ORIGIN_o/; }
location /always/ { proxy_cache_key always; proxy_set_header Range "bytes=0-4"; proxy_pass http://$ORIGIN_o/; }
location /not/ { proxy_cache_key not; proxy_pass http://$ORIGIN_o/; }
--- requests
GET /a 206 = 01234
    Range: bytes=0-4
--- response_headers
X-Cache: MISS
--- requests
GET /a 206 = 01234
    Range: bytes=0-4
--- response_headers
X-Cache: HIT
Content-Range: bytes 0-4/10
Content-Length: 5
--- requests
HEAD /a 206
    Range: bytes=0-4
--- response_headers
X-Cache: HIT
--- requests
GET /a any
    Range: bytes=1-4
--- response_headers
X-Cache: MISS
--- requests
GET /a any
    Range: bytes=0-4
    If-Range: "y"
--- response_headers
X-Cache: MISS
--- requests
GET /b any x2
    Range: bytes=0-4
--- response_headers
X-Cache: HIT
--- requests
GET /one/a any x2
    Range: bytes=0-4
--- response_headers
X-Cache: HIT
--- requests
GET /one/a any
--- response_headers
X-Cache: MISS
--- requests
GET /one/a any
    Range: bytes=0-3
--- response_headers
X-Cache: MISS
--- requests
GET /one/none 416 x2
    Range: bytes=90-
--- response_headers
X-Cache: HIT
--- requests
GET /one/none any
    Range: bytes=80-
--- response_headers
X-Cache: MISS
--- requests
GET /always/a 206 x2
--- response_headers
X-Cache: HIT
--- requests
GET /not/a 206 x2
    Range: bytes=0-4
--- response_headers
X-Cache: MISS

=== requests that the server makes itself are counted by the caches they ask
--- origin o
GET /au 200
    | authorized
GET /copy 200
    | copied
GET /more 200
    | more
* * 200
    | page
--- http_config
proxy_cache_path $DIR/own keys_zone=own:64k;
--- config
proxy_cache_valid 1m;
proxy_cache_key $uri;
location /by/auth { auth_request /au; proxy_pass http://$ORIGIN_o; }
location /by/mirror { mirror /copy; proxy_pass http://$ORIGIN_o; }
location /by/addition { add_after_body /more; addition_types *; proxy_pass http://$ORIGIN_o; }
location = /au { internal; proxy_cache own; proxy_pass http://$ORIGIN_o; }
location = /copy { internal; proxy_cache own; proxy_pass http://$ORIGIN_o; }
location = /more { internal; proxy_cache own; proxy_pass http://$ORIGIN_o; }
--- requests
GET /by/auth 200 = page
GET /by/auth 200 = page
--- wait_like /status/http/caches/own
{"requests": {"total": 2, "hit": 1, "miss": 1}, "data": {"received": 10, "sent": 0}}
--- requests
GET /by/mirror 200 = page
--- wait_like /status/http/caches/own/requests
{"total": 3, "hit": 1, "miss": 2}
--- requests
GET /by/mirror 200 = page
--- wait_like /status/http/caches/own/requests
{"total": 4, "hit": 2, "miss": 2}
--- requests
GET /by/addition 200 = pagemore
GET /by/addition 200 = pagemore
--- wait_like /status/http/caches/own
{"requests": {"total": 6, "hit": 3, "miss": 3}, "data": {"received": 20, "sent": 0}}

=== what is asked for by HEAD is kept without a body
--- origin o
HEAD /a 200
    X-Digest: d
    Content-Length: 5
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache_valid 1m;
location /a { proxy_method HEAD; proxy_cache c; proxy_pass http://$ORIGIN_o; add_header X-Cache $upstream_cache_status; }
location /by { auth_request /a; auth_request_set $digest $upstream_http_x_digest; try_files /none @by; }
location @by { return 200 $digest; }
--- requests
GET /by 200 = d
GET /by 200 = d
GET /a 200
--- response_headers
X-Cache: HIT
Content-Length: 0
X-Digest: d

=== a head that is kept says what the origin said, and has no parts
--- origin o
HEAD /a 200
    Content-Length: 5
    Accept-Ranges: bytes
GET /a?whole=1 200
    | whole
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache_valid 1m;
proxy_cache c;
proxy_cache_key $uri;
add_header X-Cache $upstream_cache_status;
set $by HEAD;
if ($arg_whole) { set $by GET; }
location / { proxy_method $by; proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200
    Range: bytes=7-
--- response_headers
X-Cache: MISS
Content-Length: 0
!Content-Range
!Accept-Ranges
--- requests
HEAD /a 200
--- response_headers
X-Cache: HIT
Content-Length: 5
--- requests
GET /a 200
    Range: bytes=0-1
--- response_headers
X-Cache: HIT
Content-Length: 0
!Content-Range
!Accept-Ranges
--- requests
GET /a?whole=1 200 = whole
--- response_headers
X-Cache: MISS
--- requests
GET /a?whole=1 200 = whole
HEAD /a 200
--- response_headers
X-Cache: HIT
Content-Length: 5

=== redirects lead each client to the host and port that it asked, out of a cache as well
--- origin o
GET /a 302
    Location: http://elsewhere/x
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
proxy_cache c;
proxy_cache_valid 302 1m;
proxy_redirect http://elsewhere/ /y/;
add_header X-Cache $upstream_cache_status;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 302
    Host: one.example:8080
--- response_headers
X-Cache: MISS
Location: http://one.example:8080/y/x
--- requests
GET /a 302
    Host: two.example
--- response_headers
X-Cache: HIT
Location: http://two.example/y/x

=== fields without a value are passed on
--- origin o
GET /a 200
    X-Empty:
    Cache-Control: max-age=60
    | a
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:64k;
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /c/ { proxy_cache c; proxy_pass http://$ORIGIN_o/; }
location /own { add_header X-Empty ""; return 200 a; }
--- raw_request
GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1\.1 200 .*\r\nX-Empty: \r\n
--- raw_request
GET /c/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1\.1 200 .*\r\nX-Empty: \r\n
--- raw_request
GET /c/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1\.1 200 .*\r\nX-Empty: \r\n
--- requests
GET /own 200
--- response_headers
!X-Empty
--- json_like /status/http/caches/c/requests
{"total": 2, "hit": 1}
