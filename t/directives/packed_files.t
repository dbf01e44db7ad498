# gzip_static, brotli_static, zstd_static: files that were packed beforehand. Beside nginx: t/process/compression/.

=== who takes it gets the packed file, with its own length and validators
--- file html/a.html
plain
--- file html/a.html.gz
packed by gzip
--- file html/b.html
without
--- config
gzip_static on;
gzip on;
gzip_min_length 1;
--- requests
GET /a.html = packed by gzip\n
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Type: text/html
Content-Length: 15
ETag: ~^"
Last-Modified: ~GMT$
Accept-Ranges: bytes
!Vary
--- requests
GET /a.html = plain\n
    Accept-Encoding: gzip;q=0
--- response_headers
!Content-Encoding
!Vary
--- requests
HEAD /a.html 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Length: 15
--- requests
GET /a.html 206 = acked
    Accept-Encoding: gzip
    Range: bytes=1-5
--- response_headers
Content-Encoding: gzip
Content-Range: bytes 1-5/15
--- requests
GET /a.html 416
    Accept-Encoding: gzip
    Range: bytes=15-
GET /b.html
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
ETag: ~^W/"
--- requests
POST /a.html 405
    Accept-Encoding: gzip
--- requests
GET /none.html 404

=== a file that is there packed alone; folders in its place; what is no file
--- file html/a.html.gz
packed
--- file html/d.html
plain
--- file html/d.html.gz/x
--- config
gzip_static on;
location /always/ { gzip_static always; alias $DIR/html/; }
--- requests
GET /a.html = packed\n
    Accept-Encoding: gzip
GET /a.html 404
GET /d.html = plain\n
    Accept-Encoding: gzip
GET /always/a.html = packed\n
--- response_headers
Content-Encoding: gzip
!Vary
--- requests
GET /always/none.html 404

=== gzip_vary where there is a packed file, once, also when it has not changed
--- file html/a.html
plain
--- file html/a.html.gz
packed
--- file html/b.css
plain
--- config
gzip_static on;
gzip_vary on;
location /said/ { alias $DIR/html/; add_header Vary accept-encoding; }
location /always/ { alias $DIR/html/; gzip_static always; }
--- requests
GET /a.html = plain\n
--- response_headers
Vary: Accept-Encoding
!Content-Encoding
--- requests
GET /a.html = packed\n
    Accept-Encoding: gzip
--- response_headers
Vary: Accept-Encoding
Content-Encoding: gzip
--- requests
GET /a.html 304
    Accept-Encoding: gzip
    If-None-Match: *
--- response_headers
Vary: Accept-Encoding
!Content-Encoding
--- requests
GET /a.html 206
    Range: bytes=0-1
--- response_headers
Vary: Accept-Encoding
--- requests
GET /b.css = plain\n
    Accept-Encoding: gzip
--- response_headers
!Vary
--- requests
GET /said/a.html = packed\n
    Accept-Encoding: gzip
--- response_headers
Vary: accept-encoding
--- requests
GET /always/a.html = packed\n
--- response_headers
!Vary

=== of several packed files the client gets what weighs most for it
--- file html/a.html
plain
--- file html/a.html.gz
by gzip
--- file html/a.html.br
by br
--- file html/a.html.zst
by zstd
--- file html/b.html.gz
by gzip
--- config
gzip_static on;
brotli_static on;
zstd_static on;
location /always/ { alias $DIR/html/; gzip_static always; }
--- requests
GET /a.html = by br\n
    Accept-Encoding: gzip, deflate, br, zstd
--- response_headers
Content-Encoding: br
--- requests
GET /a.html = by zstd\n
    Accept-Encoding: gzip, zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /a.html = by gzip\n
    Accept-Encoding: gzip, zstd;q=0.5, br;q=0.9
GET /b.html = by gzip\n
    Accept-Encoding: gzip;q=0.1, zstd;q=0.5, br;q=0.9
GET /a.html = plain\n
    Accept-Encoding: identity
GET /always/a.html = by br\n
    Accept-Encoding: br
GET /always/a.html = by gzip\n

=== try_files, index, error pages, redirects of origins
--- file html/d/index.html
plain index
--- file html/d/index.html.gz
packed index
--- file html/a.html
plain
--- file html/a.html.gz
packed
--- file html/404.html
plain page
--- file html/404.html.gz
packed page
--- origin o
* * 200
    X-Accel-Redirect: /inner/a.html
    Content-Type: text/html
    | from the origin
--- config
gzip_static on;
error_page 404 /404.html;
location /try/ { try_files $uri /a.html; }
location = /one { alias $DIR/html/a.html; try_files '' =404; }
location /app { proxy_pass http://$ORIGIN_o; }
location /inner/ { internal; alias $DIR/html/; }
--- requests
GET /d/ = packed index\n
    Accept-Encoding: gzip
GET /d/ = plain index\n
GET /try/x = packed\n
    Accept-Encoding: gzip
GET /one = packed\n
    Accept-Encoding: gzip
GET /none 404 = packed page\n
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET /none 404 = plain page\n
GET /app = packed\n
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET /app = plain\n

=== gzip's own conditions hold for its files, too
--- file html/a.html
plain
--- file html/a.html.gz
packed
--- file html/a.html.br
by br
--- config
gzip_static on;
gzip_disable old;
location /br/ { alias $DIR/html/; brotli_static on; }
--- requests
GET /a.html = plain\n
    Accept-Encoding: gzip, br
    User-Agent: old
GET /a.html = plain\n
    Accept-Encoding: gzip
    Via: 1.1 p
GET /br/a.html = by br\n
    Accept-Encoding: gzip, br
    Via: 1.1 p
