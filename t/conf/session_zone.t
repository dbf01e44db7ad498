# session_zone and session: what is refused, with the place and what to do.

=== a name of letters, digits and underscores
--- http_config
session_zone a-b:64k;
--- error
pingauge: [emerg] invalid session zone name "a-b" in http_config:1
   1 | session_zone a-b:64k;
     |              ^^^
     help: letters, digits and "_"

=== a name that is none
--- http_config
session_zone :64k;
--- error
pingauge: [emerg] invalid session zone name "" in http_config:1
   1 | session_zone :64k;
     |              ^
     help: letters, digits and "_"

=== a zone without a size
--- http_config
session_zone s;
--- error
pingauge: [emerg] zone "s" has no size in http_config:1
   1 | session_zone s;
     |              ^
     help: expected NAME:SIZE, as in s:1m

=== a size that is none
--- http_config
session_zone s:big;
--- error
pingauge: [emerg] invalid zone size "big" in http_config:1
   1 | session_zone s:big;
     |              ^^^^^
     help: digits, and k or m for more

=== a zone that is too small
--- http_config
session_zone s:16k;
--- error
pingauge: [emerg] zone "s" is too small: at least 32768 bytes in http_config:1
   1 | session_zone s:16k;
     |              ^^^^^
     help: the smallest zone is 32k

=== a zone that is there already
--- http_config
session_zone s:64k;
session_zone s:64k;
--- error
pingauge: [emerg] session zone "s" is already declared in http_config:2
   2 | session_zone s:64k;
     |              ^^^^^

=== a zone of another use
--- http_config
metric_zone s:64k count;
session_zone s:64k;
--- error
pingauge: [emerg] zone "s" is already declared for a different use in http_config:2
   2 | session_zone s:64k;
     |              ^^^^^
     help: it is a zone of metrics, and cannot be one of sessions too

=== a companion that is not there
--- http_config
session_zone viewers:64k companion=download;
session_zone downloads:64k;
--- error
pingauge: [emerg] unknown companion zone "download" in http_config:1
   1 | session_zone viewers:64k companion=download;
     |                                    ^^^^^^^^
     help: did you mean "downloads"?

=== a companion of another use
--- http_config
metric_zone m:64k count;
session_zone s:64k companion=m;
--- error
pingauge: [emerg] unknown companion zone "m" in http_config:2
   2 | session_zone s:64k companion=m;
     |                              ^
     help: it is a zone of metrics, not of sessions

=== a zone is no companion of itself
--- http_config
session_zone s:64k companion=s;
--- error
pingauge: [emerg] zone "s" cannot be its own companion in http_config:1
   1 | session_zone s:64k companion=s;
     |                              ^

=== a timeout below a second
--- http_config
session_zone s:64k timeout=500ms;
--- error
pingauge: [emerg] "timeout" must be at least 1s in http_config:1
   1 | session_zone s:64k timeout=500ms;
     |                            ^^^^^
     help: sessions are looked at each second

=== a pending time below a second
--- http_config
session_zone s:64k pending=0;
--- error
pingauge: [emerg] "pending" must be at least 1s in http_config:1
   1 | session_zone s:64k pending=0;
     |                            ^
     help: sessions are looked at each second

=== a time that is none
--- http_config
session_zone s:64k history=soon;
--- error
pingauge: [emerg] invalid "history" value "soon" in http_config:1
   1 | session_zone s:64k history=soon;
     |                            ^^^^
     help: a time, such as 30s or 5m

=== a format without a log
--- http_config
session_zone s:64k format=combined;
--- error
pingauge: [emerg] "format" requires "log" in http_config:1
   1 | session_zone s:64k format=combined;
     |                           ^^^^^^^^
     help: write log=PATH format=NAME

=== a format that is not there
--- http_config
log_format viewers '$session_id';
session_zone s:64k log=logs/s.log format=viewer;
--- error
pingauge: [emerg] unknown log format "viewer" in http_config:2
   2 | session_zone s:64k log=logs/s.log format=viewer;
     |                                          ^^^^^^
     help: did you mean "viewers"?

=== a log with variables
--- http_config
session_zone s:64k log=logs/$host;
--- error
pingauge: [emerg] "session_zone" does not support variables in its path in http_config:1
   1 | session_zone s:64k log=logs/$host;
     |                        ^^^^^^^^^^
     help: write the path of a file

=== a bitrate that is none
--- http_config
session_zone s:64k max_tx_bitrate=5x;
--- error
pingauge: [emerg] invalid bitrate "5x" in http_config:1
   1 | session_zone s:64k max_tx_bitrate=5x;
     |                                   ^^
     help: bits per second, such as 800k, 500m or 1g

=== another bitrate that is none
--- http_config
session_zone s:64k max_rx_bitrate=-1;
--- error
pingauge: [emerg] invalid bitrate "-1" in http_config:1
   1 | session_zone s:64k max_rx_bitrate=-1;
     |                                   ^^
     help: bits per second, such as 800k, 500m or 1g

