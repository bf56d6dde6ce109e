//! Every engine does every work it claims to do, and scripts keep to their numbers of allocations. What fails here makes figures void.

use temblor_bench::work::{READING, Who, works};

#[test]
fn all_engines_come_to_the_same_outcome() {
    for work in works() {
        for who in Who::ALL {
            if let Some(mut engine) = work.engine(who) {
                assert_eq!(engine.outcome(), *work.expected(who), "{work}, {who:?}");
                assert_eq!(engine.outcome(), *work.expected(who), "{work}, {who:?}, second run");
            }
        }
    }
}

#[test]
fn scripts_allocate_as_often_as_said() {
    let (said, counted): (Vec<_>, Vec<_>) = works()
        .iter()
        .map(|work| {
            let mut engine = work.engine(Who::Script).unwrap();
            engine.outcome(); // fills the buffers that are kept
            let mut allocations = 0;
            engine.once(&mut |run| allocations = allocation_counter::measure(run).count_total);
            ((work.name, work.allocations), (work.name, allocations))
        })
        .unzip();
    assert_eq!(counted, said);
}

#[test]
fn scripts_that_read_and_compare_allocate_nothing() {
    let works = works();
    for name in READING {
        let work = works.iter().find(|work| work.name == name).unwrap();
        assert_eq!(work.allocations, 0, "{work}");
    }
}
