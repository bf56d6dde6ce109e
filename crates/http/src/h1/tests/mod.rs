mod body;
mod ends;
mod request;
mod response;
mod server;
mod streams;

/// Every way to cut the text in two, and one byte at a time.
fn cuts(text: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut cuts: Vec<Vec<&[u8]>> = (0..=text.len())
        .map(|at| {
            let (first, second) = text.split_at(at);
            vec![first, second]
        })
        .collect();
    cuts.push(text.chunks(1).collect());
    cuts
}
