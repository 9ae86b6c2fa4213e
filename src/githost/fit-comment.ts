const NOTE = '\n\n_The rest did not fit into a comment._';

/**
 * Cut a comment in Markdown to what a host takes: at the end of a line, closing the code block and the folds that the cut leaves open, and saying so.
 *
 * @param most UTF-16 code units, at least 200.
 */
export function fitComment(body: string, most: number): string {
  if (body.length <= most) return body;
  let end = most - NOTE.length;
  for (;;) {
    const line = body.lastIndexOf('\n', end);
    const kept = body.slice(0, line > 0 ? line : wholeCharacters(body, end));
    const cut = `${kept}${closing(kept)}${NOTE}`;
    if (cut.length <= most) return cut;
    end = kept.length - Math.max(1, cut.length - most);
  }
}

/** Not in the middle of a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return code >= 0xd8_00 && code <= 0xdb_ff ? end - 1 : end;
}

/** What must follow so that the note stands outside of every block. */
function closing(text: string): string {
  let fence = '';
  let folds = 0;
  for (const line of text.split('\n')) {
    const ticks = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence === '') {
      fence = ticks;
      folds += occurrences(line, '<details') - occurrences(line, '</details>');
    } else if (ticks.startsWith(fence) && line.trim() === ticks) fence = '';
  }
  return `${fence === '' ? '' : `\n${fence}`}${'\n\n</details>'.repeat(Math.max(0, folds))}`;
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
