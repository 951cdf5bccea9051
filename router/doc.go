// Package router finds the handler of a path: patterns with typed parameters go in, a path is
// looked up, its handler and the parameters' values come out.
//
// It is generic over the handler and imports nothing but the standard library. It knows no socket,
// no clock, no logger and no HTTP: paths are strings, faults are values. It never calls a handler,
// never redirects and never prints.
//
// # Patterns
//
// A pattern is a path whose segments hold text, which is matched literally, and parameters:
//
//	{int:id}         ASCII digits; leading zeros are taken, a sign is not, nor what exceeds an int64
//	{float:x}        ASCII digits with an optional '-' and an optional fraction: -1, 2.50
//	{bool:on}        true or false
//	{uuid:key}       8-4-4-4-12 hexadecimal digits of either case, without braces or prefix
//	{str:name}       one or more characters; a slash among them only where the path has it as %2F
//	{name}           the same
//	{name:[a-z]+}    what the regular expression (package regexp) matches as a whole, not empty
//	{path:rest}      one or more characters, slashes included, but no slash in front; only at the end
//
// Type and name may change places: {id:int} is {int:id}. The type is the side that is a type's
// name; where both are, or neither is and the right side has nothing that makes it a regular
// expression, the pattern is refused, as are a type's name as a name ({int}) and a name used twice.
// Inside a regular expression a brace that has no partner is written \{ or \}.
//
// A segment may mix text and parameters: /v{int:version}, /{name}.{format}. Two parameters need
// text between them; each but the last ends where that text first occurs.
//
// A missing slash at the front is added. Everything else that could never match what a client
// sends is refused: an empty segment inside, "." and "..", a query, an escape such as %20 in place
// of the character, control characters, bytes that aren't UTF-8.
//
// # Matching
//
// Paths are matched as a whole and with respect to case. [Router.Lookup] takes a path as it stood in
// the request, without its query. It is split at slashes first and each segment is percent-decoded
// after, so %2F is a slash inside a value and never a separator; text of a pattern is compared with
// the decoded segment too. A bad escape, or bytes that aren't UTF-8 once decoded, give [ErrBadPath].
// A trailing slash counts, unless [Config.IgnoreTrailingSlash] says otherwise.
//
// Where several routes match, the one that is more specific at the first segment in which they
// differ wins, in whatever order they were added:
//
//	text > text with parameters > int > float, bool, uuid > regular expression > str > path
//
// Of two mixed segments the one with more text goes first, then the one with the more specific
// parameters; among equals, and among regular expressions, the one that was added first. A branch
// that leads nowhere is left again: with /{int:id}/a and /{name}/b, the path /1/b finds the second.
// (The Python framework whose route syntax this is took the route that was added first. There a
// /u/me added after /u/{name} could never be reached.)
//
// Values come from the peer. A str may be "..", and hold a slash or a control character that came
// escaped. A path is relative and has no "." or ".." between its slashes, escaped or not: what would
// leave the directory it is used in doesn't match. (On Windows check path/filepath.IsLocal as well.)
//
// # Conflicts
//
// Routes conflict if they have the same shape, that is, match the same paths, whatever the
// parameters are called: /u/{int:id}, /u/{id:int} and /u/{int:x} are one shape. The first one stays;
// [Router.Add] reports the later one with both routes' patterns and sources. Add takes any number of
// routes and adds all or none, which makes the routes of a group, or of a source file, a unit.
//
// # Cost
//
// Routes lie in a tree with a level per segment: text is found in a map, parameters in a short list
// by specificity. A lookup therefore takes as long with 10,000 routes as with 10, unless many regular
// expressions or mixed segments stand at the same place, which are tried one after the other. It
// visits no place of the tree twice. It allocates nothing of its own, except to decode a path that holds
// a '%' (once, and once more for a {path:rest}), and for the fifth and further parameters of a Match
// that hasn't held as many before.
//
// Regular expressions are RE2's: linear in the segment, whatever a peer sends.
//
// # Ownership and concurrency
//
// Lookup, URL and Routes only read: any number of goroutines may call them at once, without any lock,
// as long as nobody calls Add. Add all routes before serving. (Copying the tree on each Add would
// make 10,000 routes cost 10,000 copies for the sake of changes that servers don't make; who needs
// them builds a new Router and swaps an atomic pointer.)
//
// A [Match] belongs to its caller and may be used again. Its texts are parts of the path given to
// Lookup and keep that string alive: [Match.Detach] cuts them loose. A [Group] is data and belongs to
// whoever fills it; a [Binder] never changes and may be used by all.
package router
