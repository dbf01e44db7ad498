//! The rows of `signal` and `monitor`.

use super::written;
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC};

/// Where queries are asked.
pub const MONITOR: DirectiveSpec = DirectiveSpec {
    name: "monitor",
    contexts: Contexts::BACKPRESSURE_ZONE,
    arity: Arity::between(1, 3),
    doc: Doc {
        syntax: "monitor URL [timeout=TIME] [interval=TIME];",
        default: "",
        text: "The Prometheus that the zone's signals with `query=` ask, or a server that answers as one does \
               (Thanos, Mimir, VictoriaMetrics): its address, `http://` or `https://`, perhaps with a path, or that of \
               its endpoint `/api/v1/query` with arguments of its own. An `https://` server needs a \
               certificate that the system trusts; redirects are not followed. Each signal is asked \
               every `interval` (30s unless said otherwise, here or by the signal), on a connection and a thread of \
               its own, so that no answer delays another one, nor any request. What takes longer than \
               `timeout` (10s) or is larger than a megabyte is no answer.",
        example: "monitor http://127.0.0.1:9090 interval=5s;",
    },
    apply: written::monitor,
    ..SPEC
};

/// What is watched.
pub const SIGNAL: DirectiveSpec = DirectiveSpec {
    name: "signal",
    contexts: Contexts::BACKPRESSURE_ZONE,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "signal NAME path=PATH | path=~REGEX | path=~*REGEX [func=value | rate | delta]\n    \
                 [agg=sum | max | min | avg] [over=PATH | over=~REGEX | over=~*REGEX] [window=TIME]\n    \
                 [warn=NUMBER emergency=NUMBER [curve=NUMBER]] [interval=TIME];\nsignal NAME query='PROMQL' \
                 [warn=NUMBER emergency=NUMBER [curve=NUMBER]] [interval=TIME];",
        default: "",
        text: "A value that says how much is too much. With `path` it is read from the status tree of this \
               server, where paths begin below `/status` as they do in `prometheus_template`; a path that ends in \
               `/` is the number of what is there, and several values become one by `agg` (`sum`). \
               `func=rate` takes how much a counter grows in a second, over `window` (10s), where a counter that \
               falls began again at 0, and one that appears came from 0; `func=delta` the difference over \
               `window`, which may be negative. Both need two evaluations. `over` divides by what another path comes to in the \
               same way: nothing of nothing is 0, and as long as there is anything at `over`, what is not at `path` \
               is 0. Otherwise a signal without anything at its path is stale. For a share of errors `over` is best all \
               responses but 429, as below: `requests/total` has the requests that were turned away too, and the more \
               they are the smaller the share. A path may have at most 4096 \
               values that change, and a look at it takes in at most 262144 places of the tree.\n\n\
               With `query` the value is asked of the `monitor`. The query must be right when the \
               configuration is loaded; an expression with blanks or braces is quoted together with \
               its name.\n\n\
               With `warn` and `emergency` the signal is graded: at `warn` and below it nothing is \
               throttled, at `emergency` and above it everything, and between them \
               1 - e^(-curve * (value - warn) / (emergency - warn)) of the largest window, where `curve` is 4. A query \
               must then find exactly one value that is not negative. Without them it is plain, and makes the \
               window smaller as long as it fires: a path while its value is above 0, a query while it finds \
               any sample, or a scalar above 0. Evaluated each interval of the zone, or as seldom as \
               `interval` says; queries as `monitor` says. Up to 32 in a zone. What they come to is shown at \
               `/status/http/backpressure_zones/ZONE/signals/`.",
        example: "signal errors path=~^/http/server_zones/app/responses/5..$ func=rate\n       \
                  over=~^/http/server_zones/app/responses/(?!429)...$ warn=0.05 emergency=0.30;\n\
                  signal overload query='ALERTS{alertname=\"Overload\",alertstate=\"firing\"}';",
    },
    apply: written::signal,
    ..SPEC
};
