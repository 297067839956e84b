//! The address of the next page of a listing that is read by a cursor.

use ports::Cursor;

/// The cursor in the address of the next page. Only its own parameter is taken: the token goes to no other host, and to no
/// other path.
pub(crate) fn cursor_in(next: &str) -> Option<Cursor> {
    let (_, query) = next.split_once('?')?;
    let mut parameters = query.split('#').next()?.split('&');
    let value = parameters.find_map(|parameter| parameter.strip_prefix("after="))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'%' | b'+');
    (!value.is_empty() && value.bytes().all(is_plain)).then(|| Cursor(value.to_owned()))
}
