# charset: what texts are called, and recoded.

=== a text of bytes becomes UTF-8 and the other way round
--- http_config
charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }
types { text/html html; }
--- file html/u.html
аю<€
--- config
location / { charset utf-8; }
location /koi/ { source_charset utf-8; charset koi8-r; alias $DIR/html/; }
location /back/ { proxy_pass http://127.0.0.1:$PORT/koi/; override_charset on; charset utf-8; }
--- requests
GET /u.html = аю<€\n
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 9
Accept-Ranges: bytes
--- requests
GET /koi/u.html = \xc1\xc0<&#8364;\n
--- response_headers
Content-Type: text/html; charset=koi8-r
!Content-Length
!Accept-Ranges
ETag: ~^W/
--- requests
GET /koi/u.html 200
    Range: bytes=0-1
HEAD /koi/u.html
--- response_headers
Content-Type: text/html; charset=koi8-r
!Content-Length
--- requests
GET /back/u.html = аю<&#8364;\n
--- response_headers
Content-Type: text/html; charset=utf-8

=== packed bodies and parts are left as they are
--- http_config
charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }
--- origin a
GET /packed 200
    Content-Type: text/html
    Content-Encoding: x
    | ю
GET /part 206
    Content-Type: text/html
    Content-Range: bytes 0-1/4
    | ю
--- config
location / { proxy_pass http://$ORIGIN_a; source_charset utf-8; charset koi8-r; }
--- requests
GET /packed = ю
--- response_headers
Content-Type: text/html
--- requests
GET /part 206 = ю
--- response_headers
Content-Type: text/html

=== where there is no map, it is told and nothing is done
--- config
location / { default_type text/html; source_charset koi8-r; charset $arg_c; return 200 x; }
--- requests
GET /?c=latin
--- response_headers
Content-Type: text/html
--- requests
GET /?c=KOI8-R
--- response_headers
Content-Type: text/html; charset=KOI8-R
--- requests
GET /?c=a%0d%0aX:%20b
--- response_headers
Content-Type: text/html
--- log
no "charset_map" between the charsets "koi8-r" and "latin"

=== charsets with no way between them
--- config
charset utf-8;
source_charset koi8-r;
--- error
pingauge: [emerg] no "charset_map" between the charsets "koi8-r" and "utf-8" in config:1
   1 | charset utf-8;
     |         ^^^^^
     help: a "charset_map" in the "http" block names both, in either order

=== maps
--- http_config
charset_map utf-8 koi8-r { }
charset_map koi8-r utf-8 { C0 D1; 1C0 D18E; C1; }
--- error
pingauge: [emerg] "utf-8" may only be the second charset of a "charset_map" in http_config:1
   1 | charset_map utf-8 koi8-r { }
     |             ^^^^^
     help: write "charset_map koi8-r utf-8"; it holds both ways
pingauge: [emerg] invalid value "D1" in http_config:2
   2 | charset_map koi8-r utf-8 { C0 D1; 1C0 D18E; C1; }
     |                               ^^
     help: expected the bytes of one character in UTF-8, as D0B0, up to EFBFBF
pingauge: [emerg] invalid value "1C0" in http_config:2
   2 | charset_map koi8-r utf-8 { C0 D1; 1C0 D18E; C1; }
     |                                   ^^^
     help: expected a byte as two hexadecimal digits, 00 to FF
pingauge: [emerg] invalid parameters number in http_config:2
   2 | charset_map koi8-r utf-8 { C0 D1; 1C0 D18E; C1; }
     |                                             ^^^
     help: a line has the code of a character in either charset, as C1 D0B0;

=== types whose charset is named
--- config
charset utf-8;
location /css { default_type text/css; return 200 x; }
location /css/too { charset_types text/css; default_type text/css; return 200 x; }
location /plain { default_type text/plain; return 200 x; }
location /plain/not { charset_types text/css; default_type text/plain; return 200 x; }
--- requests
GET /css
--- response_headers
Content-Type: text/css
--- requests
GET /css/too
--- response_headers
Content-Type: text/css; charset=utf-8
--- requests
GET /plain
--- response_headers
Content-Type: text/plain; charset=utf-8
--- requests
GET /plain/not
--- response_headers
Content-Type: text/plain

=== ranges of a text whose bytes are others
--- http_config
charset_map koi8-r windows-1251 { C0 FE; C1 E0; }
types { text/html html; }
--- file html/a.html
abcdefg
--- config
source_charset koi8-r;
charset windows-1251;
--- requests
GET /a.html 206 = cde
    Range: bytes=2-4
--- response_headers
Content-Type: text/html; charset=windows-1251
Content-Length: 3