=== a number of sessions that is none
--- http_config
session_zone s:64k max_sessions=many;
--- error
pingauge: [emerg] invalid "max_sessions" value "many" in http_config:1
   1 | session_zone s:64k max_sessions=many;
     |                                 ^^^^
     help: a whole number; 0 is no limit

=== a headroom without its sign
--- http_config
session_zone s:64k headroom=15;
--- error
pingauge: [emerg] invalid "headroom" value "15" in http_config:1
   1 | session_zone s:64k headroom=15;
     |                             ^^
     help: 0% to 1000%

=== a headroom that is none
--- http_config
session_zone s:64k headroom=-5%;
--- error
pingauge: [emerg] invalid "headroom" value "-5%" in http_config:1
   1 | session_zone s:64k headroom=-5%;
     |                             ^^^
     help: 0% to 1000%

=== a parameter of other zones
--- http_config
session_zone s:64k inactive=1h;
--- error
pingauge: [emerg] invalid parameter "inactive=1h" in http_config:1
   1 | session_zone s:64k inactive=1h;
     |                    ^^^^^^^^^^^
     help: expected timeout, pending, max_sessions, max_rx_bitrate, max_tx_bitrate, headroom, companion, expire, discard_key, history, sync, log or format, with =VALUE

=== a parameter twice in a zone
--- http_config
session_zone s:64k timeout=1s companion=t timeout=2s companion=u;
session_zone t:64k; session_zone u:64k;
--- error
pingauge: [emerg] duplicate parameter "timeout=2s" in http_config:1
   1 | session_zone s:64k timeout=1s companion=t timeout=2s companion=u;
     |                                           ^^^^^^^^^^
     help: "timeout" is given once

=== a parameter with a slip
--- http_config
session_zone s:64k max_session=5;
--- error
pingauge: [emerg] invalid parameter "max_session=5" in http_config:1
   1 | session_zone s:64k max_session=5;
     |                    ^^^^^^^^^^^^^
     help: did you mean "max_sessions="?

=== more sessions than there is room for
--- http_config
session_zone s:64k max_sessions=1000;
--- warn
pingauge: [warn] zone "s" has room for about 43 sessions, of "max_sessions" 1000 in http_config:1
   1 | session_zone s:64k max_sessions=1000;
     |              ^^^^^
     help: about 1524 bytes for each

=== an empty discard key
--- http_config
session_zone s:64k discard_key=;
--- error
pingauge: [emerg] empty "discard_key" in http_config:1
   1 | session_zone s:64k discard_key=;
     |                    ^^^^^^^^^^^^
     help: write discard_key=NAME, or leave it out

=== a quoted discard key that is empty
--- http_config
session_zone s:64k discard_key="";
--- error
pingauge: [emerg] empty "discard_key" in http_config:1
   1 | session_zone s:64k discard_key="";
     |                    ^^^^^^^^^^^^^^
     help: write discard_key=NAME, or leave it out

=== an empty log
--- http_config
session_zone s:64k log=;
--- error
pingauge: [emerg] empty "log" in http_config:1
   1 | session_zone s:64k log=;
     |                    ^^^^
     help: write log=PATH, or log=off

=== a session with a slip
--- http_config
session_zone s:64k;
--- config
session s id refrence=x;
--- error
pingauge: [emerg] invalid parameter "refrence=x" in config:1
   1 | session s id refrence=x;
     |              ^^^^^^^^^^
     help: did you mean "reference="?

=== a zone like none that is there
--- http_config
session_zone viewers:64k;
--- config
session other id;
--- error
pingauge: [emerg] unknown session zone "other" in config:1
   1 | session other id;
     |         ^^^^^
     help: declared are viewers

=== a zone where there is none
--- config
session viewers id;
--- error
pingauge: [emerg] unknown session zone "viewers" in config:1
   1 | session viewers id;
     |         ^^^^^^^
     help: declare it: session_zone viewers:1m;

=== too few arguments show the whole syntax
--- config
session;
--- error
pingauge: [emerg] invalid number of arguments in "session" directive in config:1
   1 | session;
     | ^^^^^^^^
     help: syntax: session ZONE ID [reference=TEXT] [location=TEXT] [peer=TEXT] [extra=TEXT] [activate=TEXT] [estimate=TX[,RX]] [close=TEXT] [if=TEXT]; or session off;

=== a parameter that is none
--- http_config
session_zone s:64k timeout;
--- error
pingauge: [emerg] invalid "timeout" value "" in http_config:1
   1 | session_zone s:64k timeout;
     |                           ^
     help: a time, such as 30s or 5m

=== an empty file
--- http_config
session_zone s:64k:file=;
--- error
pingauge: [emerg] zone "s" has an empty file name in http_config:1
   1 | session_zone s:64k:file=;
     |              ^^^^^^^^^^^

=== sync without a file
--- http_config
session_zone s:64k sync=1s;
--- error
pingauge: [emerg] "sync" requires a file in http_config:1
   1 | session_zone s:64k sync=1s;
     |                    ^^^^^^^
     help: write NAME:SIZE:file=PATH

