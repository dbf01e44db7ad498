# open_file_cache and its family: what is found of files while they are kept, and what is written wrongly.

=== files are served as ever
--- file html/a.txt
one
--- file html/d/index.html
index
--- http_config
open_file_cache max=2 inactive=20s;
open_file_cache_valid 30s;
open_file_cache_min_uses 2;
open_file_cache_errors on;
--- config
location / { root $DIR/html; index index.html; }
location /try { root $DIR/html; try_files /a.txt =404; }
location /none { open_file_cache off; root $DIR/html; }
--- requests
GET /a.txt 200 = one\n
GET /a.txt 200 = one\n
GET /a.txt 200 = one\n
HEAD /a.txt 200
GET /try 200 = one\n
GET /d/ 200 = index\n
GET /d/ 200 = index\n
GET /d/ 200 = index\n
GET /d 301
GET /missing 404
GET /missing 404
GET /a.txt/x 404
GET /none 404
GET /a.txt 200 = one\n
GET /a.txt 206 = n
    Range: bytes=1-1

=== what is written wrongly
--- config
location /a { open_file_cache inactive=1s; }
location /b { open_file_cache max=x; }
location /c { open_file_cache max=1 min_uses=1; }
location /d { open_file_cache_valid soon; }
location /e { open_file_cache_min_uses x; }
location /f { open_file_cache_errors yes; }
--- error
pingauge: [emerg] "open_file_cache" must have the "max" parameter in config:1
   1 | location /a { open_file_cache inactive=1s; }
     |               ^^^^^^^^^^^^^^^
     help: as in max=1000, or off
pingauge: [emerg] invalid parameter "max=x" in config:2
   2 | location /b { open_file_cache max=x; }
     |                               ^^^^^
     help: expected max=NUMBER, up to 1000000, inactive=TIME, or off alone
pingauge: [emerg] invalid parameter "min_uses=1" in config:3
   3 | location /c { open_file_cache max=1 min_uses=1; }
     |                                     ^^^^^^^^^^
     help: expected max=NUMBER, up to 1000000, inactive=TIME, or off alone
pingauge: [emerg] "open_file_cache_valid" directive invalid value "soon" in config:4
   4 | location /d { open_file_cache_valid soon; }
     |                                     ^^^^
     help: expected a time such as 30, 10s or "1h 30m"
pingauge: [emerg] "open_file_cache_min_uses" directive invalid value "x" in config:5
   5 | location /e { open_file_cache_min_uses x; }
     |                                        ^
     help: expected a whole number
pingauge: [emerg] invalid value "yes" in "open_file_cache_errors" directive, it must be "on" or "off" in config:6
   6 | location /f { open_file_cache_errors yes; }
     |                                      ^^^
