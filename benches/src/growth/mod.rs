//! Work that must be linear (D36): each public function that takes content, replies, recipients or messages, with inputs of
//! every kind, once for a size and once for twice that. `.ci/instructions` compares the instructions of the two.

mod content;
mod far;
mod recipients;
mod replies;

/// One job for inputs of one kind.
pub struct Growth {
    /// The job and the kind of input.
    pub name: String,
    size: usize,
    make: Make,
}

/// Makes the input of a size, and what does the job with it once; what that returns depends on all of its work.
type Make = Box<dyn Fn(usize) -> Run>;
type Run = Box<dyn FnMut() -> usize>;

impl Growth {
    fn new<R: FnMut() -> usize + 'static>(
        name: impl Into<String>,
        size: usize,
        make: impl Fn(usize) -> R + 'static,
    ) -> Self {
        Self { name: name.into(), size, make: Box::new(move |size| Box::new(make(size))) }
    }

    /// Does the job for the size and for twice that, each time once before [`counted`] does it: an allocator and memchr do
    /// things once that are no part of the count.
    #[must_use]
    pub fn run(&self) -> usize {
        let count = |size| {
            let mut run = (self.make)(size);
            run().wrapping_add(counted(&mut *run))
        };
        count(self.size).wrapping_add(count(2 * self.size))
    }
}

/// Where callgrind counts: `.ci/instructions` names this function.
#[inline(never)]
pub fn counted(run: &mut dyn FnMut() -> usize) -> usize {
    core::hint::black_box(run())
}

/// All jobs.
#[must_use]
pub fn all() -> Vec<Growth> {
    [content::all(), replies::all(), recipients::all()].into_iter().flatten().collect()
}
