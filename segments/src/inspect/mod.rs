//! What is in a segment file? What `alluvium segment inspect|columns|dump|verify` shows.
