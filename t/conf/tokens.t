# How text becomes words: quotes, escapes, comments, variables, includes.

=== quotes and escapes
--- config
location /double { return 200 "a\"b'c\\d\te"; }
location /single { return 200 'a"b\'c'; }
location /middle { return 200 a'b"c; }
location /kept { return 200 "\q"; }
location /plain { return 200 a\ b\;c\{d; }
location /lines { return 200 "one
two"; }
location /empty { return 200 ""; }
location /hash { return 200 a#b; } # a comment
--- requests
GET /double = a"b'c\\d\te
GET /single = a"b'c
GET /middle = a'b"c
GET /kept = \\q
GET /plain = a\\ b\\;c\\{d
GET /lines = one\ntwo
GET /empty =
GET /hash = a#b

=== variables in words
--- config
location /plain { return 200 $arg_a-z.$arg_b; }
location /braces { return 200 "${arg_a}z$ARG_B"; }
location ~ ^/(\w+)/re/(?<name>\d+)(x)?$ { return 200 "$1|$name|$2|[$3]"; }
--- requests
GET /plain?a=1&b=2 = 1-z.2
GET /braces?a=1&b=2 = 1z2
GET /k/re/42 = k|42|42|[]

=== no blanks are needed around braces
--- main_config
worker_rlimit_nofile 1024;
--- http_config
map $arg_a $b{default 1;x 2;}
--- config
location /a{return 200 $b;}
--- requests
GET /a = 1
GET /a?a=x = 2

=== includes in every context, in sorted order
--- file conf.d/b.conf
set $order "${order}b";
--- file conf.d/a.conf
set $order "a";
--- file types.inc
text/special special;
--- file html/file.special
x
--- file map.inc
two 2;
--- http_config
types { include types.inc; }
map $arg_a $number { include map.inc; default 0; }
--- config
location /a { include conf.d/*.conf; return 200 $order$number; }
--- requests
GET /a?a=two = ab2
GET /file.special = x\n
--- response_headers
Content-Type: text/special