=== sync=always
--- http_config
session_zone s:64k:file=s sync=always;
--- error
pingauge: [emerg] "sync=always" is for zones that clients push to in http_config:1
   1 | session_zone s:64k:file=s sync=always;
     |                           ^^^^^^^^^^^
     help: write sync=TIME or sync=exit

=== an unknown expire mode
--- http_config
session_zone s:64k expire=maybe;
--- error
pingauge: [emerg] unknown expire mode "maybe" in http_config:1
   1 | session_zone s:64k expire=maybe;
     |                           ^^^^^
     help: on or off

=== two zones in one file
--- http_config
session_zone a:64k:file=s;
session_zone b:64k:file=s;
--- error
pingauge: [emerg] file "s" is used by two zones in http_config:2
   2 | session_zone b:64k:file=s;
     |                         ^
     help: zone "a" is kept in it or in a file beside it

=== a zone that is not there
--- http_config
session_zone viewers:64k;
--- config
session viewer id;
--- error
pingauge: [emerg] unknown session zone "viewer" in config:1
   1 | session viewer id;
     |         ^^^^^^
     help: did you mean "viewers"?

=== a zone of metrics
--- http_config
metric_zone m:64k count;
--- config
session m id;
--- error
pingauge: [emerg] unknown session zone "m" in config:1
   1 | session m id;
     |         ^
     help: it is a zone of metrics, not of sessions

=== no id
--- http_config
session_zone s:64k;
--- config
session s;
--- error
pingauge: [emerg] "session" requires an id in config:1
   1 | session s;
     |         ^
     help: write "session ZONE ID", as in session viewers $arg_session

=== an empty id
--- http_config
session_zone s:64k;
--- config
session s "";
--- error
pingauge: [emerg] "session" requires an id in config:1
   1 | session s "";
     |         ^
     help: write "session ZONE ID", as in session viewers $arg_session

=== a parameter in the place of the id
--- http_config
session_zone s:64k;
--- config
session s reference=x;
--- error
pingauge: [emerg] "session" requires an id in config:1
   1 | session s reference=x;
     |         ^
     help: write "session ZONE ID", as in session viewers $arg_session

=== a parameter of a session that is none
--- http_config
session_zone s:64k;
--- config
session s id colour=red;
--- error
pingauge: [emerg] invalid parameter "colour=red" in config:1
   1 | session s id colour=red;
     |              ^^^^^^^^^^
     help: expected reference, location, peer, extra, activate, estimate, close or if, with =VALUE

=== a parameter twice
--- http_config
session_zone s:64k;
--- config
session s id peer=a peer=b;
--- error
pingauge: [emerg] duplicate parameter "peer=b" in config:1
   1 | session s id peer=a peer=b;
     |                     ^^^^^^
     help: "peer" is given once

=== an estimate that is no bitrate
--- http_config
session_zone s:64k;
--- config
session s id estimate=5x;
--- error
pingauge: [emerg] invalid bitrate "5x" in config:1
   1 | session s id estimate=5x;
     |                       ^^
     help: bits per second, such as 800k, 500m or 1g

=== an estimate whose second part is no bitrate
--- http_config
session_zone s:64k;
--- config
session s id estimate=5m,fast;
--- error
pingauge: [emerg] invalid bitrate "fast" in config:1
   1 | session s id estimate=5m,fast;
     |                          ^^^^
     help: bits per second, such as 800k, 500m or 1g

=== a session beside off
--- http_config
session_zone s:64k;
--- config
session off;
session s id;
--- error
pingauge: [emerg] "session off" stands beside other "session" directives in config:2
   2 | session s id;
     |         ^
     help: what the level above has is inherited only where there is no "session" at all

=== off beside a session
--- http_config
session_zone s:64k;
--- config
session s id;
session off;
--- error
pingauge: [emerg] "session off" stands beside other "session" directives in config:2
   2 | session off;
     |         ^^^
     help: what the level above has is inherited only where there is no "session" at all

=== a zone twice
--- http_config
session_zone s:64k;
--- config
session s a;
session s b;
--- error
pingauge: [emerg] zone "s" has a "session" here already in config:2
   2 | session s b;
     |         ^
     help: a request belongs to one session of a zone

=== a status that is no error
--- http_config
session_zone s:64k;
--- config
session_status 200;
--- error
pingauge: [emerg] invalid "session_status" value "200" in config:1
   1 | session_status 200;
     |                ^^^
     help: 400 to 599

=== a level that is none
--- http_config
session_zone s:64k;
--- config
session_log_level debug;
--- error
pingauge: [emerg] invalid value "debug" in "session_log_level" directive, it must be "info" or "notice" or "warn" or "error" in config:1
   1 | session_log_level debug;
     |                   ^^^^^

=== neither on nor off
--- http_config
session_zone s:64k;
--- config
session_dry_run maybe;
--- error
pingauge: [emerg] invalid value "maybe" in "session_dry_run" directive, it must be "on" or "off" in config:1
   1 | session_dry_run maybe;
     |                 ^^^^^
