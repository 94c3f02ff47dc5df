//! View and news of a line have a common position.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::convert::Infallible;
use std::time::Duration;

use callfold_engine::{Command, Event, Input, Outcome, SocketId, Timer, Timestamp, View};
use callfold_transport::{Error, Handle, Handled, Line, News, NewsReader, Options, Place, Seen};

/// Every second input tells that an agent logs in whose login is how many that were; so the view says its turn itself.
struct Counting<const ASIDE: bool> {
    inputs: u64,
    told: u64,
    view: View,
}

impl<const ASIDE: bool> Handle for Counting<ASIDE> {
    type Error = Infallible;
    const PLACE: Place = if ASIDE { Place::Aside } else { Place::Here };

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Infallible> {
        let each = inputs.iter().map(|_| {
            self.inputs += 1;
            let mut outcome = Outcome::default();
            if self.inputs.is_multiple_of(2) {
                self.told += 1;
                let event = Event::Connecting { login: self.told.to_string().as_str().into() };
                self.view.apply(&event);
                outcome.events.push(event);
            }
            Handled::new(outcome, None)
        });
        Ok(each.collect())
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        None
    }

    fn view(&self) -> &View {
        &self.view
    }

    fn sockets(&self) -> Vec<SocketId> {
        Vec::new()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

const TURNS: u64 = 500;

/// A line that is flooded with inputs.
fn flooded<const ASIDE: bool>(news: usize) -> (Line, NewsReader) {
    let mut options = Options::default();
    options.news = news;
    let counting = Counting::<ASIDE> { inputs: 0, told: 0, view: View::default() };
    let line = Line::open(counting, options).unwrap();
    let news = line.news();
    for _ in 0..TURNS * 2 {
        let line = line.clone();
        // It has no result until the line ends: nobody tells of one.
        tokio::spawn(async move { line.command(Command::Disconnect).await });
    }
    (line, news)
}

fn login(view: &View) -> u64 {
    view.agent.login.as_ref().map_or(0, |login| login.as_str().parse().unwrap())
}

fn assert_agrees(seen: &Seen) {
    assert_eq!(seen.turn, login(seen), "the view is not that of its turn");
}

async fn next(news: &mut NewsReader) -> Result<News, Error> {
    tokio::time::timeout(Duration::from_secs(30), news.next()).await.expect("it never came").unwrap()
}

async fn under_a_flood<const ASIDE: bool>() {
    let (line, mut news) = flooded::<ASIDE>(10_000);
    let watched = line.watch().await.unwrap();
    let mut last = 0;
    while last < TURNS {
        let News::Told { turn, events, .. } = next(&mut news).await.unwrap() else { continue };
        assert_eq!((turn, events.len()), (last + 1, 1), "one turn for each input that told something");
        last = turn;
        // One that was asked for before has it too, not only one that is asked for now.
        assert!(watched.borrow().turn >= turn);
        assert_agrees(&watched.borrow());
        let seen = line.view().await.unwrap();
        assert!(seen.turn >= turn);
        assert_agrees(&seen);
    }
    assert_eq!(line.view().await.unwrap().turn, TURNS);
    line.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_view_is_never_older_than_the_news() {
    under_a_flood::<false>().await;
    under_a_flood::<true>().await;
}

/// As a desktop does it: a view, then the news that are not in it yet, and a new view when some were missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_the_view_has_are_passed_over_after_some_were_missed() {
    let (line, mut news) = flooded::<true>(4);
    let mut seen = line.view().await.unwrap();
    let (mut missed, mut passed_over) = (0, 0);
    while seen.turn < TURNS {
        match next(&mut news).await {
            Ok(News::Told { turn, events, .. }) if turn > seen.turn => {
                assert_eq!(turn, seen.turn + 1, "nothing is left out");
                events.iter().for_each(|event| seen.view.apply(event));
                seen.turn = turn;
            }
            Ok(_) => passed_over += 1,
            Err(Error::Missed(more)) => {
                missed += more;
                seen = line.view().await.unwrap();
            }
            Err(error) => panic!("{error}"),
        }
        assert_agrees(&seen);
        // Slower than the line.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(missed > 0, "the flood was too slow");
    // The last ones are in the view that was asked for.
    while let Ok(Ok(News::Told { turn, .. })) =
        tokio::time::timeout(Duration::from_millis(50), next(&mut news)).await
    {
        assert!(turn <= seen.turn);
        passed_over += 1;
    }
    assert!(passed_over > 0, "those who do not pass over would have applied some twice");
    assert_eq!(seen, line.view().await.unwrap());
    line.close().await.unwrap();
}
