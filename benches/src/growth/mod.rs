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

    /// Does the job once for the size and once for twice that, each in [`counted`].
    #[must_use]
    pub fn run(&self) -> usize {
        // What is only done once (memchr looks at the processor) is no part of the count.
        let first = (self.make)(self.size / 16)();
        let once = counted(&mut *(self.make)(self.size));
        first.wrapping_add(once).wrapping_add(counted(&mut *(self.make)(2 * self.size)))
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
