//! Scripts over several processes, and beside Debian's nginx.

mod nginx;
mod periodic;
mod streaming;
mod subrequests;
