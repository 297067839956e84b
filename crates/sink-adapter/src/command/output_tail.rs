//! The end of what a program writes to its error output, in bounded memory.

use std::collections::VecDeque;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

/// The number of bytes that are kept.
const KEPT: usize = 4 << 10;

/// The end of an output.
pub(super) struct OutputTail<R = ChildStderr> {
    from: Option<R>,
    kept: VecDeque<u8>,
}

impl<R: tokio::io::AsyncRead + Unpin> OutputTail<R> {
    pub(super) fn of(from: Option<R>) -> Self {
        Self {
            from,
            kept: VecDeque::with_capacity(KEPT),
        }
    }

    /// Reads to the end. It may be given up and begun again: nothing is lost.
    pub(super) async fn read(&mut self) {
        let mut chunk = [0; 1024];
        while let Some(from) = &mut self.from {
            match from.read(&mut chunk).await {
                Ok(0) | Err(_) => self.from = None,
                Ok(count) => {
                    self.kept.extend(chunk.iter().take(count));
                    let too_many = self.kept.len().saturating_sub(KEPT);
                    self.kept.drain(..too_many);
                }
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.kept.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_kept_and_no_more() {
        let mut long = vec![b'a'; 100_000];
        long.extend(b"the end");
        let mut output_tail = OutputTail::of(Some(long.as_slice()));
        output_tail.read().await;
        let text = output_tail.text();
        assert_eq!(text.len(), KEPT);
        assert!(text.ends_with("aathe end"));
    }
}
