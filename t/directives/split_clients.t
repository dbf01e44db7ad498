# split_clients: variables by share, as nginx shares.

=== the same text, the same share
--- http_config
split_clients $arg_k $share { 0.5% p05; 20% p20; 33.33% p33; * rest; }
split_clients $arg_k $half { 50% ""; * other; }
--- config
location / { return 200 $share-$half; }
--- requests
GET /?k=a = rest-other
GET /?k=b = p33-other
GET /?k=c = p20-
GET /?k= = p05-
GET /?k=longer-key-1 = p33-
GET /?k=127.0.0.1 = rest-other

=== what is written wrongly
--- http_config
split_clients $uri $a { 60% a; 41% b; }
split_clients $uri $b { 0% a; }
split_clients $uri $c { 1.234% a; 5%; }
--- error
pingauge: [emerg] percent total is greater than 100% in http_config:1
   1 | split_clients $uri $a { 60% a; 41% b; }
     |                                ^^^
pingauge: [emerg] invalid percent value "0%" in http_config:2
   2 | split_clients $uri $b { 0% a; }
     |                         ^^
     help: expected a share such as 50% or 0.25%, or "*" for the rest
pingauge: [emerg] invalid percent value "1.234%" in http_config:3
   3 | split_clients $uri $c { 1.234% a; 5%; }
     |                         ^^^^^^
     help: expected a share such as 50% or 0.25%, or "*" for the rest
pingauge: [emerg] invalid number of the split_clients parameters in http_config:3
   3 | split_clients $uri $c { 1.234% a; 5%; }
     |                                   ^^^
     help: a line is PERCENT% VALUE; or * VALUE;
