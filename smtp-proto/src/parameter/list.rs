//! The list of parameters in a received command.

use core::str::Split;

use super::{Parameter, ParameterError};

/// The validated parameters of a received command.
///
/// They are kept as text and parsed at each iteration, because there is no memory to collect them. There are at most
/// 32, and no keyword is present twice.
///
/// ```
/// use smtp_proto::parameter::Parameters;
///
/// let parameters = Parameters::parse("SIZE=10 X-OWN")?;
/// assert!(parameters.iter().map(|p| p.keyword()).eq(["SIZE", "X-OWN"]));
/// assert_eq!(parameters.find("size").and_then(|p| p.value()), Some("10"));
/// # Ok::<(), smtp_proto::parameter::ParameterError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parameters<'a>(&'a str);

impl<'a> Parameters<'a> {
    /// The greatest number of parameters in a command. All registered parameters together are fewer. The limit bounds
    /// the time for comparing each keyword with all others.
    pub const MAX: usize = 32;

    /// Validates parameters that are separated by spaces.
    ///
    /// # Errors
    /// [`ParameterError`] for the first parameter that is malformed or repeated, or beyond [`MAX`](Self::MAX).
    pub fn parse(text: &'a str) -> Result<Self, ParameterError> {
        Self::parse_located(text).map_err(|(_, error)| error)
    }

    /// Validates like [`parse`](Self::parse). An error comes with the offset at which its parameter begins.
    pub(crate) fn parse_located(text: &'a str) -> Result<Self, (usize, ParameterError)> {
        for (index, (offset, word)) in words(text).enumerate() {
            check(text, index, word).map_err(|error| (offset, error))?;
        }
        Ok(Self(text))
    }

    /// Iterates over the parameters, each with its offset in the text.
    pub(crate) fn located(&self) -> impl Iterator<Item = (usize, Parameter<'a>)> + use<'a> {
        words(self.0).filter_map(|(offset, word)| Some((offset, Parameter::parse(word).ok()?)))
    }

    /// Iterates over the parameters in their order.
    #[must_use]
    pub fn iter(&self) -> Iter<'a> {
        Iter(self.0.split(' '))
    }

    /// The parameter with this keyword, in any case.
    #[must_use]
    pub fn find(&self, keyword: &str) -> Option<Parameter<'a>> {
        self.iter().find(|parameter| parameter.is(keyword))
    }

    /// Returns whether there are no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<'a> IntoIterator for Parameters<'a> {
    type Item = Parameter<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Parameters<'a> {
    type Item = Parameter<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Iterates over parameters. [`Parameters::iter`] returns it.
#[derive(Clone, Debug)]
pub struct Iter<'a>(Split<'a, char>);

impl<'a> Iterator for Iter<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        // Only the empty words between two spaces fail to parse.
        self.0.find_map(|word| Parameter::parse(word).ok())
    }
}

/// Checks the parameters that a caller adds to a command: not too many, none twice, none of `typed`.
pub(crate) fn check_unique(
    parameters: &[Parameter<'_>],
    typed: &[&str],
) -> Result<(), ParameterError> {
    if parameters.len() > Parameters::MAX - typed.len() {
        return Err(ParameterError::TooMany);
    }
    for (index, parameter) in parameters.iter().enumerate() {
        if typed.iter().any(|keyword| parameter.is(keyword)) {
            return Err(ParameterError::Typed);
        }
        if parameters[..index].iter().any(|earlier| earlier.is(parameter.keyword)) {
            return Err(ParameterError::Repeated);
        }
    }
    Ok(())
}

/// The words between spaces, each with its offset.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(' ')
        .scan(0, |next, word| {
            let offset = *next;
            *next += word.len() + 1;
            Some((offset, word))
        })
        .filter(|(_, word)| !word.is_empty())
}

fn check(text: &str, index: usize, word: &str) -> Result<(), ParameterError> {
    let parameter = Parameter::parse(word)?;
    if index >= Parameters::MAX {
        return Err(ParameterError::TooMany);
    }
    if Parameters(text).iter().take(index).any(|earlier| earlier.is(parameter.keyword)) {
        return Err(ParameterError::Repeated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Parameter, ParameterError, Parameters, check_unique};

    #[test]
    fn spaces_between_parameters_may_be_many() {
        let parameters = Parameters::parse("  A=1   B ").unwrap_or_default();
        assert!(parameters.into_iter().map(|p| p.keyword()).eq(["A", "B"]));
        assert!(Parameters::parse("  ").is_ok_and(|p| p.is_empty()));
    }

    #[test]
    fn errors_say_where_their_parameter_begins() {
        for (text, offset, error) in [
            ("A b=", 2, ParameterError::NoValue),
            (" A B a=1", 5, ParameterError::Repeated),
            ("A  =", 3, ParameterError::NoKeyword),
        ] {
            assert_eq!(Parameters::parse_located(text), Err((offset, error)), "{text}");
        }
    }

    #[test]
    fn thirty_two_parameters_are_the_limit() {
        let text = "1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x";
        assert_eq!(Parameters::parse(text), Err(ParameterError::TooMany));
        assert_eq!(Parameters::parse(&text[..63]).map(|p| p.iter().count()), Ok(32));
    }

    #[test]
    fn a_callers_parameters_are_its_own_and_unique() {
        let parameter = |text| Parameter::parse(text).expect("a valid parameter");
        let (a, again, size) = (parameter("A"), parameter("a=1"), parameter("size=1"));
        assert_eq!(check_unique(&[a, size], &["BODY"]), Ok(()));
        assert_eq!(check_unique(&[a, size, again], &[]), Err(ParameterError::Repeated));
        assert_eq!(check_unique(&[a, size], &["SIZE"]), Err(ParameterError::Typed));
        assert_eq!(check_unique(&[a; 32], &["SIZE"]), Err(ParameterError::TooMany));
    }
}
