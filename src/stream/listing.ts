/**
 * carry: the one data path. A canonical sorted listing of entries, the changes between two listings, the content
 * stream of what changed.
 *
 * Rules of this folder:
 * - no service knowledge; what is carried is told by a predicate;
 * - every name from a server is hostile;
 * - nothing is taken as unchanged that could have changed; nothing torn is called good;
 * - memory does not grow with the content, and with the number of entries only where a comment says so.
 */
export {};
