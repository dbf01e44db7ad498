# access_log and error_log: paths with variables, what stays open, and what is written wrongly.

=== a file for each value
--- main_config
user root;
--- http_config
log_format short '$uri';
--- file html/index.html
x
--- config
root $DIR/html;
location / { access_log $DIR/log-$arg_n short; return 204; }
location /kept { open_log_file_cache max=2 inactive=10s min_uses=1 valid=1s; access_log $DIR/kept-$arg_n short; return 204; }
location /no/root { root $DIR/none; access_log $DIR/never short; rewrite ^ /x$arg_n; access_log $DIR/never-$arg_n short; return 204; }
location /up { access_log $DIR/up-$arg_n short; return 204; }
--- requests
GET /a?n=1 204
GET /b?n=2 204
GET /c?n=1 204
GET /kept/1?n=a 204
GET /kept/2?n=b 204
GET /kept/3?n=c 204
GET /kept/4?n=a 204
GET /no/root?n=1 204
GET /up?n=/../../x 204
--- file_like log-1
^/a\n/c\n$
--- file_like log-2
^/b\n$
--- file_like kept-a
^/kept/1\n/kept/4\n$
--- file_like kept-c
^/kept/3\n$
--- log
writing to the log ".*/never-1" failed \(there is no directory ".*/none"\), client: 127\.0\.0\.1
writing to the log ".*/up-/\.\./\.\./x" failed \(its variables lead upwards\), client: 127\.0\.0\.1

=== what is written wrongly
--- config
location /a { access_log $arg_a combined gzip; }
location /b { access_log syslog:server=127.0.0.1 combined buffer=1k; }
location /c { access_log syslog:server=127.0.0.1,facility=locl7; }
location /d { access_log x combined gzip=10; }
location /e { open_log_file_cache inactive=1s; }
location /f { open_log_file_cache max=0; }
location /g { open_log_file_cache off max=1; }
location /h { error_log syslog:facility=user; }
location /i { error_log stderr error format=xml; }
location /j { error_log stderr error warn; }
location /k { error_log memory:1m; }
--- error
pingauge: [emerg] buffered logs cannot have variables in name in config:1
   1 | location /a { access_log $arg_a combined gzip; }
     |                          ^^^^^^
     help: remove buffer, gzip and flush
pingauge: [emerg] logs to syslog cannot be buffered in config:2
   2 | location /b { access_log syslog:server=127.0.0.1 combined buffer=1k; }
     |                          ^^^^^^^^^^^^^^^^^^^^^^^
     help: remove buffer, gzip and flush
pingauge: [emerg] unknown syslog facility "locl7" in config:3
   3 | location /c { access_log syslog:server=127.0.0.1,facility=locl7; }
     |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: did you mean "local7"?
pingauge: [emerg] invalid parameter "gzip=10" in config:4
   4 | location /d { access_log x combined gzip=10; }
     |                                     ^^^^^^^
     help: levels are 1 to 9
pingauge: [emerg] "open_log_file_cache" must have the "max" parameter in config:5
   5 | location /e { open_log_file_cache inactive=1s; }
     |               ^^^^^^^^^^^^^^^^^^^
     help: as in max=1000, or off
pingauge: [emerg] invalid parameter "max=0" in config:6
   6 | location /f { open_log_file_cache max=0; }
     |                                   ^^^^^
     help: expected max=NUMBER, up to 1000000, inactive=TIME, or off alone
pingauge: [emerg] invalid parameter "off" in config:7
   7 | location /g { open_log_file_cache off max=1; }
     |                                   ^^^
     help: expected max=NUMBER, up to 1000000, inactive=TIME, or off alone
pingauge: [emerg] no syslog server specified in config:8
   8 | location /h { error_log syslog:facility=user; }
     |                         ^^^^^^^^^^^^^^^^^^^^
     help: as in syslog:server=unix:/dev/log or syslog:server=10.0.0.1:514
pingauge: [emerg] invalid value "format=xml" in "error_log" directive, it must be "format=text" or "format=json" in config:9
   9 | location /i { error_log stderr error format=xml; }
     |                                      ^^^^^^^^^^
pingauge: [emerg] invalid parameter "warn" in config:10
  10 | location /j { error_log stderr error warn; }
     |                                      ^^^^
     help: a level and format=text or format=json may follow
pingauge: [emerg] "memory:1m" is not supported in "error_log" directive in config:11
  11 | location /k { error_log memory:1m; }
     |                         ^^^^^^^^^
     help: log to a file, to stderr or to syslog:

=== error_log as JSON
--- main_config
error_log $DIR/error.json error format=json;
--- config
location / { root $DIR/none; }
--- requests
GET /a"b 404
--- file_like error.json
^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d","level":"error","pid":\d+,"tid":\d+,"message":"open\(\) .*"\}$
