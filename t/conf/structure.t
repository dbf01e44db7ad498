# The shape of a configuration: what may stand where, and how a mistake is reported.

=== every problem at once, in the order of the file
--- http_config
metric_zone a:1m nonsense;
metric_zone b:31k count;
server {
    lisen 80;
    location / { retrun 200; }
}
--- error
pingauge: [emerg] unknown mode "nonsense" in http_config:1
   1 | metric_zone a:1m nonsense;
     |                  ^^^^^^^^
     help: the modes are count, gauge, last, min, max, average exp, average mean, histogram
pingauge: [emerg] zone "b" is too small: at least 32768 bytes in http_config:2
   2 | metric_zone b:31k count;
     |             ^^^^^
     help: the smallest zone is 32k
pingauge: [emerg] unknown directive "lisen" in http_config:4
   4 |     lisen 80;
     |     ^^^^^
     help: did you mean "listen"?
pingauge: [emerg] unknown directive "retrun" in http_config:5
   5 |     location / { retrun 200; }
     |                  ^^^^^^
     help: did you mean "return"?

=== a typing error gets a caret and a hint
--- http_config
metrik_zone hits:128k count;
--- error
pingauge: [emerg] unknown directive "metrik_zone" in http_config:1
   1 | metrik_zone hits:128k count;
     | ^^^^^^^^^^^
     help: did you mean "metric_zone"?

=== the line is that of the spot
--- http_config
metric_zone hits:128k
    expire=on
    nonsense
    ;
--- error_like
in http_config:3$

=== unknown directive
--- config
foo bar;
--- error_like
^pingauge: \[emerg\] unknown directive "foo" in config:1$

=== a directive in the wrong place
--- config
worker_processes 1;
--- error_like
^pingauge: \[emerg\] "worker_processes" directive is not allowed here in config:1$

=== a block directive without block
--- http_config
server;
--- error_like
^pingauge: \[emerg\] directive "server" has no opening "\{" in http_config:1$

=== a simple directive with a block
--- config
root html {
}
--- error_like
^pingauge: \[emerg\] directive "root" is not terminated by ";" in config:1$

=== stray punctuation
--- config
;
--- error_like
^pingauge: \[emerg\] unexpected ";" in config:1$

=== a stray brace
--- config
index a; }
--- error_like
^pingauge: \[emerg\] unexpected "\}" in config:1$

=== a block that never ends
--- conf
events {}
http {
    server {
--- error_like
^pingauge: \[emerg\] unexpected end of file, expecting "\}" in test.conf:\d$

=== a quote that never ends
--- conf
events {}
error_log "abc;
--- error_like
^pingauge: \[emerg\] unexpected end of file, expecting "?.*"? in test.conf:\d$

=== text after a closing quote
--- config
root "html"x;
--- error_like
^pingauge: \[emerg\] unexpected "x" in config:1$

=== no events section
--- conf
http { }
--- error_like
^pingauge: \[emerg\] no "events" section in configuration

=== sections twice
--- conf
events { }
events { }
http { }
http { }
--- error_like
^pingauge: \[emerg\] "events" directive is duplicate in test.conf:2$
^pingauge: \[emerg\] "http" directive is duplicate in test.conf:4$

=== a location twice
--- config
location /a { }
location /a { }
--- error_like
^pingauge: \[emerg\] duplicate location "/a" in config:2$

=== a nested location outside its parent
--- config
location /a {
    location /b { }
}
--- error_like
^pingauge: \[emerg\] location "/b" is outside location "/a" in config:2$

=== the same address twice in a server
--- config
listen 127.0.0.1:$PORT2;
listen 127.0.0.1:$PORT2;
--- error_like
^pingauge: \[emerg\] (?=.*duplicate)(?=.*listen).* in config:2$

=== two servers of one name are a warning
--- http_config
server { listen 127.0.0.1:$PORT2; server_name a; }
server { listen 127.0.0.1:$PORT2; server_name a; }
--- warn
pingauge: [warn] conflicting server name "a" on 127.0.0.1:$PORT2, ignored in http_config:2
   2 | server { listen 127.0.0.1:$PORT2; server_name a; }
     |                                              ^

=== a directive given twice
--- config
root html;
root html;
--- error_like
^pingauge: \[emerg\] "root" directive is duplicate in config:2$

=== a wrong number of arguments
--- config
root;
--- error_like
^pingauge: \[emerg\] invalid number of arguments in "root" directive in config:1$

=== a bad flag
--- http_config
merge_slashes maybe;
--- error_like
^pingauge: \[emerg\] invalid value "maybe" in "merge_slashes" directive, it must be "on" or "off" in http_config:1$

=== flags in any case
--- http_config
merge_slashes OFF;
--- ok

=== a bad size
--- config
client_max_body_size 1x;
--- error_like
^pingauge: \[emerg\] "client_max_body_size" directive invalid value( "1x")? in config:1$

=== a bad time
--- http_config
keepalive_timeout 1m1h;
--- error_like
^pingauge: \[emerg\] "?keepalive_timeout"? .*invalid.* in http_config:1$|^pingauge: \[emerg\] .*"keepalive_timeout".*invalid.* in http_config:1$

=== times and sizes that are fine
--- http_config
keepalive_timeout "1h 30m";
client_max_body_size 1g;
large_client_header_buffers 4 16K;
--- ok

=== an unknown variable
--- config
location /a { return 200 $no_such_variable; }
--- error_like
^pingauge: \[emerg\] unknown "no_such_variable" variable in config:1$

=== an include that is missing
--- config
include nothing.conf;
--- error_like
^pingauge: \[emerg\] open\(\) ".*nothing\.conf" failed \(2: No such file or directory\) in config:1$|^pingauge: \[emerg\] .*nothing\.conf.* in config:1$

=== a glob that matches nothing
--- config
include nothing.d/*.conf;
--- ok

=== an error inside an include
--- file sub.conf
index a;

foo bar;
--- config
include sub.conf;
--- error_like
^pingauge: \[emerg\] unknown directive "foo" in sub.conf:3$

=== a file that includes itself
--- file sub.conf
include sub.conf;
--- config
include sub.conf;
--- error_like
^pingauge: \[emerg\] .* in (sub.conf|config):1$

=== sockets of both families are two
--- http_config
server { listen [::1]:$PORT2 ipv6only=on; }
server { listen [::1]:8083 ipv6only=maybe; }
--- error
pingauge: [emerg] invalid parameter "ipv6only=maybe" in http_config:2
   2 | server { listen [::1]:8083 ipv6only=maybe; }
     |                            ^^^^^^^^^^^^^^
     help: expected "ipv6only=on" or "ipv6only=off"
