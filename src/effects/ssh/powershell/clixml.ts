const HEADER = '#< CLIXML';

/** PowerShell may write its errors as XML; the words in it, or the text as it is. */
export function plainErrors(text: string): string {
  const normal = text.replaceAll('\r\n', '\n');
  const at = normal.indexOf(HEADER);
  if (at < 0) return normal;
  const errors = [...normal.slice(at).matchAll(/<S S="Error">([^]*?)<\/S>/g)].map(([, inner = '']) => decoded(inner));
  return normal.slice(0, at) + errors.join('');
}

function decoded(text: string): string {
  return text
    .replaceAll('_x000D__x000A_', '\n')
    .replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
