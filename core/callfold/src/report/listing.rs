//! Which calls are listed. A page of a hundred thousand calls must stay a page: each figure lists a few, and those that
//! others list already before new ones.

use super::Among;

/// The most calls that are listed by all figures together.
const MOST: usize = 2_000;

/// Chooses the calls that are listed.
pub(super) struct Listing {
    /// By the row, whether it is listed.
    is_listed: Vec<bool>,
    listed: usize,
    /// How many a figure lists.
    each: usize,
}

impl Listing {
    pub(super) fn new(rows: usize, each: usize) -> Self {
        Self { is_listed: vec![false; rows], listed: 0, each }
    }

    /// So many figures are still to come, and each is to have its part of the room that is left.
    pub(super) fn spread(&mut self, figures: usize) {
        let part = MOST.saturating_sub(self.listed).checked_div(figures).unwrap_or(self.each);
        self.each = self.each.min(part.max(1));
    }

    /// Lists a call for sure, as long as there is room.
    pub(super) fn want(&mut self, row: u32) {
        if let Some(is_listed) = self.is_listed.get_mut(row as usize)
            && !*is_listed
            && self.listed < MOST
        {
            *is_listed = true;
            self.listed += 1;
        }
    }

    /// A figure that is made of these rows. What it lists are rows yet; [`Listing::places`] says where they stand.
    pub(super) fn among(&mut self, rows: &[u32]) -> Among {
        let is_listed = |row: &u32| self.is_listed.get(*row as usize) == Some(&true);
        let mut chosen: Vec<u32> = rows.iter().copied().filter(is_listed).take(self.each).collect();
        let room = self.each.saturating_sub(chosen.len()).min(MOST.saturating_sub(self.listed));
        let new: Vec<u32> = rows.iter().copied().filter(|row| !is_listed(row)).take(room).collect();
        for row in &new {
            self.want(*row);
        }
        chosen.extend(new);
        chosen.sort_unstable();
        chosen.dedup();
        Among { count: rows.len() as u64, listed: chosen }
    }

    /// The place of each row among those that are listed.
    pub(super) fn places(&self) -> Vec<Option<u32>> {
        let mut next = 0;
        let place = |is_listed: &bool| {
            let place = next;
            next += u32::from(*is_listed);
            is_listed.then_some(place)
        };
        self.is_listed.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_many_figures_has_a_part_too() {
        let mut listing = Listing::new(100_000, 20);
        listing.spread(500);
        let figures = (0..500).map(|of| listing.among(&(of * 100..of * 100 + 100).collect::<Vec<_>>()));
        assert!(figures.map(|figure| figure.listed.len()).all(|listed| listed == 4));
    }

    #[test]
    fn a_figure_lists_what_is_listed_already_and_all_together_list_so_many() {
        let mut listing = Listing::new(10_000, 20);
        listing.want(500);
        let figure = listing.among(&(0..1_000).collect::<Vec<_>>());
        assert_eq!((figure.count, figure.listed.len()), (1_000, 20));
        assert!(figure.listed.contains(&500));
        for from in 0..400 {
            listing.among(&(from * 20..from * 20 + 20).collect::<Vec<_>>());
        }
        assert_eq!(listing.places().iter().flatten().count(), MOST);
        let none = listing.among(&[9_999]);
        assert_eq!((none.count, none.listed.len()), (1, 0));
    }
}
