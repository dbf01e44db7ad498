//! Making and renewing, on disk.

use super::*;
