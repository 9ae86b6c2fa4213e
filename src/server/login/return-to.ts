/** Where to go after signing in: a page of ours, or the first one. Nothing a link can say leads anywhere else. */
export function returnToOf(wanted: string | undefined, publicUrl: string): string {
  // A backslash is a slash to browsers, and control characters are nothing to them.
  if (wanted === undefined || wanted.length > 500 || !/^\/(?![/\\])[\x21-\x5B\x5D-\x7E]*$/.test(wanted)) return '/';
  const base = new URL(publicUrl);
  const target = URL.canParse(wanted, base.href) ? new URL(wanted, base) : undefined;
  const isPage =
    target?.origin === base.origin && !target.pathname.startsWith('/login') && !target.pathname.startsWith('/v1/') && !target.pathname.startsWith('//');
  return isPage ? `${target.pathname}${target.search}` : '/';
}
