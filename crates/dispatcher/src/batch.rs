//! Natural batches: what has come while the last batch was worked on is the next one.

use tokio::sync::mpsc;

/// The most items that one statement is about.
pub(crate) const LARGEST: usize = 256;

/// Hands all items that are there to `handle`, again and again, until nobody is left to bring any.
pub(crate) async fn run<T, F>(mut items: mpsc::Receiver<T>, mut handle: impl FnMut(Vec<T>) -> F)
where
    F: Future<Output = ()>,
{
    let mut batch = Vec::new();
    while items.recv_many(&mut batch, LARGEST).await > 0 {
        handle(std::mem::take(&mut batch)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_during_a_batch_is_the_next_one() {
        let (sender, receiver) = mpsc::channel(1_000);
        let mut refill = Some(sender.clone());
        let mut sizes = Vec::new();
        sender.send(0).await.unwrap();
        drop(sender);

        run(receiver, |batch| {
            sizes.push(batch.len());
            if let Some(sender) = refill.take() {
                (0..300).for_each(|item| sender.try_send(item).unwrap());
            }
            std::future::ready(())
        })
        .await;

        assert_eq!(sizes, [1, LARGEST, 300 - LARGEST]);
    }
}
