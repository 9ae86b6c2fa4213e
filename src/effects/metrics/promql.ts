/**
 * Fill a query's two places: `$window` becomes a length of time, `$labels` matchers whose values are escaped, so that a value is
 * always a value. Nothing else of the text is touched; Prometheus has no use for a dollar sign outside of strings.
 */
export function fillQuery(text: string, { labels, windowMs }: { readonly labels: { readonly [name: string]: string }; readonly windowMs: number }): string {
  const window = windowMs % 1_000 === 0 ? `${windowMs / 1_000}s` : `${windowMs}ms`;
  const matchers = Object.entries(labels)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(',');
  // A function, because a replacement text would give `$&` in a value a meaning; in one pass, because a value may say $window.
  return text.replaceAll(/\$(window|labels)\b/g, (_, place: string) => (place === 'window' ? window : matchers));
}

/** A PromQL string: the escapes of Go. */
function quoted(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
