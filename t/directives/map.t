# map: exact keys, masks, patterns, default; volatile ones are looked up each time.

=== kinds of keys
--- file map.inc
included yes;
--- http_config
map $arg_a $exact { default none; one 1; TWO 2; "" empty; \include literal; include map.inc; }
map $arg_a $regex { ~^a(?<rest>.*)$ "rest=$rest"; ~*^B "b"; ~^c(.)$ $1; }
map $arg_a $host_like { hostnames; default none; *.example.com sub; .example.org dot; www.* www; }
map $arg_a$arg_b $joined { xy both; }
--- config
location / { return 200 "$exact|$regex|$host_like|$joined"; }
--- requests
GET /?a=one = 1||none|
GET /?a=ONE = 1||none|
GET /?a=two = 2||none|
GET / = empty||none|
GET /?a=other = none||none|
GET /?a=included = yes||none|
GET /?a=include = literal||none|
GET /?a=abc = none|rest=bc|none|
GET /?a=bx = none|b|none|
GET /?a=cx = none|x|none|
GET /?a=a.example.com = none|rest=.example.com|sub|
GET /?a=example.org = none||dot|
GET /?a=x.example.org = none||dot|
GET /?a=www.x = none||www|
GET /?a=x&b=y = none||none|both

=== volatile
--- http_config
map $v $once { a A; b B; }
map $v $always { volatile; a A; b B; }
--- config
location / { set $v a; set $first "$once$always"; set $v b; return 200 "$first$once$always"; }
--- requests
GET / = AAAB
